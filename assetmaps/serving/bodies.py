"""Bodies of requests: which are read at all, how large, how long and how many at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve

from accounts import limits

Receive = Callable[[], Awaitable[dict[str, Any]]]
WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class GoneError(Exception):
    """The visitor closed the connection."""


class TooLargeError(Exception):
    """More than the address takes."""


class BusyError(Exception):
    """So many bodies are under way already."""


def announced(headers: dict[bytes, bytes]) -> int | None:
    """Bytes that will come; None when there is a body of unknown length (chunked)."""
    if b"transfer-encoding" in headers:
        return None
    return int(headers.get(b"content-length", b"0"))


def is_wanted(path: str, headers: dict[bytes, bytes]) -> bool:
    """Whether anything can come of the body. Without the cookie of the CSRF check Django refuses every form before it
    reads it, except at addresses that other programs call; so there is no need to wait for it."""
    if f"{settings.CSRF_COOKIE_NAME}=".encode() in headers.get(b"cookie", b""):
        return True
    try:
        return getattr(resolve(path).func, "csrf_exempt", False)
    except (Resolver404, ValueError):
        return False


def largest(path: str) -> int:
    """In bytes: what every page takes, or what its view asks for because files are uploaded there."""
    try:
        return getattr(resolve(path).func, "largest_body", limits.LARGEST_BODY)
    except (Resolver404, ValueError):
        return limits.LARGEST_BODY


async def read(receive: Receive, most: int, seconds: float) -> bytes:
    """The whole body. Raises GoneError, TooLargeError (more than ``most`` bytes), TimeoutError (after ``seconds``)."""
    body = bytearray()
    async with asyncio.timeout(seconds):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise GoneError
            body += message.get("body", b"")
            if len(body) > most:
                raise TooLargeError
            if not message.get("more_body", False):
                return bytes(body)


class Unfinished:
    """Counts bodies under way, in all and by network address of the visitor."""

    def __init__(self) -> None:
        self._by_network: Counter[str] = Counter()

    @contextmanager
    def one(self, network: str) -> Iterator[None]:
        """Raises BusyError when there are BODIES_AT_ONCE in all or BODIES_AN_ADDRESS of this one.

        ``network``: empty when a proxy does not tell it; its visitors must not share the bound of one.
        """
        own = limits.BODIES_AN_ADDRESS * (1 if network else limits.NETWORK_UNREADABLE)
        if self._by_network.total() >= limits.BODIES_AT_ONCE or self._by_network[network] >= own:
            raise BusyError
        self._by_network[network] += 1
        try:
            yield
        finally:
            self._by_network[network] -= 1
            if not self._by_network[network]:
                del self._by_network[network]
