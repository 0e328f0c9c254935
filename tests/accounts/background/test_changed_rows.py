"""Rows of tasks and mails come from the database: who can write there must not run any function they like."""

from __future__ import annotations

import pytest
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts.background import queues, schedule
from accounts.mail import sending
from assetmaps.mail_preview.examples import EXAMPLES
from tests.background import run_tasks
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_only_the_jobs_of_the_schedule_are_run_by_their_name() -> None:
    queues.enqueue(schedule.run_command, "showmigrations")
    run_tasks()
    task = DBTaskResult.objects.get()
    assert task.status == TaskResultStatus.FAILED
    assert task.exception_class_path.endswith("SuspiciousOperation")


called: list[object] = []


def no_task(*arguments: object) -> None:
    called.append(arguments)


def test_row_of_a_task_that_names_any_other_function_runs_nothing() -> None:
    queues.enqueue(schedule.run_command, "purge")
    DBTaskResult.objects.update(task_path=f"{__name__}.no_task")
    run_tasks()
    assert called == []
    assert DBTaskResult.objects.get().status == TaskResultStatus.FAILED


def test_the_outcome_of_a_mail_is_told_to_functions_that_the_settings_name(caplog: pytest.LogCaptureFixture) -> None:
    sending.send("help_asked", UserFactory(), on_outcome=("accounts.audit.chain.seal", 1), **EXAMPLES["help_asked"][0])
    run_tasks()
    assert "which MAIL_CALLBACKS does not name" in caplog.text
