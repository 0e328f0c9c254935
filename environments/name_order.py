"""The order of names: as people count, without regard to capitals and accents."""

from __future__ import annotations

import re
from functools import lru_cache

from accounts.unicode_text import folded

LONGEST = 400  # bytes; an index of PostgreSQL takes some 2,700


@lru_cache(maxsize=10_000)  # the names come back with the next request
def by_name(name: str) -> bytes:
    """A key that sorts "Wijk 2" before "Wijk 10". Bytes, because databases compare texts each in their own way.

    A number is \\x01, how many digits it has, and these; a text is \\x02, itself in UTF-8, and \\x00, so that a number
    comes before a text, and what is shorter before what goes on.
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", folded(name))
    return b"".join(_number(part) if part.isdecimal() else b"\x02%b\x00" % part.encode() for part in parts)[:LONGEST]


def _number(digits: str) -> bytes:
    counted = digits.lstrip("0").encode()
    return b"\x01%c%b" % (min(len(counted), 255), counted)
