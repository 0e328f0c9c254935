"""From which network a visitor comes, also behind the proxies that are trusted."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

from accounts import quotas

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def forwarded(application: Application) -> Application:
    """Wrap a WSGI application: behind trusted proxies it sees the address and the scheme of the visitor."""

    def behind(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if _is_trusted(environ["REMOTE_ADDR"]):
            environ["REMOTE_ADDR"] = _last(environ.get("HTTP_X_FORWARDED_FOR", "")) or environ["REMOTE_ADDR"]
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
            environ["wsgi.url_scheme"] = "https" if scheme == "https" else "http"
        return application(environ, start_response)

    return behind


def stranger(client: tuple[str, int] | None) -> str:
    """The network of who opened a connection; empty for a trusted proxy and for a socket of this machine."""
    return "" if not client or _is_trusted(client[0]) else quotas.network_of(client[0])


def network(scope: dict[str, Any], headers: dict[bytes, bytes]) -> str:
    """The network of the visitor; empty when it is not known."""
    client = scope.get("client")
    if client and not _is_trusted(client[0]):
        return quotas.network_of(client[0])
    try:
        return quotas.network_of(_last(headers.get(b"x-forwarded-for", b"").decode("latin-1")))
    except ValueError:
        return ""


def _last(header: str) -> str:
    """The visitor, as the nearest proxy saw them."""
    addresses = [part.strip() for part in header.split(",")]
    while len(addresses) > 1 and _is_trusted(addresses[-1]):
        addresses.pop()
    return addresses[-1]


def _is_trusted(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in ipaddress.ip_network(network, strict=False) for network in settings.TRUSTED_PROXIES)
