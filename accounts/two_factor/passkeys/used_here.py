"""Whether a passkey was made or used in this browser: only then the sign-in page has a button for one. It tells no
person, and opens nothing."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import limits

# A cookie: signing out clears what scripts store.
COOKIE = f"{settings.COOKIE_PREFIX}passkey-used"


def note(response: HttpResponse) -> HttpResponse:
    lasts = limits.KNOWN_BROWSER
    response.set_cookie(COOKIE, "1", max_age=lasts, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response


def was_used(request: HttpRequest) -> bool:
    return COOKIE in request.COOKIES
