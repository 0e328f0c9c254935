"""Reading request bodies, with limits on their size, duration and number."""

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
    """The client closed the connection."""


class TooLargeError(Exception):
    """The body is larger than its address accepts."""


def declared_length(scope: dict[str, Any]) -> int | None:
    """Bytes of the body; None when the length is unknown (chunked)."""
    if wsgi_environ.header(scope, b"transfer-encoding"):
        return None
    return int(wsgi_environ.header(scope, b"content-length") or 0)


def is_acceptable(scope: dict[str, Any]) -> bool:
    """Whether to read the body at all. Without the CSRF cookie Django refuses every form before it reads it, except at
    addresses without CSRF check; so do not wait for the body."""
    if f"{settings.CSRF_COOKIE_NAME}=".encode() in wsgi_environ.header(scope, b"cookie"):
        return True
    try:
        return getattr(resolve(scope["path"]).func, "csrf_exempt", False)
    except (Resolver404, ValueError):
        return False


def max_size(path: str) -> int:
    """In bytes: the limit of every page, or the higher one of a view for uploads (``largest_body``)."""
    try:
        return getattr(resolve(path).func, "largest_body", limits.LARGEST_BODY)
    except (Resolver404, ValueError):
        return limits.LARGEST_BODY


async def read(receive: Receive, most: int) -> bytes:
    """The whole body. Raises DisconnectedError, and TooLargeError beyond ``most`` bytes."""
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
    """The bodies being read: BODIES_AT_ONCE in all, BODIES_AN_ADDRESS of one network, LARGE_BODIES_AT_ONCE above
    LARGEST_BODY. Beyond that the oldest is cancelled, not the new one: a real form arrives within a moment."""

    def __init__(self) -> None:
        self._all: dict[asyncio.Timeout, tuple[str, bool]] = {}

    @asynccontextmanager
    async def reading(self, network: str, size: int) -> AsyncIterator[None]:
        """Wraps the reading of a body of at most ``size`` bytes. Raises TimeoutError when it takes too long or is
        cancelled.

        ``network``: empty when the proxy does not send it; then many visitors share one, higher limit.
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
