"""What a page showed, signed, in a hidden field: bound to the form, its object and the person who was shown it.

Signed and not stored: any number of pages can be open, in any number of tabs, and nothing has to be cleared away.
"""

from __future__ import annotations

from typing import Any

from django.core import signing

from accounts import limits

FIELD = "shown"  # the name of the hidden field
SALT = "accounts.stale_pages"  # as it was first called: what is signed must stay readable

NOTHING = ("", 0, None)
Values = dict[str, Any]  # by name of the field; text, yes or no, or a list of texts


def sign(about: str, person_id: int, values: Values) -> str:
    """``about``: the form and its object, for example "accounts.user/7"."""
    return signing.dumps([about, person_id, values], salt=SALT, compress=True)


def read(mark: str, about: str, person_id: int) -> Values | None:
    """What the page showed; None when the mark is missing, changed, of another page or person, or too old."""
    found, owner, values = _loaded(mark)
    return values if (found, owner) == (about, person_id) else None


def is_of(mark: str, person_id: int) -> bool:
    """Was this person shown some page, whatever it was about?"""
    return _loaded(mark)[1] == person_id


def _loaded(mark: str) -> tuple[str, int, Values | None]:
    if len(mark) > limits.SHOWN_LONGEST:
        return NOTHING
    try:
        about, owner, values = signing.loads(mark, salt=SALT, max_age=limits.SHOWN_KEPT)
    except signing.BadSignature:
        return NOTHING
    return about, owner, values
