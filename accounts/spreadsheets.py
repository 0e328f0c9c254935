"""Cells that a spreadsheet shows and never runs."""

from __future__ import annotations

# What a spreadsheet takes for the beginning of a formula, full-width signs included, and what it skips before one.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_SKIPPED = ("\t", "\r", "\n")


def safe_cell(value: object) -> str:
    """The value as text, with an apostrophe in front where a spreadsheet would run it (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_SKIPPED) or text.lstrip().startswith(_FORMULA) else text
