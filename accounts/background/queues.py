"""The queues of tasks, and how a task is put into one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django_tasks.base import Task

URGENT_MAIL = "urgent-mail"
BULK_MAIL = "bulk-mail"  # thousands of invitations; somebody who forgot a password must not wait behind them
OTHER = "default"
# Threads of a worker for each. Two for urgent mail: one mail that hangs must not hold up the others.
THREADS = {URGENT_MAIL: 2, BULK_MAIL: 1, OTHER: 1}


def enqueue(task: Task, *args: Any, queue: str = OTHER, after: datetime | None = None) -> str:
    """Store the task in the transaction of the caller: it is run, once at least, if and only if that is committed.

    ``after``: the earliest time. Tasks are run in the order of that time, so it is always set: django-tasks-db puts
    tasks without one behind those that have one. Returns the id of the task.
    """
    return str(task.using(queue_name=queue, run_after=after or timezone.now()).enqueue(*args).id)
