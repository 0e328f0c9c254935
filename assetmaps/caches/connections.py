"""Connections to Redis, of which none is waited for longer than `limits.CACHE_TIMEOUT`, whatever holds it up."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import redis

from accounts import limits

SECONDS = limits.CACHE_TIMEOUT.total_seconds()


@lru_cache(maxsize=1)
def _threads(process: int) -> ThreadPoolExecutor:
    """Of this process: a fork takes no threads along."""
    return ThreadPoolExecutor(max_workers=limits.CACHE_CONNECTING, thread_name_prefix="cache")


class Connections(redis.ConnectionPool):
    """redis-py bounds each step of connecting by itself, and looking up the host's name not at all: a dead name server
    would hold every request. So a connection is got in another thread, and waited for as a whole."""

    def get_connection(self, *args: Any, **options: Any) -> Any:
        task = _threads(os.getpid()).submit(super().get_connection, *args, **options)
        try:
            return task.result(SECONDS)
        except TimeoutError:
            if not task.cancel():
                task.add_done_callback(self._give_back)
            raise redis.TimeoutError("no connection in time") from None

    def _give_back(self, late: Future) -> None:
        if late.exception() is None:
            self.release(late.result())
