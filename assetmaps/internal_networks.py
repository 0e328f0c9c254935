"""Whether a request comes from a network of the operator (`INTERNAL_NETWORKS`), for details that visitors never see."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

from accounts import ip_addresses
from assetmaps.proxy_headers import FOR, PEER, PROTO, Proxies

# What a proxy adds. From one that is not in TRUSTED_PROXIES it makes every visitor look like the proxy itself, which
# may stand on this machine.
SIGNS_OF_A_PROXY = (FOR, PROTO, "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST")


def is_inside(request: HttpRequest) -> bool:
    """By the address of the visitor that a trusted proxy tells; without a sign of a proxy by that of the other end."""
    peer = request.META.get(PEER)
    address = request.META.get("REMOTE_ADDR", "")
    if any(sign in request.META for sign in SIGNS_OF_A_PROXY):
        if not (peer and peer.is_trusted):
            return False
    elif peer:
        address = peer.name  # also of a trusted proxy: somebody on that machine asks by themselves
    ip = ip_addresses.parse(address)
    return ip is not None and ip in _networks(tuple(settings.INTERNAL_NETWORKS))


@lru_cache(maxsize=2)
def _networks(names: tuple[str, ...]) -> Proxies:
    return Proxies(names)
