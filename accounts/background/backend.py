"""Where tasks are stored: django-tasks-db, with the time of the database for what is due at once."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now
from django.utils import timezone
from django_tasks.utils import normalize_json
from django_tasks_db import DatabaseBackend


class Backend(DatabaseBackend):
    """A task without a time is due now by the clock of the database, which all machines share: by that of a machine
    that is ahead every mail would wait. django-tasks-db puts such tasks behind all that have a time."""

    def _task_to_db_task(self, task: Any, args: Any, kwargs: Any) -> Any:
        if task.run_after is not None:
            return super()._task_to_db_task(task, args, kwargs)
        from django_tasks_db.models import DBTaskResult  # the settings name this module before models can be loaded

        stored = DBTaskResult.objects.create(
            id=self._get_id(),
            args_kwargs=normalize_json({"args": args, "kwargs": kwargs}),
            priority=task.priority,
            task_path=task.module_path,
            queue_name=task.queue_name,
            run_after=Now(),
            backend_name=self.alias,
        )
        stored.run_after = timezone.now()  # the library reads it, and cannot read an expression
        return stored
