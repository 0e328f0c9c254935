"""Changes made through a mailbox that no second factor has vouched for since: a password, another address, or a report
"this was not me".

Read from the trail, which every such flow writes anyway; a flag on the account could be forgotten by one of them.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import ADDRESS_CHANGES, AuditEntry
from accounts.models import User

BY_MAIL = Q(event=Event.PASSWORD_CHANGED, detail__way="mailed link")
MOVED = Q(event__in=ADDRESS_CHANGES)
_REPORTED = Q(event=Event.REPORTED_NOT_ME)
_PROOF = Q(event=Event.SIGNED_IN, succeeded=True, detail__factor__in=("totp", "passkey", "recovery_code"))
_FACTOR = Q(event__in=(Event.SECOND_STEP_ACTIVATED, Event.PASSKEY_ADDED)) | _PROOF


def changes(subject: User) -> list[AuditEntry]:
    """Oldest first. Proof is a later sign-in with a second factor that was there before the change, because whoever
    made the change may have linked one since; or with one that was linked `limits.NOT_ME_LINK` before: so long its mail
    undoes that, also at the earlier address.

    Entries of earlier versions do not say what was shown; those sign-ins count.
    """
    mine = AuditEntry.objects.filter(subject=subject).order_by("-pk")
    found = list(mine.filter(BY_MAIL | MOVED | _REPORTED))
    if not found:
        return []
    last: dict[int, tuple[int, datetime]] = {}  # of each second factor the last sign-in
    for pk, at, detail in mine.filter(_PROOF, pk__gt=found[-1].pk).values_list("pk", "at", "detail"):
        last.setdefault(int(detail.get("linked") or 0), (pk, at))
    linked_at = dict(AuditEntry.objects.filter(pk__in=last).values_list("pk", "at"))
    proved = [
        (linked if linked in linked_at and at < linked_at[linked] + limits.NOT_ME_LINK else 0, pk)
        for linked, (pk, at) in last.items()
    ]
    return [one for one in reversed(found) if not any(begin < one.pk < end for begin, end in proved)]


def former_addresses(subject: User) -> list[str]:
    """The earlier addresses in these changes, oldest first, `limits.FORMER_ADDRESSES` at most: they are told of
    everything that opens the account or is done to it meanwhile. Where there was no second factor there is nothing to
    prove it with; then for `limits.WARNING_PERIOD`."""
    if not AuditEntry.objects.filter(MOVED, subject=subject).exists():
        return []  # nearly everybody, after one statement
    since = timezone.now() - limits.WARNING_PERIOD
    known = {subject.email.casefold(): ""}
    for entry in changes(subject):
        before = str(entry.detail.get("before", ""))
        if before and (entry.at > since or _had_factor(subject, entry)):
            known.setdefault(before.casefold(), before)
    return [address for address in known.values() if address][: limits.FORMER_ADDRESSES]


def _had_factor(subject: User, entry: AuditEntry) -> bool:
    return AuditEntry.objects.filter(_FACTOR, subject=subject, succeeded=True, pk__lt=entry.pk).exists()
