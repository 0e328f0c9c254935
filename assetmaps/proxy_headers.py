"""What proxies in front say about the visitor: the address (`X-Forwarded-For`) and whether it was https
(`X-Forwarded-Proto`). Both count from the proxies named in `TRUSTED_PROXIES` only, because anybody can send them.

Own code instead of the server's: servers read the plainest form only (no port, no brackets, one protocol, no IPv4
address inside an IPv6 one), keep what they cannot read, and say nothing about it. `Forwarded` (RFC 7239), `X-Real-IP`
and the like are ignored: a proxy that writes one kind of header passes on what a visitor wrote in another.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

from accounts import ip_addresses
from accounts.audit.origin import VIA

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Address = IPv4Address | IPv6Address

PEER = "portal.peer"
FOR, PROTO = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"
LONGEST_CHAIN = 10  # trusted proxies behind each other
WIDE = "Limits by network count all its visitors together, with a wide limit, until that is mended."
FORGOTTEN = (
    "{} handed a request on for somebody else and is not in TRUSTED_PROXIES. If it is a proxy of yours, all its "
    "visitors count as one network address until it is."
)
LOOPBACK = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))


@dataclass(frozen=True)
class Peer:
    """Whoever opened the connection to this server. ``name``: for the log; ``fault``: what is wrong with what it told
    about the visitor's address, a sentence for the operator; ``hint``: what may be wrong, and any visitor can cause."""

    name: str
    is_trusted: bool
    fault: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Visitor:
    """``address``: None when not known; ``writer``: the proxy that was asked for it; ``hops``: trusted proxies between
    that one and us; ``fault`` and ``hint`` as above."""

    address: Address | None
    writer: str
    hops: int = 0
    fault: str = ""
    hint: str = ""


class Proxies:
    """The proxies that are believed."""

    def __init__(self, trusted: Sequence[str]) -> None:
        """``trusted``: addresses and networks; raises ValueError when one is neither."""
        self._networks = [_network(text) for text in trusted]

    def __contains__(self, ip: Address) -> bool:
        return any(ip in network for network in self._networks if network.version == ip.version)

    def peer(self, remote: str) -> tuple[Peer, Address | None]:
        """Over a Unix socket the server tells no address: that is this machine, so it is trusted like loopback."""
        ip = ip_addresses.parse(remote)
        if ip is None:
            return Peer("a socket of this machine", any(own in self for own in LOOPBACK)), None
        return Peer(str(ip), ip in self), ip

    def visitor(self, header: str, peer: Peer) -> Visitor:
        """From the right, where the nearest proxy wrote, to the first address that is not one of these proxies.

        Left of that a visitor may have written anything. When all are these proxies, the first one began it.
        """
        if not header.strip():
            return Visitor(None, peer.name, fault=f"Proxy {peer.name} sends no X-Forwarded-For. {WIDE}")
        entries = header.rsplit(",", LONGEST_CHAIN)[::-1]
        writer = peer.name
        for hops, entry in enumerate(entries):
            ip = ip_addresses.parse(entry)
            if ip is None:
                fault = f"Proxy {writer} sends an X-Forwarded-For that is no address: {entry.strip()!r:.60}. {WIDE}"
                return Visitor(None, writer, hops, fault)
            is_first = hops == len(entries) - 1
            if ip not in self or is_first:
                return Visitor(ip, writer, hops, hint=FORGOTTEN.format(ip) if ip.is_private and not is_first else "")
            writer = str(ip)
        raise AssertionError(entries)  # the loop returns at the last entry


def _network(text: str) -> IPv4Network | IPv6Network:
    network = ipaddress.ip_network(text.strip(), strict=False)
    if network.version == 6 and network.prefixlen >= 96 and (inner := network.network_address.ipv4_mapped):
        return ipaddress.ip_network((inner, network.prefixlen - 96), strict=False)
    return network


def read(application: Application, trusted: Sequence[str]) -> Application:
    """Wrap a WSGI application: behind the proxies it sees the visitor's address and scheme, whatever the server is."""
    proxies = Proxies(trusted)

    def behind(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        peer, ip = proxies.peer(environ.get("REMOTE_ADDR", ""))
        visitor = proxies.visitor(environ.get(FOR, ""), peer) if peer.is_trusted else Visitor(ip, peer.name)
        environ["REMOTE_ADDR"] = str(visitor.address) if visitor.address else ""
        environ[VIA] = "" if visitor.address else visitor.writer
        environ[PEER] = replace(peer, fault=visitor.fault, hint=visitor.hint)
        if peer.is_trusted and (scheme := scheme_of(environ.get(PROTO, ""), visitor.hops)):
            environ["wsgi.url_scheme"] = scheme
        return application(environ, start_response)

    return behind


def scheme_of(header: str, hops: int = 0) -> str:
    """What the proxy said that the visitor came to; empty when it is neither http nor https.

    Each proxy writes behind what was there, so the nearest one's value is the last. ``hops``: trusted proxies that the
    visitor's address was handed on by; theirs stand as far to the left. A single value is that of the whole chain.
    """
    values = [value.strip(' \t"').lower() for value in header[-200:].split(",") if value.strip()]
    said = values[-1 - min(hops, len(values) - 1)] if values else ""
    return said if said in ("http", "https") else ""
