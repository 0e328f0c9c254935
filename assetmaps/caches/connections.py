"""Connections to Redis that are never waited for longer than `limits.CACHE_TIMEOUT`, whatever the delay."""

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
    """One pool for each process: threads do not survive a fork."""
    return ThreadPoolExecutor(max_workers=limits.CACHE_CONNECTING, thread_name_prefix="cache")


class Connections(redis.ConnectionPool):
    """redis-py has a timeout for each step of connecting, but none for the DNS lookup: a dead name server would block
    every request. So another thread connects, with one timeout for the whole."""

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
