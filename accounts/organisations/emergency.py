"""Who hears what happens to the emergency account of an organisation: always somebody beside its owner."""

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
def tell_that_it_was_used(user: User, origin: Origin) -> None:
    """Its owner hears of it, and so does somebody else."""
    _tell_others(Event.EMERGENCY_SIGN_IN, user, origin)


@transaction.atomic
def tell_that_it_waits(user: User, origin: Origin) -> None:
    """Strangers made so many wrong attempts that the next one waits an hour, or none is judged; told once a day. Does
    nothing for other accounts."""
    since = timezone.now() - limits.DOOR_TOLD_AGAIN
    told = AuditEntry.objects.filter(subject=user, event=Event.EMERGENCY_WAITS, at__gt=since)
    if sign_in_policy.is_emergency(user) and not told.exists():
        _tell_others(Event.EMERGENCY_WAITS, user, origin)


def _tell_others(event: Event, user: User, origin: Origin) -> None:
    entry = record(event, subject=user, origin=origin)
    for other in sign_in_policy.must_hear(user.membership.organisation, besides=user):
        sending.send(entry.event, other, entry=entry, at=timezone.localtime(entry.at))
