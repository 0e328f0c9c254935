"""Error pages of the server, for requests that do not reach Django. Rendered once for each language."""

from __future__ import annotations

import functools
import re
from http import HTTPStatus

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from assetmaps import errors
from assetmaps.wsgi_guard import HEADERS, failure_response, transport_security

TEMPLATES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.REQUEST_TIMEOUT: "too_slow",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "headers_too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "busy",
}
RETRY_AFTER = 5  # seconds
# The policy of `wsgi_guard`, with the style sheet and the icons of the page.
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; "


def language(cookies: bytes) -> str:
    """The language that the visitor chose, from the raw header."""
    found = re.search(rb"(?:^|; ?)%s=([a-z]{2})(?:;|$)" % settings.LANGUAGE_COOKIE_NAME.encode(), cookies)
    chosen = found[1].decode() if found else ""
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


@functools.cache
def page(status: HTTPStatus, language: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body. The connection is closed after it: nothing more of the client is read."""
    with translation.override(language):
        text = render_to_string(f"errors/{TEMPLATES[status]}.html", {"reference": "", "language": language}).encode()
    headers = dict(HEADERS) | dict(transport_security())
    headers["Content-Security-Policy"] = POLICY + headers["Content-Security-Policy"].partition("; ")[2]
    headers |= {"Content-Language": language, "Content-Length": str(len(text)), "Connection": "close"}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER)
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()], text


def last_resort(mistake: Exception) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body for a page that failed half-way."""
    text = errors.LAST_RESORT.format("-").encode()
    status, usual = failure_response(mistake)
    headers = [*usual, ("Content-Length", str(len(text)))]
    return status, [(name.lower().encode(), value.encode()) for name, value in headers], text
