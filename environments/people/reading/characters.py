"""Text without what copying adds to it and nobody sees."""

from __future__ import annotations

import unicodedata

from accounts.unicode_text import normalise

NESTED = 3  # quotation marks around each other
LINE_BREAKS = ("\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c", "\x85")
_PAIRS = {'"': '"', "'": "'’", "‘": "’", "’": "’", "`": "`´"}
_QUOTES = str.maketrans("“”„‟«»", '""""""')


class _Visible(dict[int, int | None]):
    """For `str.translate`: each sign is looked at once."""

    def __missing__(self, code: int) -> int | None:
        category = unicodedata.category(chr(code))
        self[code] = None if category == "Cf" else ord(" ") if category in ("Cc", "Zs") else code
        return self[code]


_SIGNS = _Visible({ord("\n"): ord("\n"), ord("\t"): ord("\t"), ord("\uff20"): ord("@"), ord("\ufe6b"): ord("@")})


def tidy(text: str) -> str:
    """On one line, composed (NFC), without invisible characters, every kind of space an ordinary single one."""
    return normalise("NFC", " ".join(visible(text).split()))


def visible(text: str) -> str:
    """Without invisible characters; line breaks are "\\n", other control characters but the tab are spaces; every @ is
    the ordinary one, so that nothing takes it for a letter."""
    if is_plain(text):
        return text
    for sign in LINE_BREAKS:
        text = text.replace(sign, "\n")
    return text.translate(_SIGNS)


def is_plain(text: str) -> bool:
    """On one line and in ASCII, as most of a list is: nothing to look at sign by sign."""
    return text.isascii() and text.isprintable()


def straight(text: str) -> str:
    """With the double quotation marks of word processors as a keyboard makes them."""
    return text if text.isascii() else text.translate(_QUOTES)


def bare(text: str) -> str:
    """Without quotation marks around the whole."""
    text = text.strip()
    for _time in range(NESTED):
        if len(text) < 2 or text[-1] not in _PAIRS.get(text[0], ""):
            break
        text = text[1:-1].strip()
    return text.strip('" ')
