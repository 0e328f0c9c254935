"""Request IDs, security headers, request validation, redirects to other sites, and pages for errors without a body.

This middleware is outside all other middleware, so it also applies to static files, redirects and errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.log import log_response

from accounts import limits
from accounts.audit.origin import REFERENCE
from accounts.http_requests import LONGEST_TARGET
from assetmaps import errors, logs
from assetmaps.address_aliases import intended_address
from assetmaps.header_limits import REFUSED
from assetmaps.serving import request_bodies
from assetmaps.wsgi_guard import UNREADABLE

Handler = Callable[[HttpRequest], HttpResponse]

# Browser features that no page uses, so that an injected script cannot use them either.
UNUSED_FEATURES = (  # noqa: SIM905 - a text reads better than a list of words
    "accelerometer autoplay browsing-topics camera display-capture encrypted-media fullscreen gamepad "
    "geolocation gyroscope hid idle-detection local-fonts magnetometer microphone midi payment picture-in-picture "
    "screen-wake-lock serial storage-access usb xr-spatial-tracking"
).split()
PERMISSIONS_POLICY = ", ".join(
    [*(f"{name}=()" for name in UNUSED_FEATURES), "clipboard-write=(self)", "publickey-credentials-get=(self)"]
)


def reference_number(get_response: Handler) -> Handler:
    """Give the request an ID, for error pages, the log, audit entries and the response header (ASVS 16.5.1)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        number = logs.new_reference()
        request.META[REFERENCE] = number
        token = logs.reference.set(number)
        try:
            response = get_response(request)
        finally:
            logs.reference.reset(token)
        response["X-Request-ID"] = number
        return response

    return middleware


# On every answer, whatever a view or a later middleware set.
SECURITY_HEADERS = (
    ("Server", "Assetmaps"),  # else the server names its software there (ASVS 13.4.6)
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),  # for browsers that do not know frame-ancestors
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS_POLICY),
    ("Reporting-Endpoints", 'csp="/csp-melding/"'),
)


def security_headers(get_response: Handler) -> Handler:
    """Headers that Django's SecurityMiddleware does not set, or sets for some answers only."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in SECURITY_HEADERS:
            response.headers[name] = value
        response.headers["Referrer-Policy"] = _referrer_policy(response)
        return response

    return middleware


def _referrer_policy(response: HttpResponse) -> str:
    """`no-referrer`, except on pages: there it would make Chromium send `Origin: null` with a form, which the CSRF
    check rightly refuses (ASVS 3.4.5)."""
    is_page = response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html")
    return "same-origin" if is_page else "no-referrer"


# Where django-csp's decorators note on a response that its view wants another policy.
OWN_POLICY = frozenset({"_csp_config", "_csp_update", "_csp_replace", "_csp_exempt"})


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp's, with a new nonce in the header of every response, also when no template used it. The policy is
    built once, with a place for the nonce: django-csp builds it anew for every response, and twice."""

    NONCE = "+nonce+"  # no nonce contains it: it would not be the right length

    def __init__(self, get_response: Handler) -> None:
        super().__init__(get_response)
        self._policy = build_policy(nonce=self.NONCE)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.process_request(request)
        response = cast(HttpResponse, self.get_response(request))
        if settings.DEBUG or not OWN_POLICY.isdisjoint(vars(response)):
            self.process_response(request, response)
        else:
            policy = self._policy.replace(self.NONCE, self._make_nonce(request))
            response.headers.setdefault(HEADER, policy)
        return response

    def get_policy_parts(self, request: HttpRequest, response: Any, report_only: bool = False) -> PolicyParts:
        self._make_nonce(request)
        return super().get_policy_parts(request, response, report_only)


def error_pages(get_response: Handler) -> Handler:
    """An error without a body (405 of Django's decorators, 429 of a view) gets its page and keeps its headers."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code in errors.PAGES and not response.streaming and not response.content:
            with translation.override(response.headers.get("Content-Language", "nl")):
                errors.fill(response, request=request if response.status_code in errors.PERSONAL else None)
        return response

    return middleware


def external_redirects(get_response: Handler) -> Handler:
    """Replace a redirect from a form to another site by an intermediate page (`continue.html`).

    Chromium applies `form-action 'self'` to every redirect after a form, so signing in on the way to an environment
    would be blocked. From the intermediate page it is an ordinary navigation.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        location = response.headers.get("Location", "")
        if request.method == "POST" and response.status_code in (301, 302, 303) and _is_external(location):
            language = response.headers.get("Content-Language", "nl")
            with translation.override(language):
                response.content = render_to_string("continue.html", {"location": location, "language": language})
            response.status_code = 200
            response["Content-Type"] = "text/html; charset=utf-8"
            response["Content-Length"] = str(len(response.content))  # CommonMiddleware counted the empty one
            del response["Location"]
        return response

    return middleware


def _is_external(location: str) -> bool:
    parts = urlsplit(location)
    if parts.netloc:
        return True
    try:
        return getattr(resolve(parts.path).func, "is_external", False)
    except Resolver404:
        return False


def address_aliases(get_response: Handler) -> Handler:
    """Redirect from an alias or a nearly right address to the page, instead of a 404."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 404 and request.method in ("GET", "HEAD"):
            target = intended_address(request.path_info)
            if target:
                query = request.META.get("QUERY_STRING", "")
                return redirect(f"{target}?{query}" if 0 < len(query) <= LONGEST_TARGET else target)
        return response

    return middleware


def request_validation(get_response: Handler) -> Handler:
    """Refuse what no page accepts: TRACE (ASVS 13.4.4), large bodies, text that is not UTF-8."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method in ("TRACE", "TRACK", "CONNECT"):
            return _refuse(request, HttpResponseNotAllowed(["GET", "HEAD", "POST"]))
        length = _body_length(request)
        if length > limits.LARGEST_BODY and length > request_bodies.max_size(request.path_info):
            return _refuse(request, HttpResponse(status=413))
        if request.META.get(UNREADABLE):
            return _refuse(request, HttpResponse(status=400))
        if status := request.META.get(REFUSED):
            return _refuse(request, HttpResponse(status=status))
        return get_response(request)

    return middleware


def _refuse(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    log_response("%s: %s %s", response.reason_phrase, request.method, request.path, response=response, request=request)
    return response


def _body_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
