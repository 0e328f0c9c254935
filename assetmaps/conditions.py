"""What `/readyz` warns of and does not refuse for: faults that every machine shares, or that this one can live with.

Taking a machine out of service helps against none of them: the cache, the mail server and the process of background
tasks are the same for all, and a wrong source of time would take all out at once. Each is looked at in a thread of its
own, with a database connection of its own, so that none of them makes `/readyz` slow.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Max, Min
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import limits
from accounts.background.models import Worker
from accounts.mail.models import OutgoingMail, State
from assetmaps import clock, logs

log = logging.getLogger(__name__)
CLOCK = "the clock of this machine is {:.0f} s {} that of {}; codes of authenticator apps are refused. Let NTP set it."


@dataclass(frozen=True)
class Condition:
    """``warning``: what is wrong, a sentence for the operator; empty when nothing is. ``facts``: numbers about it; None
    when one is not known."""

    warning: str = ""
    facts: Mapping[str, float | None] = field(default_factory=dict)


Check = Callable[[], Condition]


class Conditions:
    """What one process found, at most `limits.WARNINGS_KEPT` ago; its threads share it."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._thread = threading.Thread()  # not started
        self._started_at = float("-inf")
        self._found: dict[str, Condition] = {}

    def found(self, wait: float = 0) -> dict[str, Condition]:
        """By name of the check; what is older is looked at again meanwhile. ``wait``: at most so many seconds for what
        is new."""
        with self._lock:
            due = time.monotonic() - self._started_at >= limits.WARNINGS_KEPT.total_seconds()
            if due and not self._thread.is_alive():
                self._started_at = time.monotonic()
                self._thread = threading.Thread(target=self._look, name="conditions", daemon=True)
                self._thread.start()
            thread = self._thread
        if wait and thread.is_alive():
            thread.join(wait)
        return self._found

    def _look(self) -> None:
        try:
            for name, check in self._checks.items():
                condition = _judged(check)
                self._found = self._found | {name: condition}  # at once: the next may take long
                if condition.warning and logs.is_due(f"warning: {name}"):
                    log.error("%s: %s", name, condition.warning)
        finally:
            connection.close()


def _judged(check: Check) -> Condition:
    try:
        return check()
    except Exception as mistake:  # the others are looked at all the same
        return Condition(f"could not be looked at: {type(mistake).__name__}")


def shared_cache() -> Condition:
    answers = getattr(cache, "answers", None)  # the memory of a process always does
    if answers is None or answers():
        return Condition()
    return Condition("the cache does not answer; limits count for each process by itself.")


def clocks() -> Condition:
    facts = {"ahead_of_database": clock.ahead_of_database(), "ahead_of_outside": clock.OUTSIDE.ahead()}
    for other, seconds in zip(("the database", "CLOCK_URL"), facts.values(), strict=True):
        if seconds is not None and abs(seconds) > limits.CLOCK_OFF.total_seconds():
            return Condition(CLOCK.format(abs(seconds), "ahead of" if seconds > 0 else "behind", other), facts)
    return Condition("", facts)


class WorkerCheck:
    """Whether a worker says that it is there. Its clock may be wrong, so what counts is that its time moves on."""

    def __init__(self) -> None:
        self._newest: datetime | None = None
        self._changed_at = time.monotonic()

    def __call__(self) -> Condition:
        newest = Worker.objects.aggregate(newest=Max("seen_at"))["newest"]
        if newest is not None and newest != self._newest:
            self._newest, self._changed_at = newest, time.monotonic()
        away = time.monotonic() - self._changed_at
        due = DBTaskResult.objects.ready().aggregate(number=Count("pk"), oldest=Min("run_after"))
        facts = {"seen_seconds_ago": away, "tasks_waiting": due["number"], "tasks_oldest_seconds": _age(due["oldest"])}
        warning = f"no worker was seen for {away:.0f} s; mail, lists and hourly jobs wait for one."
        return Condition(warning if away > limits.TASK_WORKER_AWAY.total_seconds() else "", facts)


def mail() -> Condition:
    """One that was never tried means that no worker does, several that were tried that the mail server takes none."""
    now = timezone.now()
    unsent = OutgoingMail.objects.exclude(state=State.SENT).filter(deliver=True)
    waiting = unsent.filter(state=State.WAITING)
    found = waiting.aggregate(number=Count("pk"), oldest=Min("created_at"))
    failed = unsent.filter(state__in=(State.REFUSED, State.GIVEN_UP), ended_at__gt=now - FAILED_IN).count()
    facts = {"waiting": found["number"], "oldest_seconds": _age(found["oldest"]), "failed_last_day": failed}
    late = waiting.filter(in_bulk=False, created_at__lt=now - limits.MAIL_LATE)
    if not late.exists() or (not late.filter(tries=0).exists() and _some_mail_is_sent(now)):
        return Condition("", facts)
    return Condition(f"{found['number']} mails wait, the oldest for {facts['oldest_seconds']:.0f} s.", facts)


def _some_mail_is_sent(now: datetime) -> bool:
    lately = now - limits.MAIL_LATE
    return OutgoingMail.objects.filter(state=State.SENT, created_at__gt=lately, ended_at__gt=lately).exists()


def _age(moment: datetime | None) -> float:
    """Seconds; 0 when there is none."""
    return max(0.0, (timezone.now() - moment).total_seconds()) if moment else 0.0


FAILED_IN = timedelta(days=1)
# The clock last: another machine may take its time to answer.
CHECKS: dict[str, Check] = {"cache": shared_cache, "worker": WorkerCheck(), "mail": mail, "clock": clocks}
PROCESS = Conditions(CHECKS)
