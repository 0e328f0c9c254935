"""Names of the person and of where the mail is kept, for the rule that no password is built on them."""

from __future__ import annotations

from collections.abc import Iterator


def of(person: object) -> Iterator[str]:
    """Names and the parts of the address before and after the at sign; nothing when it is nobody yet."""
    for field in ("first_name", "last_name", "email"):
        yield getattr(person, field, "") or ""
