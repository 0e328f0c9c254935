"""Which URLs may be requested: https, at public IP addresses (ASVS 13.2.4)."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from django.conf import settings

from accounts.sso.refusal_reasons import Reason, RefusedError
from accounts.unicode_text import split_address

# Addresses in these networks hold an IPv4 address in their last 32 bits (RFC 6052, RFC 4291 section 2.5.5).
EMBEDDED_IPV4 = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "::/96"))
# Site-local, 6to4 relay and local-use translation (RFC 8215) addresses, which Python counts as public.
NOT_PUBLIC = tuple(ipaddress.ip_network(net) for net in ("fec0::/10", "192.88.99.0/24", "64:ff9b:1::/48"))
SocketAddress = tuple[Any, ...]


def is_permitted(address: str) -> bool:
    """May this URL be requested, by its scheme and host as written?"""
    try:
        parts = split_address(address)
        port = parts.port
    except ValueError:
        return False
    if parts.username is not None or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_exception(parts.hostname, port or 80))


def _is_exception(host: str, port: int | None) -> bool:
    return f"{host.lower()}:{port}" in settings.SSO_ALLOWED_PRIVATE_ADDRESSES


def resolve_checked(host: str, port: int) -> list[tuple[int, int, int, SocketAddress]]:
    """The addresses that the name resolves to now. Raises RefusedError when one of them is not public."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not _is_exception(host, port) and not all(is_public(str(place[0])) for *_what, place in found):
        raise RefusedError(Reason.PRIVATE_ADDRESS)
    return [(family, kind, protocol, place) for family, kind, protocol, _name, place in found]


def is_public(text: str) -> bool:
    """Is this IP address public, and so the IPv4 address that it may embed?"""
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if inner is None and any(ip in net for net in EMBEDDED_IPV4):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None and not is_public(str(inner)):
            return False
    unusable = ip.is_multicast or any(ip in net for net in NOT_PUBLIC if net.version == ip.version)
    mapped = isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None
    return (ip.is_global or mapped) and not unusable
