"""The language of a page: that of the account when signed in, else the one chosen in this browser, else Dutch.

Own code instead of Django's ``LocaleMiddleware`` and ``set_language``: those follow the Accept-Language
header and ignore the account.
"""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import limits
from accounts.active_sessions import store
from accounts.http_requests import person

LONGEST_MOMENT = 12  # digits of seconds since 1970
LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)


def of(request: HttpRequest) -> str:
    """A code of `settings.LANGUAGES`. After the password and before the code: the one chosen in this browser, else
    that of the account."""
    if request.user.is_authenticated:
        return person(request).language
    if chosen := _chosen(request):
        return chosen
    owner = store.person_of(request.session)
    return owner.language if owner else settings.LANGUAGE_CODE


def just_chosen(request: HttpRequest) -> str:
    """The language chosen in this browser within `limits.LANGUAGE_JUST_CHOSEN`, or empty. An older choice may be that
    of a colleague at the same computer."""
    language, _dot, moment = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "").partition(".")
    if language not in LANGUAGES or not (moment.isascii() and moment.isdigit()) or len(moment) > LONGEST_MOMENT:
        return ""
    age = time.time() - int(moment)
    return language if 0 <= age <= limits.LANGUAGE_JUST_CHOSEN.total_seconds() else ""


def keep(response: HttpResponse, language: str) -> None:
    """Store the language that the visitor chose now, with the time."""
    _store(response, f"{language}.{int(time.time())}")


def remember(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """Store the account's language, so that it stays after signing out; no cookie while it always was Dutch. Without
    the time: the choice of one person must not become that of a colleague who signs in next."""
    if request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_CODE) != language:
        _store(response, language)


def _store(response: HttpResponse, value: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        value,
        max_age=int(limits.LANGUAGE_KEPT.total_seconds()),
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def _chosen(request: HttpRequest) -> str:
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "").partition(".")[0]
    return chosen if chosen in LANGUAGES else ""
