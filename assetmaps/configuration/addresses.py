"""Parses URLs strictly, so that no part of a password is taken for a host, a port or a path."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes, urlsplit

from assetmaps.configuration.errors import UnreadableError
from assetmaps.configuration.host_names import host, port_number

ENCODE = (
    "has a sign that would end its user or password too early. In those write % as %25, / as %2F, ? as %3F, # as %23, "
    "@ as %40, [ as %5B and ] as %5D."
)
HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
HOST_AND_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::(.*))?", re.DOTALL)
STANDARD_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """``user`` and ``password`` are decoded, and None when absent; the rest is unchanged."""

    scheme: str
    user: str | None
    password: str | None
    hosts: tuple[tuple[str, int | None], ...]
    path: str
    query: str

    @property
    def credentials(self) -> str:
        """The part before the host, with every special character encoded; "" when there is none."""
        if self.user is None:
            return ""
        password = "" if self.password is None else ":" + quote(self.password, safe="")
        return f"{quote(self.user, safe='')}{password}@"

    @property
    def place(self) -> str:
        """The hosts with their ports."""
        return ",".join(name if port is None else f"{name}:{port}" for name, port in self.hosts)


def split(text: str, schemes: Collection[str]) -> Address:
    """The parts of a URL with one of the schemes. Raises UnreadableError."""
    scheme, slashes, _rest = text.partition("://")
    known = ", ".join(f"{name}://" for name in schemes)
    if not slashes or scheme.lower() not in schemes:
        raise UnreadableError(f"has to begin with one of: {known}.")
    if " " in text:
        raise UnreadableError("contains a space; write it as %20.")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise UnreadableError(ENCODE) from None
    if HALF_ENCODED.search(text) or "#" in text or "@" in parts.path + parts.query:
        raise UnreadableError(ENCODE)
    userinfo, at, place = parts.netloc.rpartition("@")
    user, colon, password = userinfo.partition(":")
    return Address(
        parts.scheme,
        _decoded(user) if at else None,
        _decoded(password) if colon else None,
        tuple(_host_and_port(one) for one in place.split(",")),
        parts.path,
        parts.query,
    )


def _decoded(text: str) -> str:
    """Raises UnreadableError when it is not UTF-8, or contains unprintable characters."""
    try:
        plain = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        plain = "\0"
    if not plain.isprintable():
        raise UnreadableError("has a user or password in which a %-sign stands for no character of UTF-8.")
    return plain


def _host_and_port(text: str) -> tuple[str, int | None]:
    found = HOST_AND_PORT.fullmatch(text)
    if not found:
        raise UnreadableError(ENCODE)
    name, port = found.groups()
    return name, None if port is None else port_number(port)


def website(text: str) -> str:
    """``https://host`` or ``http://host``, in lower case, with a port unless it is the standard one.

    Raises UnreadableError.
    """
    beyond = "goes on after the host; leave the path and the query out."
    if "?" in text or "#" in text:
        raise UnreadableError(beyond)
    address = split(text, ("https", "http"))
    if address.user is not None:
        raise UnreadableError("names a user or password; leave that out.")
    if address.path.strip("/"):
        raise UnreadableError(beyond)
    if len(address.hosts) != 1:
        raise UnreadableError("names several hosts; it takes one.")
    name, port = address.hosts[0]
    port_part = f":{port}" if port and port != STANDARD_PORTS[address.scheme] else ""
    return f"{address.scheme}://{host(name)}{port_part}"


def endpoint(text: str) -> str:
    """The URL of a service, unchanged; "" stays "". Raises UnreadableError."""
    if text:
        address = split(text, ("https", "http"))
        if address.user is not None or "?" in text or len(address.hosts) != 1:
            raise UnreadableError("takes a host and a path, without user, password and query.")
        host(address.hosts[0][0])
    return text


def sentry(text: str) -> str:
    """A DSN of Sentry, ``https://key@host/number``; "" stays "". Raises UnreadableError."""
    if text:
        address = split(text, ("https", "http"))
        is_dsn = address.user and len(address.hosts) == 1 and address.path.rpartition("/")[2].isdecimal()
        if not is_dsn or "?" in text:
            raise UnreadableError("is not https://key@host/number as the Sentry server shows it.")
        host(address.hosts[0][0])
    return text
