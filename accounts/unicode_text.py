"""Texts from outside in one of the normal forms of Unicode, at a cost that grows with their length only.

Python sorts the combining marks after a letter in quadratic time, holding the GIL: 320 kB of them take half a minute.
 So nothing else in this project calls `unicodedata.normalize`; a test keeps it so.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal
from urllib.parse import SplitResult, urlsplit

MOST_MARKS = 30  # after one letter; no language needs as many (Unicode Standard Annex #15, Stream-Safe Text Format)

_OTHER_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")  # Unicode's category Zs without U+0020
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST_TO_SPLIT = 2048  # characters; browsers and servers take little more

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


def normalise(form: Form, text: str) -> str:
    """The text in this normal form; as it is when more than `MOST_MARKS` marks follow each other somewhere in it."""
    if text.isascii() or _has_too_many_marks(text):
        return text
    return unicodedata.normalize(form, text)


def opaque(text: str) -> str:
    """A password in the form that is hashed and compared (RFC 8265 section 4.2.2, OpaqueString): every kind of space is
    a space, because a phone types the no-break one, and letters are composed."""
    return normalise("NFC", text if text.isascii() else _OTHER_SPACES.sub(" ", text))


def without_marks(text: str) -> str:
    """Without accents and other combining marks."""
    return "".join(sign for sign in normalise("NFKD", text) if not unicodedata.combining(sign))


# Letters that Unicode does not decompose into a letter and a mark, each with what people type for it.
_TYPED_AS = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "ħ": "h",
        "ı": "i",
        "ŧ": "t",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        **dict.fromkeys("’‘‛`´ʼʹ′＇", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "\x00": None,
    }
)


def folded(text: str) -> str:
    """As people look for it: without capitals and accents, with plain quotation marks and dashes, ß as ss, ø as o, ĳ
    as ij, and one space between words. Two texts that sound the same to who types them are the same afterwards."""
    if text.isascii():  # nearly always
        return " ".join(text.lower().replace("`", "'").replace("\x00", "").split())
    plain = without_marks(text.casefold().translate(_TYPED_AS))
    return " ".join(plain.casefold().translate(_TYPED_AS).split())


def without_control_characters(text: str) -> str:
    """With a space for each, so that what a visitor sends stays on one line of a log (ASVS 16.4.1)."""
    return _CONTROL.sub(" ", text)


def shortened(text: str, most: int) -> str:
    """At most so many characters, the last a sign that there is more. Django's Truncator normalises all of it first."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def split_address(address: str) -> SplitResult:
    """`urlsplit`, which normalises the host, for addresses from outside. Raises ValueError, also for one that is longer
    than `LONGEST_TO_SPLIT`."""
    if len(address) > LONGEST_TO_SPLIT:
        raise ValueError("the address is too long")
    return urlsplit(address)


def _has_too_many_marks(text: str) -> bool:
    """Counted in the decomposition, because some characters that are no mark contain one or two."""
    marks = 0
    for sign in text:
        for part in sign if sign.isascii() else unicodedata.normalize("NFKD", sign):
            marks = marks + 1 if unicodedata.combining(part) else 0
            if marks > MOST_MARKS:
                return True
    return False
