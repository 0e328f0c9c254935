"""The cookie of a browser in which somebody signed in fully. It chooses a throttling bucket and replaces no factor.

NIST SP 800-63B-4 section 5.1: no "remember this browser" instead of a factor.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from django.conf import settings
from django.core import signing
from django.db.models import F
from django.http import HttpRequest, HttpResponse

from accounts import limits
from accounts.models import User

COOKIE = f"{settings.COOKIE_PREFIX}known"
SALT = "accounts.throttling.known_browsers"
PEOPLE_A_BROWSER = 5  # a shared computer; keeps the cookie small


@dataclass(frozen=True)
class KnownBrowsers:
    """What a visitor's cookie proves: per person (id as text) the bucket of this browser and the person's epoch."""

    buckets: dict[str, tuple[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, request: HttpRequest) -> KnownBrowsers:
        max_age = limits.KNOWN_BROWSER
        try:
            content = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=max_age)
            return cls({person: (str(bucket), int(epoch)) for person, (bucket, epoch) in content.items()})
        except (signing.BadSignature, ValueError, TypeError, AttributeError):
            return cls()

    def bucket_of(self, user: User | None) -> str:
        """The bucket of this browser for this person; empty for a stranger."""
        bucket, epoch = self.buckets.get(str(user.pk) if user else "", ("", -1))
        return bucket if user and epoch == user.known_browsers_epoch else ""


STRANGER = KnownBrowsers()


def remember(request: HttpRequest, response: HttpResponse, user: User) -> HttpResponse:
    """Make this browser known for this person, after a full sign-in."""
    known = KnownBrowsers.of(request)
    bucket = known.bucket_of(user) or secrets.token_urlsafe(16)
    others = {person: value for person, value in known.buckets.items() if person != str(user.pk)}
    newest = {str(user.pk): (bucket, user.known_browsers_epoch)} | others
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
    User.objects.filter(pk=user.pk).update(known_browsers_epoch=F("known_browsers_epoch") + 1)
    user.refresh_from_db(fields=["known_browsers_epoch"])
