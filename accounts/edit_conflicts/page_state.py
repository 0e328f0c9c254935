"""What a page showed, signed, in a hidden field: bound to the form, its object and the person to whom it was shown.

Signed instead of stored: any number of pages can be open, in any number of tabs, and nothing has to be purged.
"""

from __future__ import annotations

from typing import Any

from django.core import signing

from accounts import limits

FIELD = "shown"  # the name of the hidden field
SALT = "accounts.stale_pages"  # an earlier name, kept: pages signed with it must stay valid

NOTHING = ("", 0, None)
Values = dict[str, Any]  # by field name: text, bool or a list of texts


def sign(about: str, person_id: int, values: Values) -> str:
    """``about``: the form and its object, for example "accounts.user/7"."""
    return signing.dumps([about, person_id, values], salt=SALT, compress=True)


def read(token: str, about: str, person_id: int) -> Values | None:
    """What the page showed; None when the token is missing, forged, of another page or person, or expired."""
    found, owner, values = _loaded(token)
    return values if (found, owner) == (about, person_id) else None


def is_of(token: str, person_id: int) -> bool:
    """Is this the token of a page that was shown to this person, of any form?"""
    return _loaded(token)[1] == person_id


def _loaded(token: str) -> tuple[str, int, Values | None]:
    if len(token) > limits.SHOWN_LONGEST:
        return NOTHING
    try:
        about, owner, values = signing.loads(token, salt=SALT, max_age=limits.SHOWN_KEPT)
    except signing.BadSignature:
        return NOTHING
    return about, owner, values
