"""Passwords that somebody would try first (NIST SP 800-63B-4 section 3.1.1.2; ASVS 6.2.4).

The list is ``common.txt.gz`` beside this file, one folded entry a line. `python -m accounts.passwords.make_blocklist`
makes it, out of Django's bundled list and of what people make of that when it has to be longer.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from accounts import limits
from accounts.unicode_text import normalise

FILE = Path(__file__).with_name("common.txt.gz")
SHORTEST_ENTRY = 4  # shorter entries would match a part of a good password by accident
FEWEST_CHARACTERS = 5  # different ones; "1010101010101010" has two

_SIGNS_FOR_LETTERS = str.maketrans("013457@$!", "oieastasi")


def fold(text: str) -> str:
    """The form in which passwords and words are compared: composed, compatible, without case."""
    return normalise("NFKC", text).casefold()


def squeeze(text: str) -> str:
    """Without separators: letters and digits only, or, where there are none, everything but spaces."""
    return "".join(filter(str.isalnum, text)) or "".join(text.split())


def spell_out(text: str) -> str:
    """Digits and signs that stand for letters become those letters, character by character."""
    return text.translate(_SIGNS_FOR_LETTERS)


@cache
def _lines() -> bytes:
    """All entries in one piece: a tenth of the memory that a set of them takes, and searched in a millisecond."""
    return b"\n" + gzip.decompress(FILE.read_bytes()) + b"\n"


def entries() -> list[str]:
    return _lines().decode().split()


def _listed(reading: str) -> bool:
    return len(reading) >= SHORTEST_ENTRY and f"\n{reading}\n".encode() in _lines()


def is_common(password: str) -> bool:
    """Is it on the list, whatever its capitals, separators, digits and signs-for-letters?"""
    folded = fold(password)
    letters = "".join(filter(str.isalpha, folded))
    core = folded.strip("".join(char for char in set(folded) if not char.isalpha()))
    return any(_listed(reading) for reading in {squeeze(folded), letters, squeeze(spell_out(core))})


def is_repetition(password: str) -> bool:
    """Is it made of a few characters, or of one piece over and over that alone would be too short?"""
    folded = "".join(fold(password).split())
    return len(set(folded)) < FEWEST_CHARACTERS or any(
        _period(text) < min(len(text), limits.PASSWORD_MIN_LENGTH) for text in (folded, squeeze(folded))
    )


def _period(text: str) -> int:
    """The length of the piece of which the text is a whole number of repetitions; its own length when it is none."""
    return (text + text).find(text, 1) if text else 0
