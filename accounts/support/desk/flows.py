from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User


def look_up(subject: User, worker: User, origin: Origin) -> None:
    """Record that this worker looks at this account: once in `limits.LOOKED_UP_AGAIN`, whatever runs in parallel."""
    if _was_recorded(subject, worker):
        return  # without a lock: this is a page that workers reload
    with transaction.atomic():
        User.objects.select_for_update().get(pk=worker.pk)
        if not _was_recorded(subject, worker):
            record(Event.PERSON_LOOKED_UP, subject=subject, actor=worker, origin=origin)


def _was_recorded(subject: User, worker: User) -> bool:
    since = timezone.now() - limits.LOOKED_UP_AGAIN
    mine = AuditEntry.objects.filter(actor=worker, subject=subject, event=Event.PERSON_LOOKED_UP)
    return mine.filter(at__gt=since).exists()
