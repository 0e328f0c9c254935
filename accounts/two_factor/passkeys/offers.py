"""The offer of a passkey after a sign-in with password and code: once a sign-in, until it is answered."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from django.conf import settings

from accounts.models import User

OPEN = "passkey_offer"  # in the session
LATER = f"{settings.COOKIE_PREFIX}passkeys-later"  # a cookie: in this browser, for `limits.PASSKEY_OFFER_AGAIN`


def begin(session: MutableMapping[str, Any], user: User, cookies: Mapping[str, str]) -> None:
    """Offer one in this session to somebody who has none, unless the person said "later" here, or "never"."""
    if user.no_passkey_offers or LATER in cookies:
        return
    from accounts.two_factor.passkeys import rp  # here, to save start-up time: workers begin with this module

    if rp.can_have_passkeys():
        session[OPEN] = True


def is_open(session: MutableMapping[str, Any]) -> bool:
    """Whether a browser can make one, a script asks that browser."""
    return bool(session.get(OPEN))


def end(session: MutableMapping[str, Any]) -> None:
    session.pop(OPEN, None)


def decline(user: User) -> None:
    """The person said "never": in no browser."""
    User.objects.filter(pk=user.pk).update(no_passkey_offers=True)
