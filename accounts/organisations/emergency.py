"""Notices about the emergency account of an organisation: they always reach somebody besides its owner."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.models import User
from accounts.organisations import sign_in_policy


@transaction.atomic
def notify_of_use(user: User, origin: Origin) -> None:
    """Record and mail to others that somebody signed in with the account."""
    _notify_others(Event.EMERGENCY_SIGN_IN, user, origin)


@transaction.atomic
def notify_of_wait(user: User, origin: Origin) -> None:
    """After wrong attempts by strangers the account has a long waiting time or is blocked; mailed once a day. Does
    nothing for other accounts."""
    since = timezone.now() - limits.ALERT_MAIL_INTERVAL
    told = AuditEntry.objects.filter(subject=user, event=Event.EMERGENCY_WAITS, at__gt=since)
    if sign_in_policy.is_emergency_account(user) and not told.exists():
        _notify_others(Event.EMERGENCY_WAITS, user, origin)


def _notify_others(event: Event, user: User, origin: Origin) -> None:
    entry = record(event, subject=user, origin=origin)
    for other in sign_in_policy.recipients(user.membership.organisation, besides=user):
        sending.send(entry.event, other, entry=entry, at=timezone.localtime(entry.at))
