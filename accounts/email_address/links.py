"""The secret part of the link that is mailed to a new address, with which its owner confirms it."""

from __future__ import annotations

from django.core import signing

from accounts import limits, mailed_links
from accounts.models import User

SALT = "accounts.email_address.links"


def make(user: User, new_address: str) -> str:
    """A token, signed and dated. Works until it is used, a newer one is made or the account changes."""
    return signing.dumps(
        {"user": user.pk, "address": new_address, "account": mailed_links.hash_of(_account(user), SALT)}, salt=SALT
    )


def new_address(token: str, user: User) -> str | None:
    """The address that this person confirms with the token; None when it is forged, expired, used, replaced by a
    newer one, or meant for somebody else."""
    try:
        content = signing.loads(token, salt=SALT, max_age=limits.ADDRESS_LINK)
        own = content["user"] == user.pk and mailed_links.is_hash_of(content["account"], _account(user), SALT)
        return str(content["address"]) if own else None
    except (signing.BadSignature, ValueError, KeyError, TypeError):
        return None


def _account(user: User) -> str:
    """All that makes earlier links void when it changes. Not of the last sign-in: whoever opens the
    link in another browser signs in first."""
    issued = f"{user.links_issued}|{user.address_links_issued}"
    return f"{user.pk}|{user.password}|{user.email}|{issued}"
