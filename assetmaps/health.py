"""`/healthz` and `/readyz`, answered before the host is checked: load balancers send an IP address or no host."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from assetmaps import views

Handler = Callable[[HttpRequest], HttpResponseBase]

# The same views as in `urls.py`; some load balancers add the final slash.
VIEWS = {"/healthz": views.alive, "/healthz/": views.alive, "/readyz": views.ready, "/readyz/": views.ready}


def health(get_response: Handler) -> Handler:
    """Comes before all middleware that reads the host, the session or the body."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        view = VIEWS.get(request.path_info) if request.method in ("GET", "HEAD") else None
        return view(request) if view else get_response(request)

    return middleware
