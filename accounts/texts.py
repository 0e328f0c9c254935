"""Texts from outside in one of the normal forms of Unicode, at a cost that grows with their length only.

Python sorts the combining marks behind a letter one by one, in quadratic time, and lets no other thread run meanwhile:
320 kB of them take half a minute. So nothing else in this project calls `unicodedata.normalize`; a test keeps it so.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

MOST_MARKS = 30  # behind one letter; no language comes near (Unicode Standard Annex #15, Stream-Safe Text Format)

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


def normalise(form: Form, text: str) -> str:
    """The text in this normal form; as it is when more than `MOST_MARKS` marks follow each other somewhere in it."""
    if text.isascii() or _has_too_many_marks(text):
        return text
    return unicodedata.normalize(form, text)


def without_marks(text: str) -> str:
    """Without accents and other combining marks."""
    return "".join(sign for sign in normalise("NFKD", text) if not unicodedata.combining(sign))


def _has_too_many_marks(text: str) -> bool:
    """Counted in what each sign comes apart into: some that are no mark themselves hide one, or two."""
    marks = 0
    for sign in text:
        for part in sign if sign.isascii() else unicodedata.normalize("NFKD", sign):
            marks = marks + 1 if unicodedata.combining(part) else 0
            if marks > MOST_MARKS:
                return True
    return False
