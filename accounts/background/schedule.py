"""Jobs that run every hour or every day, without a timer of the system: once among all workers.

A job is a management command without arguments, which can be run by hand as well. A run that was missed while no worker
was there is made up for once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from io import StringIO

from django.core.exceptions import SuspiciousOperation
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from accounts.background import queues
from accounts.background.models import PeriodicJob

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """``at``: the time of the day, in `settings.TIME_ZONE`, of a daily job; without one it runs every hour."""

    command: str
    at: time | None = None

    def after(self, now: datetime) -> datetime:
        """When the next run is due."""
        if self.at is None:
            return now + timedelta(hours=1)
        local = timezone.localtime(now)
        today = timezone.make_aware(datetime.combine(local.date(), self.at))
        return (
            today if today > now else timezone.make_aware(datetime.combine(local.date() + timedelta(days=1), self.at))
        )


# In the morning, when people read their mail and somebody is at work who sees a failure.
JOBS = (Job("purge"), Job("send_reminders", time(7)), Job("warn_expiring_secrets", time(7)))


def enqueue_due() -> list[str]:
    """Enqueue the jobs that are due. Returns their names."""
    now = timezone.now()
    planned = dict(PeriodicJob.objects.values_list("name", "next_run_at"))
    due = [job for job in JOBS if planned.get(job.command, now) <= now]
    return [job.command for job in due if _enqueue(job, now)]


@transaction.atomic
def _enqueue(job: Job, now: datetime) -> bool:
    """False when another worker was first: its update left no row that is due."""
    PeriodicJob.objects.get_or_create(name=job.command, defaults={"next_run_at": now})
    if PeriodicJob.objects.filter(name=job.command, next_run_at__lte=now).update(next_run_at=job.after(now)) != 1:
        return False
    queues.enqueue(run_command, job.command)
    return True


@task(queue_name=queues.OTHER)
def run_command(name: str) -> None:
    """Raises CommandError when the command ends with status 1; the task then counts as failed. SuspiciousOperation for
    any command that is not one of ours: who can write rows of tasks must not run what they like."""
    if name not in {job.command for job in JOBS}:
        raise SuspiciousOperation(f"{name} is not one of the jobs")
    said = StringIO()
    call_command(name, stdout=said)
    log.info("%s: %s", name, said.getvalue().strip())
