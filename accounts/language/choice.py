"""Which language a page is in: the account's for who is signed in, else what was chosen in this browser, else Dutch.

Own code instead of Django's ``LocaleMiddleware`` and ``set_language``: those follow the browser's header, know no
account, and read a cookie that no prefix protects.
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
    """A code of `settings.LANGUAGES`. Half signed in, the account's language serves where nothing was chosen."""
    if request.user.is_authenticated:
        return person(request).language
    if chosen := _chosen(request):
        return chosen
    owner = store.person_of(request.session)
    return owner.language if owner else settings.LANGUAGE_CODE


def just_chosen(request: HttpRequest) -> str:
    """What the visitor pressed in this browser a short while ago; empty when nobody did. Older than that, it may have
    been a colleague at the same computer."""
    language, _dot, moment = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "").partition(".")
    if language not in LANGUAGES or not (moment.isascii() and moment.isdigit()) or len(moment) > LONGEST_MOMENT:
        return ""
    age = time.time() - int(moment)
    return language if 0 <= age <= limits.LANGUAGE_JUST_CHOSEN.total_seconds() else ""


def keep(response: HttpResponse, language: str) -> None:
    """The visitor pressed it now."""
    _store(response, f"{language}.{int(time.time())}")


def remember(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """Keep the account's language, so that it stays after signing out; nothing for who never left Dutch. Without the
    moment: what was pressed counts for the sign-in that followed, and not for a colleague's after it."""
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
