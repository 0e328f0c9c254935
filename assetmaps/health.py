"""`/healthz` and `/readyz`, answered before the host is checked: load balancers send an IP address or no host."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts import limits
from accounts.active_sessions.decorators import background_request

Handler = Callable[[HttpRequest], HttpResponseBase]


@background_request
@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return _plain_text(request, "ok", 200)


@background_request
@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Whether this process can serve; why, and what else is wrong, from internal networks only (ASVS 13.4.5)."""
    from assetmaps import internal_networks, readiness_report  # here, to save start-up time

    inside = internal_networks.is_inside(request)
    report = readiness_report.report(limits.WARNINGS_WAIT.total_seconds() if inside else 0)
    text, status = ("ok", 200) if report.is_ready else ("not ready", 503)
    if not inside:
        return _plain_text(request, text, status)
    told = json.dumps({"status": text, **report.detail}, indent=1)
    return _plain_text(request, told, status, "application/json")


def _plain_text(request: HttpRequest, text: str, status: int, kind: str = "text/plain; charset=utf-8") -> HttpResponse:
    """No middleware adds the length to this response, or removes the body for HEAD, so do both here."""
    body = f"{text}\n".encode()
    headers = {"Content-Length": str(len(body)), "Cache-Control": "no-store"}
    return HttpResponse(b"" if request.method == "HEAD" else body, status=status, content_type=kind, headers=headers)


# The same views as in `urls.py`; some load balancers add the final slash.
VIEWS = {"/healthz": alive, "/healthz/": alive, "/readyz": ready, "/readyz/": ready}


def health(get_response: Handler) -> Handler:
    """Comes before all middleware that reads the host, the session or the body."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        view = VIEWS.get(request.path_info) if request.method in ("GET", "HEAD") else None
        return view(request) if view else get_response(request)

    return middleware
