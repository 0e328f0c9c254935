"""Detects a wrongly configured proxy before the redirect from http to https.

Behind a proxy that does not report that the visitor used https, the redirect would loop for ever. So a request without
https that shows signs of a proxy, or of a browser that used https, gets an error page, and the log names the mistake.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.cookie import parse_cookie

from assetmaps import errors, health, logs
from assetmaps.proxy_headers import PEER, PROTO, Peer, scheme_of

log = logging.getLogger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]

# Proxies add these headers, untrusted ones too; browsers do not send them.
FORWARDED = (
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Ssl",
    "X-Forwarded-Scheme",
    "X-Real-IP",
    "Front-End-Https",
    "Forwarded",
    "Via",
)
UNKNOWN_PEER = Peer("the server", is_trusted=False)


def proxy_faults(get_response: Handler) -> Handler:
    """Comes before Django's redirect to https."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info in health.VIEWS:
            return get_response(request)
        peer = request.META.get(PEER, UNKNOWN_PEER)
        if peer.fault and logs.is_due("X-Forwarded-For"):
            log.error("%s", peer.fault)
        if peer.hint and logs.is_due("another proxy"):
            log.warning("%s", peer.hint)
        fault = _fault(request.META, peer) if settings.SECURE_SSL_REDIRECT and not request.is_secure() else ""
        if not fault:
            return get_response(request)
        if logs.is_due("https"):
            log.error("nobody can reach the portal through this proxy: %s", fault)
        return errors.fill(HttpResponse(status=503), "proxy")

    return middleware


def _fault(headers: Mapping[str, Any], peer: Peer) -> str:
    """Why this request looks like http though the visitor used https, for the operator; empty when it was http."""
    used = _evidence_of_https(headers)
    if peer.is_trusted:
        said = str(headers.get(PROTO, ""))
        if scheme_of(said):
            return f"{peer.name} says X-Forwarded-Proto: {said!r:.60}, but the browser sent {used}." if used else ""
        if said:
            return f"{peer.name} sends an X-Forwarded-Proto that is neither http nor https: {said!r:.60}."
        return f"{peer.name} sends no X-Forwarded-Proto."
    forwarded = [name for name in FORWARDED if "HTTP_" + name.upper().replace("-", "_") in headers]
    if forwarded:
        return f"{peer.name} sends {', '.join(forwarded)} and is not in TRUSTED_PROXIES."
    if used:
        return f"the browser sent {used}, so https ends at {peer.name}, which is not in TRUSTED_PROXIES."
    return ""


def _evidence_of_https(headers: Mapping[str, Any]) -> str:
    """Something that browsers send over https only; empty when there is none. Old browsers send less of it."""
    for name in headers:
        if name.startswith("HTTP_SEC_FETCH_"):  # to trustworthy addresses only (Fetch Metadata section 2)
            return name.removeprefix("HTTP_").replace("_", "-").title()
    for cookie in parse_cookie(str(headers.get("HTTP_COOKIE", ""))):
        if cookie.startswith(("__Host-", "__Secure-")):
            return f"the cookie {cookie[:40]}"
    for name in ("Origin", "Referer"):
        if f"{headers.get('HTTP_' + name.upper(), '')}/".startswith(f"{settings.PUBLIC_URL}/"):
            return f"{name}: {settings.PUBLIC_URL}"
    return ""
