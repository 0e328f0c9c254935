"""The tasks of the worker, run by a test: in its own thread and at once."""

from __future__ import annotations

from django.db.models import Q

from accounts.background import running


def run_tasks() -> None:
    """Run every task that is ready, and those that they enqueue, as the worker does."""
    running.Runner("a test").run(Q())
