"""Cells without formulas, for exports that a spreadsheet opens (OWASP CSV injection)."""

from __future__ import annotations

from accounts.unicode_text import normalise

MAKES_A_FORMULA = ("=", "+", "-", "@")
ENDS_A_CELL = ("\t", "\r", "\n")


def safe_cell(value: object) -> str:
    """The value as text, with an apostrophe in front where a spreadsheet would calculate (OWASP "CSV injection").

    Also behind spaces, and for the wide forms of the signs, which Japanese and Chinese editions take for the same.
    """
    text = "" if value is None else str(value)
    begin = _first_sign(text)
    return f"'{text}" if text.startswith(ENDS_A_CELL) or begin.startswith(MAKES_A_FORMULA + ENDS_A_CELL) else text


def _first_sign(text: str) -> str:
    """Behind spaces, and in its plain form; by itself, because marks behind it change nothing for a spreadsheet."""
    plain = (normalise("NFKC", sign).lstrip(" \u200b\ufeff") for sign in text)
    return next(filter(None, plain), "")


def bare_cell(text: str) -> str:
    """What `safe_cell` was given, when a list of ours comes back."""
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text
