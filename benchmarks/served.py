"""Applications that only `benchmarks.servers` serves."""

from __future__ import annotations

from assetmaps import wsgi


def __getattr__(name: str) -> object:
    if name != "a2wsgi":
        raise AttributeError(name)
    from a2wsgi import WSGIMiddleware  # only where it is compared

    return WSGIMiddleware(wsgi.application, workers=8)
