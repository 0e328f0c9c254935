"""What the page of the queue shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from accounts import limits
from accounts.audit import mail_names
from accounts.background import queues
from accounts.background.models import Worker
from accounts.mail.models import NOT_SENT, OutgoingMail, State

QUEUES = {
    queues.URGENT_MAIL: _("Mail to one person"),
    queues.BULK_MAIL: _("Mail of lists and reminders"),
    queues.OTHER: _("Lists of people, and jobs of every hour and day"),
}


@dataclass(frozen=True)
class Queue:
    """``oldest``: since when the first task that could run now waits; None when there is none."""

    name: str | Promise
    ready: int
    running: int
    later: int
    oldest: datetime | None


def workers() -> list[Worker]:
    """Those that were seen just now."""
    return list(Worker.objects.seen_within(limits.TASK_WORKER_LOST).order_by("started_at"))


def waiting() -> list[Queue]:
    """Every queue, also an empty one."""
    due = Q(status="READY", run_after__lte=timezone.now())
    found = DBTaskResult.objects.filter(status__in=["READY", "RUNNING"]).order_by().values("queue_name")
    numbers = found.annotate(
        ready=Count("pk", filter=due),
        running=Count("pk", filter=Q(status="RUNNING")),
        all=Count("pk"),
        oldest=Min("run_after", filter=due),
    )
    by_name = {row["queue_name"]: row for row in numbers}
    return [_queue(label, by_name.get(name)) for name, label in QUEUES.items()]


def _queue(label: str | Promise, row: Any) -> Queue:
    if row is None:
        return Queue(label, 0, 0, 0, None)
    return Queue(label, row["ready"], row["running"], row["all"] - row["ready"] - row["running"], row["oldest"])


def mails() -> list[tuple[OutgoingMail, str]]:
    """The newest that were not sent, and those that were tried and wait; with what each is about."""
    troubled = Q(state__in=NOT_SENT) | Q(state=State.WAITING, tries__gt=0)
    found = OutgoingMail.objects.filter(troubled, deliver=True)[: limits.QUEUE_SHOWN]
    return [(mail, mail_names.name_of(mail.template)) for mail in found]


@dataclass(frozen=True)
class GivenUp:
    """``number``: at most `limits.QUEUE_SHOWN` and one more, which shows that there are more; ``newest``: when."""

    number: int
    newest: datetime

    @property
    def most(self) -> int:
        return limits.QUEUE_SHOWN


def given_up() -> GivenUp | None:
    """The mails that were given up and can still be tried again; None when there is none."""
    now = timezone.now()
    usable = Q(expires_at=None) | Q(expires_at__gt=now)
    found = OutgoingMail.objects.filter(
        usable, state=State.GIVEN_UP, deliver=True, ended_at__gt=now - limits.MAIL_RETRY
    )
    ends = list(
        found.exclude(content=b"").order_by("-ended_at").values_list("ended_at", flat=True)[: limits.QUEUE_SHOWN + 1]
    )
    return GivenUp(len(ends), ends[0] or now) if ends else None


@dataclass(frozen=True)
class FailedTask:
    """``name``: of the function, with its arguments: the name of a command, the number of a list."""

    id: Any  # a UUID
    name: str
    at: datetime | None
    why: str


def failed_tasks() -> list[FailedTask]:
    """The newest. The kind of the fault only: its words could name people, and are in the log."""
    found = DBTaskResult.objects.failed().order_by("-finished_at")[: limits.QUEUE_SHOWN]
    return [FailedTask(task.pk, _name(task), task.finished_at, _last(task.exception_class_path)) for task in found]


def _name(task: DBTaskResult) -> str:
    return " ".join([_last(task.task_path), *map(str, task.args_kwargs["args"])])


def _last(path: str) -> str:
    return path.rpartition(".")[2]
