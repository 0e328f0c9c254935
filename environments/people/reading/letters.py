"""Text without what copying adds to it and nobody sees."""

from __future__ import annotations

import unicodedata

LINE_BREAKS = ("\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c", "\x85")
_AT = str.maketrans("\uff20\ufe6b", "@@")
_PAIRS = {'"': '"', "'": "'’", "‘": "’", "’": "’", "`": "`´"}
_QUOTES = str.maketrans("“”„‟«»", '""""""')


def tidy(text: str) -> str:
    """On one line, composed (NFC), without invisible characters, every kind of space an ordinary single one."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """Composed (NFC), without invisible characters; line breaks are "\\n", other control characters but the
    tab are spaces; every @ is the ordinary one, so that nothing takes it for a letter."""
    for sign in LINE_BREAKS:
        text = text.replace(sign, "\n")
    if text.isascii() and text.isprintable():
        return text
    kept = (sign for sign in text if unicodedata.category(sign) != "Cf")
    plain = "".join(" " if unicodedata.category(sign) in ("Cc", "Zs") and sign not in "\n\t" else sign for sign in kept)
    return unicodedata.normalize("NFC", plain).translate(_AT)


def straight(text: str) -> str:
    """With the double quotation marks of word processors as a keyboard makes them."""
    return text.translate(_QUOTES)


def bare(text: str) -> str:
    """Without quotation marks around the whole."""
    text = text.strip()
    while len(text) > 1 and text[-1] in _PAIRS.get(text[0], ""):
        text = text[1:-1].strip()
    return text.strip('" ')
