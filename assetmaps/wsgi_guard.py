"""Wraps Django's WSGI application, for requests so malformed that Django cannot make a request object of them."""

from __future__ import annotations

import codecs
import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils.http import parse_header_parameters

from assetmaps import errors, header_limits
from assetmaps.outages import is_outage

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

UNREADABLE = "portal.unreadable"
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Server", "Assetmaps"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]

log = logging.getLogger(__name__)


def guard(application: Application) -> Application:
    """Wrap Django's application: mark requests whose charset is not UTF-8, and let no exception reach the server."""

    def guarded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        header_limits.apply(environ)
        if not is_utf8(environ.get("CONTENT_TYPE", "")):
            # Django looks up the charset when it makes the request object; "base64" or a NUL would raise there.
            environ |= {"CONTENT_TYPE": "", UNREADABLE: True}
        try:
            return application(environ, start_response)
        except Exception as mistake:
            log.exception("a request could not be handled at all")
            status, sent = failure_response(mistake)
            start_response(f"{status.value} {status.phrase}", sent)
            return [errors.LAST_RESORT.format("-").encode()]

    return guarded


def failure_response(mistake: Exception) -> tuple[HTTPStatus, list[tuple[str, str]]]:
    """Status and headers of the response to an exception outside Django."""
    usual = [*HEADERS, *transport_security()]
    if is_outage(mistake):
        return HTTPStatus.SERVICE_UNAVAILABLE, [*usual, ("Retry-After", errors.RETRY_AFTER)]
    return HTTPStatus.INTERNAL_SERVER_ERROR, usual


def transport_security() -> list[tuple[str, str]]:
    """The header that Django's SecurityMiddleware would have set (ASVS 3.4.1)."""
    policy = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return [("Strict-Transport-Security", policy)] if settings.SECURE else []


def is_utf8(content_type: str) -> bool:
    """Whether the header names UTF-8 or no charset. Browsers send nothing else."""
    try:
        charset = parse_header_parameters(content_type)[1].get("charset", "utf-8")
        return codecs.lookup(charset).name in ("utf-8", "ascii")
    except (LookupError, ValueError, TypeError):
        return False
