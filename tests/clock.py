"""Later, for the program and for a cache that has a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import time_machine
from django.core.cache import cache
from django.utils import timezone

from assetmaps.caches.shared_cache import SharedCache


@contextmanager
def later(by: timedelta) -> Iterator[None]:
    """So much later; at the end it is now again. What expired meanwhile is gone."""
    with time_machine.travel(timezone.now() + by, tick=True):
        _move_expiry(-by)
        yield
    _move_expiry(by)


def _move_expiry(by: timedelta) -> None:
    """Redis goes by the real time, so its entries are moved instead."""
    shared = cache._connections["default"]
    if not isinstance(shared, SharedCache):
        return
    redis = shared._redis._cache.get_client()
    for key in list(redis.scan_iter()):
        left = redis.pttl(key)
        if left > 0:
            redis.pexpire(key, max(left + by // timedelta(milliseconds=1), 0))
