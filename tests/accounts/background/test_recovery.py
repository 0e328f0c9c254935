"""Tasks of lost workers, and jobs at intervals."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts import limits
from accounts.background import recovery, running, schedule
from accounts.background.models import PeriodicJob, Worker
from accounts.background.schedule import Job
from tests.background import run_tasks
from tests.pages import at_once

pytestmark = pytest.mark.django_db


def claimed_by(name: str) -> DBTaskResult:
    schedule.queues.enqueue(schedule.run_command, "purge")
    task = DBTaskResult.objects.get()
    task.claim(f"{name}/default-0")
    return task


def test_task_of_a_worker_that_is_seen_is_left_alone_and_begun_anew_when_it_is_lost() -> None:
    running.heartbeat("een")
    running.heartbeat("twee")
    task = claimed_by("een")
    assert recovery.recover() == 0
    Worker.objects.update(seen_at=timezone.now() - limits.TASK_WORKER_LOST + timedelta(seconds=10))
    assert recovery.recover() == 0
    Worker.objects.update(seen_at=timezone.now() - limits.TASK_WORKER_LOST - timedelta(seconds=1))
    running.heartbeat("twee")
    assert recovery.recover() == 1
    assert list(Worker.objects.values_list("name", flat=True)) == ["twee"]
    task.refresh_from_db()
    assert task.status == TaskResultStatus.READY
    run_tasks()
    task.refresh_from_db()
    assert task.status == TaskResultStatus.SUCCESSFUL


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_machine_whose_clock_is_wrong_takes_no_tasks_of_others_and_loses_none(ahead: timedelta) -> None:
    running.heartbeat("een")
    claimed_by("een")
    with time_machine.travel(timezone.now() + ahead):
        running.heartbeat("twee")
        assert recovery.recover() == 0
    assert recovery.recover() == 0
    assert Worker.objects.count() == 2


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(minutes=-5)])
@pytest.mark.parametrize("whose", ["web", "worker"])
def test_task_is_run_at_once_though_the_clock_of_a_machine_is_wrong(whose: str, ahead: timedelta) -> None:
    wrong = {whose: ahead}
    with time_machine.travel(timezone.now() + wrong.get("web", timedelta())):
        schedule.queues.enqueue(schedule.run_command, "purge")
    with time_machine.travel(timezone.now() + wrong.get("worker", timedelta())):
        run_tasks()
    assert DBTaskResult.objects.get().status == TaskResultStatus.SUCCESSFUL


def test_task_for_later_waits_for_its_time() -> None:
    schedule.queues.enqueue(schedule.run_command, "purge", after=timezone.now() + timedelta(minutes=1))
    run_tasks()
    assert DBTaskResult.objects.get().status == TaskResultStatus.READY


def test_thread_that_was_interrupted_gives_its_own_task_back_and_no_other() -> None:
    running.heartbeat("een")
    claimed_by("een")
    assert recovery.release_tasks_of("een/default-1") == 0
    assert recovery.release_tasks_of("een/default-0") == 1


def test_task_that_ends_every_worker_is_given_up_with_an_alarm(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(limits.TASK_TRIES - 1):
        task = DBTaskResult.objects.first() or claimed_by("weg")
        if task.status == TaskResultStatus.READY:
            task.claim("weg/default-0")
        assert recovery.recover() == 1
        assert DBTaskResult.objects.get().status == TaskResultStatus.READY
    DBTaskResult.objects.get().claim("weg/default-0")
    recovery.recover()
    assert DBTaskResult.objects.get().status == TaskResultStatus.FAILED
    assert [record.levelname for record in caplog.records].count("CRITICAL") == 1


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-28 06:00", "2026-03-28 07:00"),
        ("2026-03-28 07:00", "2026-03-29 07:00"),  # the clocks go forward: 23 hours later
        ("2026-10-24 09:00", "2026-10-25 07:00"),
    ],
)
def test_daily_job_keeps_its_hour(now: str, due: str) -> None:
    moments = [timezone.make_aware(datetime.fromisoformat(text)) for text in (now, due)]
    assert Job("x", time(7)).after(moments[0]) == moments[1]


def test_missed_runs_are_made_up_for_once() -> None:
    names = [job.command for job in schedule.JOBS]
    assert schedule.enqueue_due() == names
    assert schedule.enqueue_due() == []
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        assert schedule.enqueue_due() == names
        assert schedule.enqueue_due() == []
        later = PeriodicJob.objects.get(name="purge").next_run_at
        assert later > timezone.now()


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_runs_a_job() -> None:
    found = at_once([schedule.enqueue_due] * 4)
    assert sorted(name for names in found for name in names) == sorted(job.command for job in schedule.JOBS)
