"""The worst that somebody can send as a text, and whether the work that it makes grows faster than it does."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from functools import cache

import pytest

from accounts.unicode_text import MOST_MARKS

SMALL, LARGE = 8_000, 64_000  # characters
ENOUGH = 0.25  # seconds of processor time below which growth says nothing
FASTER = 24  # times as much work for eight times the size: linear makes 8 of it, quadratic 64


def repeated(begin: str, piece: str, end: str = "") -> Callable[[int], str]:
    return cache(lambda size: begin + piece * (size // len(piece)) + end)


WORST: dict[str, Callable[[int], str]] = {
    "marks": repeated("a", "\u0315\u0300"),
    "signs that hide a mark": repeated("a", "\uff9e\u0300"),
    "marks in an address": repeated("https://a", "\u0315\u0300"),
    "marks in a mail address": repeated("a@b", "\u0315\u0300", ".nl"),
    "letters": repeated("", "a"),
    "letters that grow": repeated("", "\ufdfa"),
    "digits": repeated("", "9"),
    "spaces": repeated("1", " ", "1"),
    "dashes": repeated("", "-"),
    "labels": repeated("a@", "a."),
    "a long international label": repeated("a@", "é", ".nl"),
    "at signs": repeated("", "@"),
    "brackets": repeated("", "<"),
    "quotes": repeated("", '"'),
    "backslashes": repeated('a="', "\\", '"'),
    "semicolons in quotes": repeated('text/html;a="', ";"),
    "deep json": repeated("", "["),
    "words": repeated("", "a "),
    "lines": repeated("", "a\n"),
    "zeros": repeated("1.", "0", "1"),
}


MOST_AT_ONCE = 3000  # marks in one text of a length that is allowed; sorting them takes some milliseconds


class Sorting:
    """Notes how many marks Python was given to sort at once, the worst of which it does in quadratic time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.most = 0
        self._original = unicodedata.normalize
        monkeypatch.setattr(unicodedata, "normalize", self)

    def __call__(self, form: str, text: str) -> str:
        if len(text) > MOST_MARKS and not text.isascii():
            self.most = max(self.most, sum(map(bool, map(unicodedata.combining, text))))
            if self.most > MOST_AT_ONCE:
                raise AssertionError(f"{self.most} marks were to be sorted")
        return self._original(form, text)


def check_growth(work: Callable[[str], object], worst: Callable[[int], str], what: str) -> None:
    """The work for a large text against that for a small one, unless the large one is done in no time at all."""
    large = seconds(work, worst(LARGE))
    for _again in range(2):  # what Python tidies up in between counts once, work that grows counts each time
        if large > ENOUGH:
            large = min(large, seconds(work, worst(LARGE)))
    if large > ENOUGH:
        small = seconds(work, worst(SMALL))
        assert large < FASTER * small, f"{what}: {SMALL} characters take {small:.2f} s, {LARGE} take {large:.2f} s"


def seconds(work: Callable[[str], object], text: str) -> float:
    """Of the processor for this thread, so that what else runs on the machine or beside it does not count."""
    start = time.thread_time()
    work(text)
    return time.thread_time() - start
