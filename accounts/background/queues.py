"""The queues of tasks, and how a task is put into one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models.functions import Now
from django_tasks import TaskResultStatus
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

URGENT_MAIL = "urgent-mail"
BULK_MAIL = "bulk-mail"  # thousands of invitations; somebody who forgot a password must not wait behind them
OTHER = "default"
# Threads of a worker for each. Two for urgent mail: one mail that hangs must not hold up the others.
THREADS = {URGENT_MAIL: 2, BULK_MAIL: 1, OTHER: 1}


def enqueue(task: Task, *args: Any, queue: str = OTHER, after: datetime | None = None) -> str:
    """Store the task in the transaction of the caller: it is run, once at least, if and only if that is committed.

    ``after``: the earliest time; tasks are run in the order of that time. Returns the id of the task.
    """
    return str(task.using(queue_name=queue, run_after=after).enqueue(*args).id)


def enqueue_now(task: Task, *args: Any, queue: str = OTHER) -> None:
    """As `enqueue`, but one that is stored for later is brought forward, and one that runs is left alone, so that the
    same thing is not done twice at once. The caller holds a lock that only one holds for these arguments."""
    same = DBTaskResult.objects.filter(task_path=task.module_path, args_kwargs={"args": list(args), "kwargs": {}})
    brought_forward = same.filter(status=TaskResultStatus.READY).update(run_after=Now())
    if not brought_forward and not same.running().exists():
        enqueue(task, *args, queue=queue)
