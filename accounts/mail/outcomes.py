"""What the mail server said to each message, for whoever must tell it: a command, a page, a line of a list.

A page for strangers never asks: whether a mail was sent would tell whether the address is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Condition

from accounts.audit.origin import one_line

ANSWER_LONGEST = 200  # characters
# Some servers quote what they refuse: an address of a page, or a token of one, must not end up in a list or a log.
_LINKS = re.compile(r"\S*(?:://|www\.)\S*|[\w:+/=-]{25,}")


@dataclass(frozen=True)
class Outcome:
    """``refusal``: the answer of the mail server on one line, without links; empty when it took the message."""

    to: str
    refusal: str = ""


@dataclass
class Outcomes:
    """The outcomes of the messages that were sent in a block of `collect`."""

    found: list[Outcome] = field(default_factory=list)
    _under_way: int = 0
    _changed: Condition = field(default_factory=Condition)

    def expect(self) -> None:
        with self._changed:
            self._under_way += 1

    def add(self, outcome: Outcome) -> None:
        with self._changed:
            self._under_way -= 1
            self.found.append(outcome)
            self._changed.notify_all()

    def wait(self, seconds: float | None = None) -> int:
        """Until every message that left has an outcome, or so long; how many have none yet."""
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, seconds)
            return self._under_way

    @property
    def refused(self) -> list[Outcome]:
        return [one for one in self.found if one.refusal]


_collecting: ContextVar[Outcomes | None] = ContextVar("outcomes", default=None)


@contextmanager
def collect() -> Iterator[Outcomes]:
    outcomes = Outcomes()
    before = _collecting.set(outcomes)
    try:
        yield outcomes
    finally:
        _collecting.reset(before)


def current() -> Outcomes | None:
    return _collecting.get()


def in_words(refused: list[Outcome]) -> str:
    """For a command: whom no mail could be sent to, and why; empty when there is nobody."""
    if not refused:
        return ""
    who = "; ".join(f"{one.to} ({one.refusal})" for one in refused)
    return f"{len(refused)} mail{'s' * (len(refused) > 1)} could not be sent: {who}"


def answer_of(mistake: Exception) -> str:
    """What the server answered, or why there was no answer, on one line that can be shown."""
    # The attributes of smtplib's exceptions: an answer to one address, or to the whole message.
    code: object = getattr(mistake, "smtp_code", "")
    text: object = getattr(mistake, "smtp_error", "") or str(mistake) or type(mistake).__name__
    if recipients := getattr(mistake, "recipients", None):
        code, text = next(iter(recipients.values()))
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return one_line(_LINKS.sub("…", f"{code} {words}".strip()))[:ANSWER_LONGEST] or type(mistake).__name__
