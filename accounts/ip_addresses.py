"""How an IP address is written, as plain functions: what a proxy or a server hands over, and which networks it is in.

The standard library reads an address alone; the forms that proxies send (with a port, in brackets) it does not know.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

LONGEST = 100  # characters; a longer text is no address
BRACKETS = re.compile(r"\[([^\[\]]+)\](?::[0-9]{1,5})?")
PORT = re.compile(r":[0-9]{1,5}$")
# NAT64 (RFC 6052 section 2.1): IPv4 visitors of an IPv6-only server. Otherwise they would count as one network.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@lru_cache(maxsize=64)  # one request asks four times
def parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address in one part of a header or in REMOTE_ADDR; None when there is none in it.

    Takes `203.0.113.7`, `203.0.113.7:51008`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`, each also in double
    quotes and with a zone (`fe80::1%eth0`). An IPv4 address inside an IPv6 one comes out as IPv4.
    """
    if len(text) > LONGEST:
        return None
    bare = text.strip(" \t").removeprefix('"').removesuffix('"')
    if found := BRACKETS.fullmatch(bare):
        return _address(found[1]) if ":" in found[1] else None
    # An IPv6 address without brackets may itself end in what looks like a port, so as a whole first.
    return _address(bare) or _address(PORT.sub("", bare))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if ip.version == 6 and (ip.ipv4_mapped or ip in NAT64):
        ip = ip.ipv4_mapped or IPv4Address(int(ip) & 0xFFFFFFFF)
    return None if ip.is_unspecified else ip


def network(ip: IPv4Address | IPv6Address, bits: int) -> str:
    """The IPv6 network of so many bits; an IPv4 address is a network of its own."""
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, bits), strict=False))
