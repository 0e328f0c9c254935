from __future__ import annotations

from django.db import models
from django.utils import timezone


class Worker(models.Model):
    """A worker process that runs, or ended without saying so. Its tasks are taken over when it was not seen for
    `limits.TASK_WORKER_LOST`."""

    name = models.CharField(max_length=64, primary_key=True)  # as in `worker_ids` of its tasks
    host = models.CharField(max_length=255)
    process = models.PositiveIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class PeriodicJob(models.Model):
    """When a job of `accounts.background.schedule` is due. One row for all workers: who moves it on runs the job."""

    name = models.CharField(max_length=100, primary_key=True)
    next_run_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
