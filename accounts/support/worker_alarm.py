"""Alarm when one worker helps too many people: a mistake, or somebody else uses that account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
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


def record_limit_reached(
    worker: User, number: int, origin: Origin, *, period: timedelta = limits.WORKER_RESETS_PERIOD
) -> None:
    """Record and mail that this worker reached the limit, once in a period. ``number``: the limit. Call while the
    worker's row is locked."""
    since = timezone.now() - period
    if AuditEntry.objects.filter(actor=worker, event=Event.WORKER_STOPPED, at__gt=since).exists():
        return
    entry = record(Event.WORKER_STOPPED, subject=worker, origin=origin, detail={"number": number})
    hours = int(period.total_seconds()) // 3600
    facts: dict[str, Any] = {"worker": worker, "number": number, "hours": hours}
    facts |= {"at": timezone.localtime(entry.at), "address": settings.PUBLIC_URL + reverse("audit_activity")}
    for recipient in alarm_recipients():
        sending.send("worker_stopped", recipient, **facts)
