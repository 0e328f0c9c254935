"""From which network a visitor comes, for the bounds of the server: also behind the proxies that are trusted."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings

from accounts import quotas
<<<<<<< HEAD
from assetmaps.proxy_headers import Proxies
=======
from assetmaps.serving import environ
>>>>>>> 08ceb79 (Let the oldest slow body or silent connection give way, and test both)

Client = tuple[str, int] | None


<<<<<<< HEAD
def stranger(client: Client) -> str:
=======
def forwarded(application: Application) -> Application:
    """Wrap a WSGI application: behind trusted proxies it sees the address and the scheme of the visitor."""

    def behind(given: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if _is_trusted(given["REMOTE_ADDR"]):
            given["REMOTE_ADDR"] = _last(given.get("HTTP_X_FORWARDED_FOR", "")) or given["REMOTE_ADDR"]
            scheme = given.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
            given["wsgi.url_scheme"] = "https" if scheme == "https" else "http"
        return application(given, start_response)

    return behind


def stranger(client: tuple[str, int] | None) -> str:
>>>>>>> 08ceb79 (Let the oldest slow body or silent connection give way, and test both)
    """The network of who opened a connection; empty for a trusted proxy and for a socket of this machine."""
    peer, ip = _proxies().peer(client[0] if client else "")
    return "" if peer.is_trusted or ip is None else quotas.network_of(str(ip))


def network(scope: dict[str, Any]) -> str:
    """The network of the visitor; empty when it is not known."""
<<<<<<< HEAD
    client: Client = scope.get("client")
    peer, ip = _proxies().peer(client[0] if client else "")
    if peer.is_trusted:
        ip = _proxies().visitor(headers.get(b"x-forwarded-for", b"").decode("latin-1"), peer).address
    return quotas.network_of(str(ip)) if ip else ""
=======
    client = scope.get("client")
    if client and not _is_trusted(client[0]):
        return quotas.network_of(client[0])
    try:
        return quotas.network_of(_last(environ.header(scope, b"x-forwarded-for").decode("latin-1")))
    except ValueError:
        return ""
>>>>>>> 08ceb79 (Let the oldest slow body or silent connection give way, and test both)


def _proxies() -> Proxies:
    return _made(tuple(settings.TRUSTED_PROXIES))


@lru_cache(maxsize=1)
def _made(trusted: tuple[str, ...]) -> Proxies:
    return Proxies(trusted)
