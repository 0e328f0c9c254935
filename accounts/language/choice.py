"""Which language a page is in: the account's for who is signed in, else what was chosen in this browser, else Dutch.

Own code instead of Django's ``LocaleMiddleware`` and ``set_language``: those follow the browser's header, know no
account, and read a cookie that no prefix protects.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import limits
from accounts.active_sessions import store
from accounts.requests import person

LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)


def of(request: HttpRequest) -> str:
    """A code of `settings.LANGUAGES`. Half signed in, the account's language serves where nothing was chosen."""
    if request.user.is_authenticated:
        return person(request).language
    if chosen := _chosen(request):
        return chosen
    owner = store.person_of(request.session)
    return owner.language if owner else settings.LANGUAGE_CODE


def remember(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """Keep the language in this browser, so that it stays after signing out; nothing for who never left Dutch."""
    if (_chosen(request) or settings.LANGUAGE_CODE) != language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=int(limits.LANGUAGE_KEPT.total_seconds()),
            secure=settings.SECURE,
            httponly=True,
            samesite="Lax",
        )


def _chosen(request: HttpRequest) -> str:
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in LANGUAGES else ""
