"""Password spraying: an alarm when somebody tries a few passwords at many accounts.

Each account and each network stays below its own limit then, so only the sum shows it. It refuses nobody: a limit for
all together would let a stranger lock everybody out.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.urls import reverse
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry, Repetition
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.mail.alarm_recipients import alarm_recipients

log = logging.getLogger(__name__)
PERIOD = limits.NETWORK_PERIOD
REFUSED = (Event.PASSWORD_REFUSED, Event.CODE_REFUSED, Event.RECOVERY_CODE_REFUSED)


def record_refused(typed_address: str, origin: Origin) -> None:
    """An unknown browser was refused at this account; raises the alarm when that exceeds a limit in this hour.

    An account counts once, whoever tried it and however often.
    """
    hour = _hour()
    too_many = not rate_limits.consume("refused", hour, limit=limits.SPRAYING_REFUSALS - 1, period=PERIOD)
    if rate_limits.consume("refused-account", _account(typed_address, hour), limit=1, period=PERIOD):
        accounts = limits.SPRAYING_ACCOUNTS - 1
        too_many |= not rate_limits.consume("refused-accounts", hour, limit=accounts, period=PERIOD)
    if too_many and rate_limits.consume("spraying-alarm", hour, limit=1, period=PERIOD):
        _raise_alarm(origin)


def record_accepted(typed_address: str) -> None:
    """Whoever knows the password, or has the code, only mistyped before: this account does not count any more."""
    hour = _hour()
    if rate_limits.forget("refused-account", _account(typed_address, hour)):
        rate_limits.refund("refused-accounts", hour)


def _hour() -> str:
    return str(int(time.time()) // int(PERIOD.total_seconds()))


def _account(typed_address: str, hour: str) -> str:
    return f"{typed_address.strip().lower()} {hour}"


@transaction.atomic
def _raise_alarm(origin: Origin) -> None:
    since = timezone.now() - PERIOD
    if AuditEntry.objects.filter(event=Event.SPRAYING_SUSPECTED, at__gt=since).exists():
        return  # the counters are in a cache, which may have been emptied
    facts = _facts(since)
    log.error("many sign-ins are refused: %(refused)s in an hour, from %(networks)s addresses", facts)
    entry = record(Event.SPRAYING_SUSPECTED, subject=None, origin=Origin(reference=origin.reference), detail=facts)
    page = settings.PUBLIC_URL + reverse("audit_activity")
    context: dict[str, Any] = facts | {"at": timezone.localtime(entry.at), "hours": PERIOD // timedelta(hours=1)}
    for recipient in alarm_recipients():
        sending.send("spraying_suspected", recipient, address=page, **context)


def _facts(since: datetime) -> dict[str, str | int]:
    """Looked up once an alarm; addresses that nobody has are among the refused, not among the people."""
    entries = AuditEntry.objects.filter(event__in=REFUSED, succeeded=False, at__gt=since)
    counts = entries.aggregate(
        refused=Count("pk"), people=Count("subject", distinct=True), networks=Count("address", distinct=True)
    )
    # Those that have no entry of their own yet.
    gathered = Repetition.objects.filter(event__in=REFUSED, since__gt=since).aggregate(refused=Sum("gathered"))
    facts: dict[str, str | int] = {name: int(number) for name, number in counts.items()}
    return facts | {"refused": counts["refused"] + (gathered["refused"] or 0)}
