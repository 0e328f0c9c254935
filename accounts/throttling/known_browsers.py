"""The cookie of a browser in which somebody signed in fully. It chooses a throttling bucket and replaces no factor.

NIST SP 800-63B-4 section 5.1: no "remember this browser" instead of a factor.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.db.models import F
from django.http import HttpRequest, HttpResponse

from accounts import limits
from accounts.models import User

COOKIE = f"{settings.COOKIE_PREFIX}known"
SALT = "accounts.throttling.known_browsers"
MAILED = f"{settings.COOKIE_PREFIX}mailed"
PASSKEY = f"{settings.COOKIE_PREFIX}passkey-used"
MAILED_SALT = "accounts.throttling.mailed_proof"
PEOPLE_A_BROWSER = 5  # a shared computer; keeps the cookie small
_NOBODY = ("", -1, 0)


class KnownBrowsers(NamedTuple):
    """What a visitor's cookie proves: per person (id as text) the bucket of this browser, the person's epoch, and since
    when the browser is known, in seconds since 1970."""

    buckets: Mapping[str, tuple[str, int, int]] = MappingProxyType({})
    mailed: tuple[str, str] = ("", "")  # whose mailbox this browser proved just now, and the account as it was then

    @classmethod
    def of(cls, request: HttpRequest) -> KnownBrowsers:
        max_age, mailed = limits.KNOWN_BROWSER, _mailed(request)
        try:
            content = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=max_age)
            return cls({person: _entry(*facts) for person, facts in content.items()}, mailed)
        except (signing.BadSignature, ValueError, TypeError, AttributeError):
            return cls(mailed=mailed)

    def bucket_of(self, user: User | None) -> str:
        """The bucket of this browser for this person; empty for a stranger."""
        return self._of(user)[0]

    def password_bucket_of(self, user: User | None) -> str:
        """The bucket for passwords: a browser that opened a mailed link of this person passes the wait of strangers as
        well. Not for codes: whoever reads the mailbox is not known to have the phone."""
        if bucket := self.bucket_of(user):
            return bucket
        return f"mailed:{self.mailed[1]}" if user and self.mailed == (str(user.pk), _account(user)) else ""

    def since(self, user: User | None) -> int:
        """Since when this browser is known for this person, in seconds since 1970; 0 for a stranger."""
        return self._of(user)[2]

    def _of(self, user: User | None) -> tuple[str, int, int]:
        found = self.buckets.get(str(user.pk) if user else "", _NOBODY)
        return found if user and found[1] == user.known_browsers_epoch else _NOBODY


def _entry(bucket: object, epoch: str, since: str = "1") -> tuple[str, int, int]:
    """Cookies of an earlier version do not tell since when; they are older than any that does."""
    return str(bucket), int(epoch), int(since)


UNKNOWN_BROWSER = KnownBrowsers()


def _mailed(request: HttpRequest) -> tuple[str, str]:
    try:
        person, account = signing.loads(request.COOKIES.get(MAILED, ""), salt=MAILED_SALT, max_age=limits.MAILED_PROOF)
        return str(person), str(account)
    except (signing.BadSignature, ValueError, TypeError):
        return "", ""


def _account(user: User) -> str:
    """The same for every link until the password changes: another link gives no more attempts."""
    return user.get_session_auth_hash()[:32]


def remember_mailbox_proof(response: HttpResponse, user: User) -> HttpResponse:
    """This browser has just used a mailed link of this person: strangers' wrong passwords do not make it wait."""
    value = signing.dumps([str(user.pk), _account(user)], salt=MAILED_SALT)
    lasts = limits.MAILED_PROOF
    response.set_cookie(MAILED, value, max_age=lasts, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response


def remember(request: HttpRequest, response: HttpResponse, user: User) -> HttpResponse:
    """Make this browser known for this person, after a full sign-in."""
    known = KnownBrowsers.of(request)
    bucket = known.bucket_of(user) or secrets.token_urlsafe(16)
    others = {person: value for person, value in known.buckets.items() if person != str(user.pk)}
    since = known.since(user) or int(time.time())
    newest = {str(user.pk): (bucket, user.known_browsers_epoch, since)} | others
    response.set_cookie(
        COOKIE,
        signing.dumps(dict(list(newest.items())[:PEOPLE_A_BROWSER]), salt=SALT, compress=True),
        max_age=limits.KNOWN_BROWSER,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def forget_all(user: User) -> None:
    """No browser is known for this person any more."""
    if not forget_read(user):
        User.objects.filter(pk=user.pk).update(known_browsers_epoch=F("known_browsers_epoch") + 1)
        user.refresh_from_db(fields=["known_browsers_epoch"])


def forget_read(user: User) -> bool:
    """The same, which locks the row of the person; False, and nothing done, when another request did it since this
    person was read."""
    read = user.known_browsers_epoch
    if User.objects.filter(pk=user.pk, known_browsers_epoch=read).update(known_browsers_epoch=read + 1) != 1:
        return False
    user.known_browsers_epoch = read + 1
    return True


def note_passkey(response: HttpResponse) -> HttpResponse:
    """A passkey was made or used in this browser: the sign-in page then has a button for one. The cookie tells no
    person and opens nothing; signing out leaves it, which clears what scripts store."""
    lasts = limits.KNOWN_BROWSER
    response.set_cookie(PASSKEY, "1", max_age=lasts, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response


def forget_passkey(response: HttpResponse) -> HttpResponse:
    """The one that was used here is gone; another brings the button back."""
    response.delete_cookie(PASSKEY, samesite="Lax")
    return response


def used_passkey(request: HttpRequest) -> bool:
    return bool(request.COOKIES.get(PASSKEY))
