"""Tasks of workers that were killed: made ready again, so that each is run once at least.

django-tasks-db leaves such a task running for ever.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db.models.functions import Now
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts import limits
from accounts.background.models import Worker

log = logging.getLogger(__name__)


THREAD = "/"  # between the name of a worker and that of its thread, in `worker_ids`


def recover() -> int:
    """Make the tasks of lost workers ready again. Returns their number. Any number of workers may call this."""
    now = timezone.now()
    # By its own column: PostgreSQL then judges a row anew that a late heartbeat has just changed.
    Worker.objects.filter(seen_at__lt=Now() - limits.TASK_WORKER_LOST).delete()
    alive = set(Worker.objects.values_list("name", flat=True))
    lost = [task for task in _running() if _runs(task).partition(THREAD)[0] not in alive]
    return sum(_release(task, now) for task in lost)


def release_tasks_of(worker_id: str) -> int:
    """The same for a thread that was interrupted and runs none now."""
    return sum(_release(task, timezone.now()) for task in _running() if _runs(task) == worker_id)


def _running() -> list[DBTaskResult]:
    return list(DBTaskResult.objects.running().only("id", "started_at", "worker_ids", "task_path"))


def _runs(task: DBTaskResult) -> str:
    """The thread that runs it."""
    return str(task.worker_ids[-1]) if task.worker_ids else ""


def _release(task: DBTaskResult, now: datetime) -> int:
    """Only as it was found: of two workers that see it, one does it, and the other could have begun the task anew."""
    same = DBTaskResult.objects.running().filter(pk=task.pk, started_at=task.started_at)
    if len(task.worker_ids) >= limits.TASK_TRIES:
        log.critical("task %s (%s) is given up: %d workers ended with it", task.pk, task.task_path, limits.TASK_TRIES)
        return same.update(status=TaskResultStatus.FAILED, finished_at=now, traceback="every worker that ran it ended")
    log.warning("task %s (%s) is run again: its worker is gone", task.pk, task.task_path)
    return same.update(status=TaskResultStatus.READY, started_at=None)
