"""Host names and IP addresses, in the form in which Django and the server compare them."""

from __future__ import annotations

import ipaddress
import re

from assetmaps.configuration.errors import UnreadableError

LABELS = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
LONGEST_NAME = 253  # characters (RFC 1035)
# A wider network would contain visitors too, who could then choose their own address.
WIDEST = {4: 8, 6: 16}


def host(text: str) -> str:
    """A host as a browser sends it: lower case, no final dot, "xn--" for letters outside ASCII, IPv6 in brackets.

    Raises UnreadableError.
    """
    if text.count(":") > 1 and "%" not in text:
        bare = text[1:-1] if text[0] + text[-1] == "[]" else text
        try:
            return f"[{ipaddress.IPv6Address(bare)}]"
        except ValueError:
            raise UnreadableError("names a host that is no IPv6 address; a port or scheme is not part of it.") from None
    name = text.lower().removesuffix(".")
    if not name.isascii():
        import idna  # here, to save start-up time: few names have such letters

        try:
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError:
            name = ""
    if len(name) > LONGEST_NAME or not LABELS.fullmatch(name):
        raise UnreadableError("is not the name of a host; leave out scheme, port, path and quotes.")
    return name


def allowed_host(text: str) -> str:
    """One entry of ALLOWED_HOSTS: a host, `.example.com` for its subdomains as well, or `*`.

    Raises UnreadableError.
    """
    if text == "*":
        return text
    if text.startswith("*."):
        raise UnreadableError("begins with *; write .example.com for example.com and every name below it.")
    return f".{host(text[1:])}" if text.startswith(".") else host(text)


def network(text: str) -> str:
    """One entry of TRUSTED_PROXIES: an address or a network; IPv4-mapped IPv6 becomes IPv4.

    Raises UnreadableError.
    """
    if text == "*":
        raise UnreadableError("is *, which would believe every visitor; name addresses or networks.")
    try:
        found = ipaddress.ip_network(text, strict=False)
        exact = ipaddress.ip_interface(text)
    except ValueError:
        raise UnreadableError("is neither an IP address nor a network such as 10.0.0.0/8.") from None
    mapped = exact.ip.ipv4_mapped if isinstance(exact, ipaddress.IPv6Interface) else None
    if mapped is not None:
        return network(f"{mapped}/{max(found.prefixlen - 96, 0)}" if "/" in text else str(mapped))
    if exact.ip != found.network_address:
        raise UnreadableError("names a machine and a network at once: write the first address of the network, or no /.")
    if found.prefixlen < WIDEST[found.version]:
        raise UnreadableError("is so wide a network that it would believe visitors too; name that of the proxies.")
    return str(found) if "/" in text else str(found.network_address)


def name_server(text: str) -> str:
    """One entry of DNS_RESOLVERS: an IP address with an optional port. Raises UnreadableError."""
    address, port = text, "53"
    if text.startswith("["):
        address, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            address = ""
        port = rest[1:] if rest else port
    elif text.count(":") == 1:
        address, _colon, port = text.partition(":")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise UnreadableError("is no IP address, or one with a port such as [2001:db8::53]:53.") from None
    port_number(port)
    return text


def host_and_port(text: str) -> str:
    """One entry of SSO_ALLOWED_PRIVATE_ADDRESSES: ``host:port``, IPv6 without brackets, as it is compared.

    Raises UnreadableError.
    """
    name, colon, port = text.rpartition(":")
    if not colon or (name.count(":") > 1 and not name.startswith("[")):
        raise UnreadableError("is not host:port.")
    port_number(port)
    return f"{host(name).strip('[]')}:{port}"


def listening(text: str) -> str:
    """``host:port`` on which this program listens, or "" for none. Raises UnreadableError."""
    return host_and_port(text) if text else ""


def port_number(text: str) -> int:
    """Raises UnreadableError."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 65535):
        raise UnreadableError("has a port that is not a number from 1 to 65535.")
    return int(text)
