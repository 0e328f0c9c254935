from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.mail.alarm_recipients import alarm_recipients
from accounts.models import User


def look_up(subject: User, worker: User, origin: Origin) -> bool:
    """Record that this worker views this account, once in `limits.LOOKED_UP_AGAIN`, also under parallel requests. False
    when the worker reached `limits.LOOK_UPS`: then the page must not be shown."""
    if _was_recorded(subject, worker):
        return True  # without a lock, because workers reload this page
    with transaction.atomic():
        User.objects.select_for_update().get(pk=worker.pk)
        if _was_recorded(subject, worker):
            return True
        if _recent(worker, limits.LOOK_UPS_PERIOD).filter(succeeded=True).count() >= limits.LOOK_UPS:
            _alarm(subject, worker, origin)
            return False
        record(Event.PERSON_LOOKED_UP, subject=subject, actor=worker, origin=origin)
    return True


def _recent(worker: User, period: timedelta) -> QuerySet[AuditEntry]:
    since = timezone.now() - period
    return AuditEntry.objects.filter(actor=worker, event=Event.PERSON_LOOKED_UP, at__gt=since)


def _was_recorded(subject: User, worker: User) -> bool:
    return _recent(worker, limits.LOOKED_UP_AGAIN).filter(subject=subject, succeeded=True).exists()


def _alarm(subject: User, worker: User, origin: Origin) -> None:
    """Record and mail it, once in the period, so that a script fills neither the audit trail nor mailboxes."""
    if _recent(worker, limits.LOOK_UPS_PERIOD).filter(succeeded=False).exists():
        return
    detail: dict[str, str | int] = {"cause": "too_many_look_ups"}
    entry = record(Event.PERSON_LOOKED_UP, subject=subject, actor=worker, origin=origin, succeeded=False, detail=detail)
    at, address = timezone.localtime(entry.at), settings.PUBLIC_URL + reverse("audit_activity")
    for recipient in alarm_recipients():
        sending.send("many_look_ups", recipient, worker=worker, number=limits.LOOK_UPS, at=at, address=address)
