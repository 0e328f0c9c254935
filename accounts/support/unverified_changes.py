"""Changes made through a mailbox since the second factor was used last: a password, another address, or a report "this
was not me".

As long as there are any, the reader of that mailbox may be somebody else, and a reset would let them in with the
mailbox alone: password and link both come from there. Read from the audit trail, which is append-only and which every
such flow writes anyway; a flag on the account could be forgotten by one of them.
"""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import ADDRESS_CHANGES, AuditEntry
from accounts.models import User
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import Authenticator, Passkey, RecoveryCodeSet

_BY_MAIL = Q(event=Event.PASSWORD_CHANGED, detail__way="mailed link")
_MOVED = Q(event__in=ADDRESS_CHANGES)
_REPORTED = Q(event=Event.REPORTED_NOT_ME)
_FACTORS = (Authenticator.kind, Passkey.kind, RecoveryCodeSet.kind)
_PROVED = Q(event=Event.SIGNED_IN, succeeded=True, detail__factor__in=_FACTORS)


def needs_second_factor(subject: User) -> bool:
    """Does the password alone not open this account? Also after a reset, until a new phone is linked."""
    return devices.has_confirmed_device(subject) or account_recovery.of(subject) is not None


def changes(subject: User) -> list[AuditEntry]:
    """Each new password by mail, each other address and each report since the last sign-in with the second factor,
    oldest first.

    Empty where the password alone opens the account: then there is no second factor to bypass.
    """
    mine = AuditEntry.objects.filter(subject=subject).order_by("-pk")
    newest = mine.filter(_PROVED | _BY_MAIL | _MOVED | _REPORTED).first()
    if newest is None or newest.event == Event.SIGNED_IN or not needs_second_factor(subject):
        return []  # the usual case, after one query
    last = mine.filter(_PROVED).values_list("pk", flat=True).first() or 0
    return list(reversed(mine.filter(_BY_MAIL | _MOVED | _REPORTED, pk__gt=last)))


def recent(subject: User) -> list[AuditEntry]:
    """The changes of the last `limits.WARNING_PERIOD`, verified since or not, oldest first."""
    since = timezone.now() - limits.WARNING_PERIOD
    return list(AuditEntry.objects.filter(_BY_MAIL | _MOVED, subject=subject, at__gt=since).order_by("pk"))


def former_addresses(subject: User) -> list[str]:
    """The earlier addresses in these changes, oldest first, `limits.FORMER_ADDRESSES` at most; they are told of
    everything that is done to the account meanwhile."""
    known = {subject.email.casefold(): ""}
    for entry in changes(subject):
        before = str(entry.detail.get("before", ""))
        if before:
            known.setdefault(before.casefold(), before)
    return [address for address in known.values() if address][: limits.FORMER_ADDRESSES]
