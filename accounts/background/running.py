"""Running tasks: all that are ready in some queues, or a few by their ids.

The worker of django-tasks-db is loaded only where tasks are run.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django_tasks import DEFAULT_TASK_BACKEND_ALIAS, TaskResultStatus
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

from accounts.background.models import Worker

PART = 5  # tasks between two heartbeats: a silent mail server takes `limits.OUTSIDE_TIMEOUT` for each


def new_name() -> str:
    """Of a worker: unique, and short enough for `worker_ids` with the name of a thread behind it."""
    return f"{platform.node()[:20]}-{os.getpid()}-{time.time_ns() // 1_000_000}"


class Runner:
    """Claims tasks and runs them with the worker of django-tasks-db. Its own loop serves a whole process, locks the
    whole of SQLite to find out whether there is a task, and puts no queue before another."""

    def __init__(self, name: str) -> None:
        from django_tasks_db.management.commands.db_worker import Worker as LibraryWorker

        self.name = name
        self.is_stopped = False
        self._library = LibraryWorker(
            queue_names=[],
            interval=0,
            batch=True,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            startup_delay=False,
            max_tasks=None,
            worker_id=name,
            excluded_queue_names=[],
        )

    def run(self, chosen: Q) -> int:
        """Run those of these tasks that are ready, until none is left. Returns their number."""
        number = 0
        while not self.is_stopped and (task := self._claim(chosen)):
            self._library.run_task(task)
            number += 1
        return number

    def _claim(self, chosen: Q) -> DBTaskResult | None:
        # By either clock: one of a worker that is behind would leave every mail waiting.
        due = Q(run_after__lte=timezone.now()) | Q(run_after__lte=Now())
        ready = DBTaskResult.objects.filter(chosen, due, status=TaskResultStatus.READY)
        if not ready.exists():
            return None
        with exclusive_transaction():
            task = ready.get_locked()
            if task is not None:
                task.claim(self.name)
        return task


def heartbeat(name: str) -> None:
    """Say that this process runs tasks under that name."""
    if not Worker.objects.filter(name=name).update(seen_at=Now()):
        Worker.objects.create(name=name, host=platform.node()[:255], process=os.getpid(), seen_at=Now())


@contextmanager
def _as_worker() -> Iterator[str]:
    name = new_name()
    heartbeat(name)
    try:
        yield name
    finally:
        Worker.objects.filter(name=name).delete()


def run(task_ids: Sequence[str]) -> None:
    """Run these tasks now, as far as they are ready and nobody else does: for a command that must know the outcome."""
    if not task_ids:
        return
    with _as_worker() as name:
        runner = Runner(name)
        for start in range(0, len(task_ids), PART):
            runner.run(Q(pk__in=task_ids[start : start + PART]))
            heartbeat(name)
