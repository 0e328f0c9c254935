"""Counts requests and how long they take, by the name of the view: never by address, which may hold a token."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.http import HttpRequest, HttpResponse

from assetmaps.metrics import server

Handler = Callable[[HttpRequest], HttpResponse]


def requests(get_response: Handler) -> Handler:
    """The outermost middleware. Begins to count in this process and those that it forks."""
    collection = server.begin()
    known: dict[tuple[str, int], tuple[Any, Any]] = {}  # looking up a label costs as much as counting

    def middleware(request: HttpRequest) -> HttpResponse:
        begun = perf_counter()
        response = get_response(request)
        match = request.resolver_match
        key = (match.view_name or "unnamed") if match else "none", response.status_code
        found = known.get(key)
        if found is None:
            view, status = key
            found = known[key] = collection.REQUESTS.labels(view, str(status)), collection.SECONDS.labels(view)
        found[0].inc()
        found[1].observe(perf_counter() - begun)
        return response

    return middleware
