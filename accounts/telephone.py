"""The telephone number of support, as a link."""

from __future__ import annotations


def link(number: str) -> str:
    """The address of a number as people write it, such as +31 (0)20 123 45 67 (RFC 3966); "" for no number.

    The (0) behind a country code is written for callers at home, and is no part of the number.
    """
    international = number.startswith("+")
    digits = "".join(filter(str.isdigit, number.replace("(0)", "") if international else number))
    return f"tel:{'+' if international else ''}{digits}" if digits else ""
