"""Reads the visitor's address (`X-Forwarded-For`) and scheme (`X-Forwarded-Proto`) from trusted proxies only
(`TRUSTED_PROXIES`), because anybody can send these headers.

Own code instead of the server's: servers parse only the simplest form (no port, no brackets, one protocol, no
IPv4-mapped IPv6 address), keep what they cannot parse, and do not report it. `Forwarded` (RFC 7239), `X-Real-IP` and
the like are ignored: a proxy that sets one kind of header passes on what a visitor wrote in another.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, NamedTuple

from accounts import ip_addresses
from accounts.audit.origin import VIA

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Address = IPv4Address | IPv6Address

PEER = "portal.peer"
FOR, PROTO = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"
LONGEST_CHAIN = 10  # trusted proxies in a row
WIDE_LIMIT = "Limits by network count all its visitors together, with a wide limit, until that is mended."
UNTRUSTED_PROXY = (
    "{} handed a request on for somebody else and is not in TRUSTED_PROXIES. If it is a proxy of yours, all its "
    "visitors count as one network address until it is."
)
LOOPBACK = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))


class Peer(NamedTuple):
    """The other end of the connection to this server. ``name``: for the log; ``fault``: what is wrong with the
    visitor's address that it sent, a sentence for the operator; ``hint``: the same for what a visitor can also cause.
    """

    name: str
    is_trusted: bool
    fault: str = ""
    hint: str = ""


class Visitor(NamedTuple):
    """``address``: None when unknown; ``writer``: the proxy that wrote it; ``hops``: trusted proxies between that one
    and this server; ``fault`` and ``hint`` as above."""

    address: Address | None
    writer: str
    hops: int = 0
    fault: str = ""
    hint: str = ""


class Proxies:
    """The trusted proxies."""

    def __init__(self, trusted: Sequence[str]) -> None:
        """``trusted``: addresses and networks; raises ValueError when one is neither."""
        self._networks = [_network(text) for text in trusted]

    def __contains__(self, ip: Address) -> bool:
        return any(ip in network for network in self._networks if network.version == ip.version)

    def peer(self, remote: str) -> tuple[Peer, Address | None]:
        """A Unix socket has no address: it is on this machine, so it is trusted like loopback."""
        ip = ip_addresses.parse(remote)
        if ip is None:
            return Peer("a socket of this machine", any(own in self for own in LOOPBACK)), None
        return Peer(str(ip), ip in self), ip

    def visitor(self, header: str, peer: Peer) -> Visitor:
        """The first address from the right, where the nearest proxy wrote, that is not a trusted proxy.

        A visitor may have written anything to the left of it. When all are trusted proxies, it is the leftmost one.
        """
        if not header.strip():
            return Visitor(None, peer.name, fault=f"Proxy {peer.name} sends no X-Forwarded-For. {WIDE_LIMIT}")
        entries = header.rsplit(",", LONGEST_CHAIN)[::-1]
        writer = peer.name
        for hops, entry in enumerate(entries):
            ip = ip_addresses.parse(entry)
            if ip is None:
                fault = (
                    f"Proxy {writer} sends an X-Forwarded-For that is no address: {entry.strip()!r:.60}. {WIDE_LIMIT}"
                )
                return Visitor(None, writer, hops, fault)
            is_first = hops == len(entries) - 1
            if ip not in self or is_first:
                hint = UNTRUSTED_PROXY.format(ip) if ip.is_private and not is_first else ""
                return Visitor(ip, writer, hops, hint=hint)
            writer = str(ip)
        raise AssertionError(entries)  # the loop returns at the last entry


def _network(text: str) -> IPv4Network | IPv6Network:
    network = ipaddress.ip_network(text.strip(), strict=False)
    if network.version == 6 and network.prefixlen >= 96 and (inner := network.network_address.ipv4_mapped):
        return ipaddress.ip_network((inner, network.prefixlen - 96), strict=False)
    return network


def apply(application: Application, trusted: Sequence[str]) -> Application:
    """Wrap a WSGI application, so that behind the proxies it sees the visitor's address and scheme with any server."""
    proxies = Proxies(trusted)

    def with_visitor(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        peer, ip = proxies.peer(environ.get("REMOTE_ADDR", ""))
        visitor = proxies.visitor(environ.get(FOR, ""), peer) if peer.is_trusted else Visitor(ip, peer.name)
        environ["REMOTE_ADDR"] = str(visitor.address) if visitor.address else ""
        environ[VIA] = "" if visitor.address else visitor.writer
        environ[PEER] = peer._replace(fault=visitor.fault, hint=visitor.hint)
        if peer.is_trusted and (scheme := scheme_of(environ.get(PROTO, ""), visitor.hops)):
            environ["wsgi.url_scheme"] = scheme
        return application(environ, start_response)

    return with_visitor


def scheme_of(header: str, hops: int = 0) -> str:
    """The scheme that the visitor used according to the proxy; empty when it is neither http nor https.

    Each proxy appends its value, so the nearest one's is the last. ``hops``: trusted proxies that passed on the
    visitor's address; the value is as many places to the left. A single value holds for the whole chain.
    """
    values = [value.strip(' \t"').lower() for value in header[-200:].split(",") if value.strip()]
    said = values[-1 - min(hops, len(values) - 1)] if values else ""
    return said if said in ("http", "https") else ""
