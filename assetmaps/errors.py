"""Error pages, with a next step for the visitor and the request ID to give to support.

Who is signed in keeps the header of the portal where the request got as far as a page (403, 404, 405, 413, CSRF). All
others are rendered without context processors and read nothing from the request: a broken request or a database that is
away must not break them.
"""

from __future__ import annotations

import logging
import sys

from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.log import log_response
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import limits
from accounts.http_requests import in_administration, own_address, person, referring_page, sign_in_page
from assetmaps import logs
from assetmaps.outages import is_outage

# A second tab may send one of these with the token of an earlier sign-in.
FORMS_OF_SIGN_IN = (
    *("sign_in", "verification_code", "recovery_code"),
    *("passkey_sign_in", "passkey_verify", "sso_find"),
)
# Django's reasons begin so when the browser hides the origin of a form (`Origin: null`) or the form is cross-origin.
CROSS_ORIGIN_REASONS = ("Origin checking failed", "Referer checking failed")
log = logging.getLogger(__name__)

PAGES = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed",
    413: "too_large",
    414: "address_too_long",
    429: "too_many",
    431: "headers_too_large",
    500: "server_error",
    503: "unavailable",
}
# Where the request got as far as the session, so that the page may show who is signed in.
PERSONAL = (403, 404, 405, 413, 429)
RETRY_AFTER = str(int(limits.UNAVAILABLE_AGAIN.total_seconds()))
# When even the template cannot be rendered.
LAST_RESORT = """<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>Er ging iets mis</title></head>
<body><h1>Er ging bij ons iets mis</h1><p>Probeer het over een paar minuten opnieuw. Nummer voor support: {}.</p></body>
</html>"""


def fill(
    response: HttpResponse, template: str = "", *, request: HttpRequest | None = None, **context: str
) -> HttpResponse:
    """Put the error page for its status into a response; with ``request`` the one for whoever is signed in."""
    language = get_language() or "nl"
    reference = logs.reference.get()
    name = f"errors/{template or PAGES[response.status_code]}.html"
    shown: dict[str, object] = {**context, "reference": reference, "language": language}
    try:
        page = _personal_page(name, shown, request) or render_to_string(name, shown)
    except Exception:  # whatever is wrong, the visitor sees no detail and the log has all of it
        log.exception("error page %s could not be rendered", response.status_code)
        page = LAST_RESORT.format(reference)
    response.content = page.encode()
    response["Content-Type"] = "text/html; charset=utf-8"
    response["Content-Length"] = str(len(response.content))  # CommonMiddleware may have counted the empty one
    response["Content-Language"] = language
    response["Cache-Control"] = "no-store"
    return response


def _personal_page(name: str, context: dict[str, object], request: HttpRequest | None) -> str:
    """With the header of the portal; empty for who is not signed in, and for what a page asks for by itself."""
    if request is None or not _shows_a_page(request):
        return ""
    if not _is_signed_in(request):
        return render_to_string(name, context | {"way_on": {"address": "/", "name": _("Sign in")}})
    way_on = {"address": reverse("overview"), "name": _("To My Environments")}
    if in_administration(request) and person(request).is_staff:
        way_on = {"address": reverse("admin:index"), "name": _("To the administration")}
    try:
        return render_to_string(name, context | {"shell": "base.html", "way_on": way_on}, request=request)
    except Exception as mistake:  # the database went away meanwhile, for example
        log.warning("error page %s is shown without its header: %s", name, mistake)
        return ""


def _shows_a_page(request: HttpRequest) -> bool:
    """Does the visitor look at the answer? Not at that to a missing style sheet, whose session is not even read."""
    destination = request.headers.get("Sec-Fetch-Dest", "document")
    return destination == "document" and not request.path_info.startswith(settings.STATIC_URL)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return fill(HttpResponse(status=413))
    # Another browser or support ended the session during this request.
    return fill(HttpResponse(status=400), "session_ended" if isinstance(exception, SessionInterrupted) else "")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    response = fill(HttpResponse(status=403), request=request)
    # In one line: a refusal is no mistake, and Django would log the traceback of every one.
    log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return fill(HttpResponse(status=404), request=request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles an exception of a middleware, view or template."""
    mistake = sys.exc_info()[1]
    if not is_outage(mistake):
        return fill(HttpResponse(status=500))
    response = fill(HttpResponse(status=503, headers={"Retry-After": RETRY_AFTER}))
    # One line instead of a traceback for each visitor: during an outage it does not matter which query failed.
    log_response("%s: %s: %s", response.reason_phrase, request.path, str(mistake), response=response, request=request)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """An explanation, with a link back to the page of the form."""
    if reason.startswith(CROSS_ORIGIN_REASONS):
        return fill(HttpResponse(status=403), "origin", request=request)
    if settings.CSRF_COOKIE_NAME in request.COOKIES and (answer := _after_another_tab(request)):
        return answer
    return fill(HttpResponse(status=403), "csrf", request=request, page=referring_page(request))


def _after_another_tab(request: HttpRequest) -> HttpResponse | None:
    """Signing in or out rotates the CSRF token, and a second tab still has the old one. Redirect where that tab can go
    on without the form."""
    signed_in = _is_signed_in(request)
    if request.path_info in {reverse(name) for name in FORMS_OF_SIGN_IN}:
        if not signed_in:
            messages.info(request, _("This page stood open too long. Sign in again."))
        target = own_address(request)
        return HttpResponseRedirect(target) if signed_in else sign_in_page(target)
    if request.path_info == reverse("sign_out") and not signed_in:
        return HttpResponseRedirect(reverse("sign_in"))
    return None


def _is_signed_in(request: HttpRequest) -> bool:
    try:
        return bool(request.user.is_authenticated)
    except Exception:  # an error page; what is wrong with the session or the database shows at the next request
        return False
