"""Bodies of requests: which are read at all, how large, how long and how many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve

from accounts import limits
from assetmaps.serving import wsgi_environ

Receive = Callable[[], Awaitable[dict[str, Any]]]


class DisconnectedError(Exception):
    """The visitor closed the connection."""


class TooLargeError(Exception):
    """More than the address takes."""


def declared_length(scope: dict[str, Any]) -> int | None:
    """Bytes that will come; None when there is a body of unknown length (chunked)."""
    if wsgi_environ.header(scope, b"transfer-encoding"):
        return None
    return int(wsgi_environ.header(scope, b"content-length") or 0)


def is_acceptable(scope: dict[str, Any]) -> bool:
    """Whether anything can come of the body. Without the cookie of the CSRF check Django refuses every form before it
    reads it, except at addresses that other programs call; so there is no need to wait for it."""
    if f"{settings.CSRF_COOKIE_NAME}=".encode() in wsgi_environ.header(scope, b"cookie"):
        return True
    try:
        return getattr(resolve(scope["path"]).func, "csrf_exempt", False)
    except (Resolver404, ValueError):
        return False


def max_size(path: str) -> int:
    """In bytes: what every page takes, or what its view asks for because files are uploaded there."""
    try:
        return getattr(resolve(path).func, "largest_body", limits.LARGEST_BODY)
    except (Resolver404, ValueError):
        return limits.LARGEST_BODY


async def read(receive: Receive, most: int) -> bytes:
    """The whole body. Raises GoneError, and TooLargeError beyond ``most`` bytes."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        body += message.get("body", b"")
        if len(body) > most:
            raise TooLargeError
        if not message.get("more_body", False):
            return bytes(body)


class PendingBodies:
    """The bodies under way: BODIES_AT_ONCE in all, BODIES_AN_ADDRESS of one network, LARGE_BODIES_AT_ONCE above
    LARGEST_BODY. Beyond that the oldest gives way, not the new one: a form arrives in a moment, so one that does not is
    hardly a visitor's."""

    def __init__(self) -> None:
        self._all: dict[asyncio.Timeout, tuple[str, bool]] = {}

    @asynccontextmanager
    async def reading(self, network: str, size: int) -> AsyncIterator[None]:
        """While a body of at most ``size`` bytes is read. Raises TimeoutError when it takes too long or gives way.

        ``network``: empty when a proxy does not tell it; its visitors must not share the bound of one.
        """
        is_large = size > limits.LARGEST_BODY
        if is_large:
            large_ones = [deadline for deadline, (_own, large) in self._all.items() if large]
            self._cancel_oldest(large_ones, limits.LARGE_BODIES_AT_ONCE)
        most = limits.BODIES_AN_ADDRESS * (1 if network else limits.NETWORK_UNREADABLE)
        self._cancel_oldest([deadline for deadline, (own, _large) in self._all.items() if own == network], most)
        self._cancel_oldest(list(self._all), limits.BODIES_AT_ONCE)
        seconds = limits.BODY_DEADLINE.total_seconds() * max(1, size / limits.LARGEST_BODY)
        async with asyncio.timeout(seconds) as deadline:
            self._all[deadline] = network, is_large
            try:
                yield
            finally:
                self._all.pop(deadline, None)

    def _cancel_oldest(self, some: list[asyncio.Timeout], most: int) -> None:
        if len(some) >= most:
            oldest = some[0]
            del self._all[oldest]
            if not oldest.expired():
                oldest.reschedule(asyncio.get_running_loop().time())
