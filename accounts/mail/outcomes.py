"""What the mail server answered to each message, for what must show it: a command, a page, a line of a list.

A page for strangers never asks: whether a mail was sent would tell whether the address is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Condition

from accounts.unicode_text import without_control_characters

LONGEST_REFUSAL = 200  # characters
# Some servers quote what they refuse: an address of a page, or a token of one, must not end up in a list or a log.
_LINKS_AND_TOKENS = re.compile(r"\S*(?:://|www\.)\S*|[\w:+/=-]{25,}")


@dataclass(frozen=True)
class Outcome:
    """``refusal``: the answer of the mail server on one line, without links; empty when it took the message."""

    to: str
    refusal: str = ""


@dataclass
class Outcomes:
    """The outcomes of the messages that were sent in a block of `collect`."""

    found: list[Outcome] = field(default_factory=list)
    _pending: int = 0
    _changed: Condition = field(default_factory=Condition)

    def expect(self) -> None:
        with self._changed:
            self._pending += 1

    def add(self, outcome: Outcome) -> None:
        with self._changed:
            self._pending -= 1
            self.found.append(outcome)
            self._changed.notify_all()

    def wait(self, seconds: float | None = None) -> int:
        """Wait until every message has an outcome, at most so long; returns how many have none yet."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pending, seconds)
            return self._pending

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
