"""What the mail server answered to each message, for what must show it: a command, a page, a line of a list.

A page for strangers never asks: whether a mail was sent would tell whether the address is known.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext

from accounts.background import running
from accounts.mail.models import OutgoingMail, State
from accounts.unicode_text import without_control_characters

LONGEST_REFUSAL = 200  # characters
POLL = 0.1  # seconds
SENT_BY_WORKER = 20  # seconds that a command waits for a mail that a worker took meanwhile
# Some servers quote what they refuse: an address of a page, or a token of one, must not end up in a list or a log.
_LINKS_AND_TOKENS = re.compile(r"\S*(?:://|www\.)\S*|[\w:+/=-]{25,}")


class Outcome(NamedTuple):
    """``refusal``: the answer of the mail server on one line, without links; empty when it took the message.
    ``is_final``: no further try follows."""

    to: str
    refusal: str = ""
    is_final: bool = True


@dataclass
class Outcomes:
    """The outcomes of the messages that were sent in a block of `collect`."""

    found: list[Outcome] = field(default_factory=list)
    mails: list[int] = field(default_factory=list)  # their numbers
    _tasks: list[str] = field(default_factory=list)

    def note(self, mail_id: int, task_id: str) -> None:
        self.mails.append(mail_id)
        self._tasks.append(task_id)

    def wait(self, seconds: float | None = None) -> int:
        """Wait until each message was tried, at most so long; returns how many were not. Without a time, for a command,
        this process sends them itself: a worker need not run."""
        if seconds is None or settings.TASKS_IN_PROCESS:
            running.run(self._tasks)
        until = time.monotonic() + (SENT_BY_WORKER if seconds is None else seconds)
        while (left := self._look()) and time.monotonic() < until and not settings.TASKS_IN_PROCESS:
            time.sleep(POLL)
        return left

    def _look(self) -> int:
        mails = OutgoingMail.objects.filter(pk__in=self.mails).exclude(state=State.WAITING, tries=0).order_by("pk")
        self.found = [outcome_of(mail) for mail in mails.defer("content")]
        return len(self.mails) - len(self.found)

    @property
    def refused(self) -> list[Outcome]:
        return [outcome for outcome in self.found if outcome.refusal]


_collecting: ContextVar[Outcomes | None] = ContextVar("outcomes", default=None)


@contextmanager
def collect() -> Iterator[Outcomes]:
    """Collect the outcomes of the messages that are sent in this block."""
    outcomes = Outcomes()
    before = _collecting.set(outcomes)
    try:
        yield outcomes
    finally:
        _collecting.reset(before)


def current() -> Outcomes | None:
    return _collecting.get()


def outcome_of(mail: OutgoingMail) -> Outcome:
    """What became of a mail that was tried."""
    if mail.state == State.EXPIRED:
        return Outcome(mail.to, mail.answer or gettext("its link expired before the mail server took it"))
    return Outcome(mail.to, mail.answer, is_final=mail.state != State.WAITING)


def describe(refused: list[Outcome]) -> str:
    """For a command: to whom no mail could be sent, and why; empty when there is nobody."""
    if not refused:
        return ""
    recipients = "; ".join(f"{outcome.to} ({outcome.refusal})" for outcome in refused)
    return f"{len(refused)} mail{'s' * (len(refused) > 1)} could not be sent: {recipients}"


def refusal_of(error: Exception) -> str:
    """What the server answered, or why there was no answer, on one line that can be shown."""
    # The attributes of smtplib's exceptions: an answer to one address, or to the whole message.
    code: object = getattr(error, "smtp_code", "")
    text: object = getattr(error, "smtp_error", "") or str(error) or type(error).__name__
    if recipients := getattr(error, "recipients", None):
        code, text = next(iter(recipients.values()))
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    answer = without_control_characters(_LINKS_AND_TOKENS.sub("…", f"{code} {words}".strip()))
    return answer[:LONGEST_REFUSAL] or type(error).__name__
