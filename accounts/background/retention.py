"""How long tasks are kept."""

from __future__ import annotations

from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import limits


def purge() -> int:
    """Delete tasks that ended long ago. Returns their number."""
    return DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - limits.TASK_KEPT).delete()[0]
