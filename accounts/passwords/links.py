"""The secret part of a mailed link with which somebody sets a password: after forgetting it, or when invited."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

from django.core import signing

from accounts import limits, mailed_links
from accounts.models import User

SALT = "accounts.passwords.links"


class Purpose(Enum):
    RESET = "reset"
    INVITATION = "invitation"

    @property
    def counter(self) -> str:
        """The field of a person that counts the links of this purpose."""
        return "resets_issued" if self is Purpose.RESET else "invitations_issued"

    @property
    def lifetime(self) -> timedelta:
        return limits.PASSWORD_RESET_LINK if self is Purpose.RESET else limits.INVITATION_LINK

    @property
    def minutes(self) -> int:
        return int(self.lifetime.total_seconds()) // 60

    @property
    def days(self) -> int:
        return self.lifetime.days


def make(user: User, purpose: Purpose) -> str:
    """A token for this person, signed and dated. Works until it is used, a newer one is made or the account changes."""
    account = mailed_links.hash_of(_account(user, purpose), SALT)
    return signing.dumps({"user": user.pk, "purpose": purpose.value, "account": account}, salt=SALT)


def holder(token: str) -> User | None:
    """Whose link it is, or None when it is forged, expired, used, overtaken by a newer one, or none may count now."""
    try:
        content = signing.loads(token, salt=SALT)
        purpose = Purpose(content["purpose"])
        signing.loads(token, salt=SALT, max_age=purpose.lifetime)
    except (signing.BadSignature, ValueError, KeyError, TypeError):
        return None
    user = User.objects.filter(pk=content["user"], is_active=True, links_withheld=False).first()
    return user if user and mailed_links.is_hash_of(content["account"], _account(user, purpose), SALT) else None


def invited(token: str) -> User | None:
    """Whose invitation it is: of somebody who never chose a password. A link after forgetting one is no invitation, or
    whoever reads the mailbox could bind a business account of their own to the account."""
    user = holder(token)
    if user is None or user.has_usable_password() or signing.loads(token, salt=SALT)["purpose"] != "invitation":
        return None
    return user


def address_to_renew(token: str) -> str:
    """The address of the account that an invitation was for, however old or void the invitation is; empty for another
    token. The mail that asks for a fresh one goes there, whoever asks."""
    try:
        content = signing.loads(token, salt=SALT)
        if Purpose(content["purpose"]) is Purpose.INVITATION:
            return str(User.objects.values_list("email", flat=True).get(pk=content["user"]))
    except (signing.BadSignature, ValueError, KeyError, TypeError, User.DoesNotExist):
        pass
    return ""


def _account(user: User, purpose: Purpose) -> str:
    """All that makes earlier links void when it changes.

    Of a reset not the last sign-in: whoever stole the password could sign in again and again, and the owner would
    never get to choose another one.
    """
    signed_in = user.last_login if purpose is Purpose.INVITATION else ""
    issued = f"{user.links_issued}|{getattr(user, purpose.counter)}"
    return f"{user.pk}|{user.password}|{signed_in}|{user.email}|{issued}"
