"""Counts requests and how long they take, by the name of the view: never by address, which may hold a token."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest, HttpResponse

from assetmaps import health
from assetmaps.metrics import server

Handler = Callable[[HttpRequest], HttpResponse]


def requests(get_response: Handler) -> Handler:
    """The outermost middleware. Begins to count in this process and those that it forks."""
    count = server.begin().RECORDER.request

    def middleware(request: HttpRequest) -> HttpResponse:
        begun = perf_counter()
        response = get_response(request)
        count(_view(request), response.status_code, perf_counter() - begun)
        return response

    return middleware


def _view(request: HttpRequest) -> str:
    if request.resolver_match:
        return request.resolver_match.view_name or "unnamed"
    return "health" if request.path_info in health.VIEWS else "none"
