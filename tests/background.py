"""The tasks of the worker, run by a test: in its own thread and at once."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.background import running


def run_tasks() -> None:
    """Run every task that is ready, and those that they enqueue, as the worker does."""
    running.Runner("a test").run(Q())


def send_waiting() -> None:
    """Send every mail that was not tried yet, also of a test that was in the future when it was composed."""
    first_tries = DBTaskResult.objects.filter(status="READY", run_after__lte=F("enqueued_at") + timedelta(seconds=1))
    first_tries.filter(run_after__gt=timezone.now()).update(run_after=timezone.now())
    run_tasks()
