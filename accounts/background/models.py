from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone


class WorkerQuerySet(models.QuerySet["Worker"]):
    def seen_within(self, time: timedelta) -> WorkerQuerySet:
        """By the clock of the database, as `seen_at` is: clocks of machines differ, and a worker that seems lost has
        its tasks begun anew beside it."""
        return self.filter(seen_at__gte=Now() - time)


class Worker(models.Model):
    """A worker process that runs, or ended without saying so. Its tasks are taken over when it was not seen for
    `limits.TASK_WORKER_LOST`."""

    name = models.CharField(max_length=64, primary_key=True)  # as in `worker_ids` of its tasks
    host = models.CharField(max_length=255)
    process = models.PositiveIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    objects = WorkerQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class PeriodicJob(models.Model):
    """When a job of `accounts.background.schedule` is due. One row for all workers: who moves it on runs the job."""

    name = models.CharField(max_length=100, primary_key=True)
    next_run_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
