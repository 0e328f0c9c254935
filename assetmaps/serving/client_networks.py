"""The network of a client, for the limits of the server; also behind trusted proxies."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings

from accounts import rate_limits
from assetmaps.proxy_headers import Proxies
from assetmaps.serving import wsgi_environ

Client = tuple[str, int] | None


def peer_network(client: Client) -> str:
    """The network of the other end of the connection; empty for a trusted proxy and for a Unix socket."""
    peer, ip = _proxies().peer(client[0] if client else "")
    return "" if peer.is_trusted or ip is None else rate_limits.network_of(str(ip))


def client_network(scope: dict[str, Any]) -> str:
    """The network of the visitor; empty when it is unknown."""
    client: Client = scope.get("client")
    peer, ip = _proxies().peer(client[0] if client else "")
    if peer.is_trusted:
        ip = _proxies().visitor(wsgi_environ.header(scope, b"x-forwarded-for").decode("latin-1"), peer).address
    return rate_limits.network_of(str(ip)) if ip else ""


def _proxies() -> Proxies:
    return _made(tuple(settings.TRUSTED_PROXIES))


@lru_cache(maxsize=1)
def _made(trusted: tuple[str, ...]) -> Proxies:
    return Proxies(trusted)
