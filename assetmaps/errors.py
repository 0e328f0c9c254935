"""Pages for what went wrong: plain, in the site's look, with something to do next and the number to give to support.

They are rendered without context processors and read nothing from the request: a broken request must not break them.
"""

from __future__ import annotations

import logging

from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language

from assetmaps import logs

log = logging.getLogger(__name__)

PAGES = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed",
    413: "too_large",
    429: "too_many",
    500: "server_error",
}
# When even the template cannot be rendered.
LAST_RESORT = """<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>Er ging iets mis</title></head>
<body><h1>Er ging bij ons iets mis</h1><p>Probeer het over een paar minuten opnieuw. Nummer voor support: {}.</p></body>
</html>"""


def fill(response: HttpResponse, template: str = "") -> HttpResponse:
    """Put the page that belongs to its status into an answer."""
    language = get_language() or "nl"
    reference = logs.reference.get()
    try:
        page: str = render_to_string(
            f"errors/{template or PAGES[response.status_code]}.html", {"reference": reference, "language": language}
        )
    except Exception:  # the last resort: whatever is wrong, the visitor sees no detail and we see everything
        log.exception("error page %s could not be rendered", response.status_code)
        page = LAST_RESORT.format(reference)
    response.content = page.encode()
    response["Content-Type"] = "text/html; charset=utf-8"
    response["Content-Length"] = str(len(response.content))  # CommonMiddleware may have counted the empty one
    response["Content-Language"] = language
    response["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return fill(HttpResponse(status=413))
    # The session was ended elsewhere (other browser, support) while this request was under way.
    return fill(HttpResponse(status=400), "session_ended" if isinstance(exception, SessionInterrupted) else "")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return fill(HttpResponse(status=403))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return fill(HttpResponse(status=404))


def server_error(request: HttpRequest) -> HttpResponse:
    return fill(HttpResponse(status=500))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return fill(HttpResponse(status=403), "csrf")
