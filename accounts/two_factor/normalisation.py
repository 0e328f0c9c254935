"""Normalisation of typed and pasted codes.

`static/js/send-code.js` has the same table, to know when six digits are complete; a test compares all characters.
Own code: no library drops exactly what chats, mails and text processors add, and nothing else.
"""

from __future__ import annotations

import re
import unicodedata

from accounts.unicode_text import normalise

_BREAKS = "\t\n\v\f\r\x85"  # besides these, every character of the categories Zs, Zl and Zp is a space
# Look like a dash, though Unicode counts them among marks and symbols (category Pd has the others).
_OTHER_DASHES = "\u02d7\u2043\u2052\u2053\u207b\u208b\u2212\u2796"
# Invisible, though not in category Cf: joiners, fillers, the empty braille cell and variation selectors.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def legible(typed: str) -> str:
    """Without invisible characters, every space as " ", every dash as "-", decimal digits of any script as 0 to 9. The
    rest is unchanged."""
    return "".join(map(_legible, typed))


def _legible(sign: str) -> str:
    if sign.isascii() and sign not in _BREAKS:
        return sign
    category = unicodedata.category(sign)
    if category == "Cf" or _UNSEEN.match(sign):
        return ""
    if category[0] == "Z" or sign in _BREAKS:
        return " "
    if category == "Pd" or sign in _OTHER_DASHES:
        return "-"
    return str(unicodedata.decimal(sign)) if category == "Nd" else sign


def without_groups(typed: str) -> str:
    """As `legible`, without spaces and dashes."""
    return legible(typed).replace(" ", "").replace("-", "")


def letters(typed: str) -> str:
    """As `legible`, in capitals; compatibility letters (full width, mathematical) become A to Z."""
    return "".join(normalise("NFKC", sign) if sign.isalpha() else sign for sign in legible(typed)).upper()
