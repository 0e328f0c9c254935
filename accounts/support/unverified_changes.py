"""Changes made through a mailbox since the second factor was used last: a password, another address, or a report "this
was not me".

As long as there are any, the reader of that mailbox may be somebody else, and a reset would let them in with the
mailbox alone: password and link both come from there.
"""

from __future__ import annotations

from django.utils import timezone

from accounts import limits
from accounts.audit import unproved
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery


def needs_second_factor(subject: User) -> bool:
    """Does the password alone not open this account? Also after a reset, until a new phone is linked."""
    return devices.has_confirmed_device(subject) or account_recovery.of(subject) is not None


def changes(subject: User) -> list[AuditEntry]:
    """`unproved.changes`: each new password by mail, each other address and each report since the last sign-in with a
    second factor that is older than a week, oldest first.

    Empty where the password alone opens the account: then there is no second factor to bypass.
    """
    found = unproved.changes(subject)
    return found if found and needs_second_factor(subject) else []


def recent(subject: User) -> list[AuditEntry]:
    """The changes of the last `limits.WARNING_PERIOD`, verified since or not, oldest first."""
    since = timezone.now() - limits.WARNING_PERIOD
    return list(
        AuditEntry.objects.filter(unproved.BY_MAIL | unproved.MOVED, subject=subject, at__gt=since).order_by("pk")
    )
