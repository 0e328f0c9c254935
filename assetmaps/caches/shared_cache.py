"""The cache that all processes share, Redis, and what replaces it in this process while it does not answer.

Limits stay: each process goes on counting from the last number it saw, to the same limit, and adds what it counted
when Redis is back. So while Redis is out, the limit holds for each process instead of for all of them together. What is
kept of providers is asked anew and kept in the process.

Own code, because the kept libraries either let everything pass while Redis is out (django-redis, IGNORE_EXCEPTIONS) or
begin every count anew in another cache (django-cache-fallback), and each request waits anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from itertools import count as count_up
from threading import Lock
from typing import Any

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts import limits
from assetmaps.caches.connections import SECONDS, Connections
from assetmaps.caches.process_cache import ProcessCache
from assetmaps.outages import Circuit

# One step: between asking whether a key is there and adding to it, it can end, and INCR would then make one that never
# does. What an earlier version left without an end gets one here too.
COUNT = """
local by = tonumber(ARGV[1])
if by <= 0 and redis.call('EXISTS', KEYS[1]) == 0 then return {0, 0} end
local count = redis.call('INCRBY', KEYS[1], by)
if count < 0 then count = redis.call('INCRBY', KEYS[1], -count) end
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {count, redis.call('TTL', KEYS[1])}
"""
# No second try: the first has taken all of the time that a visitor may wait.
OPTIONS = {
    "pool_class": Connections,
    "socket_timeout": SECONDS,
    "socket_connect_timeout": SECONDS,
    "retry": Retry(NoBackoff(), 0),
}


_names = count_up()


class Out(Exception):  # noqa: N818 - never leaves this module
    """Redis does not answer, or is left alone for a moment."""


class Replacement:
    """What this process has instead, for all its threads; Django makes a cache object for each thread."""

    def __init__(self, prefix: str) -> None:
        own = {"KEY_PREFIX": prefix, "OPTIONS": {"MAX_ENTRIES": limits.CACHE_ENTRIES}}
        self.circuit = Circuit("the cache", limits.CACHE_REST)
        # `owed` is counted here and not there yet. Each has a name of its own, under which Django keeps its content.
        self.values, self.counts, self.owed = (ProcessCache(f"replacement {next(_names)}", own) for _ in range(3))
        self._deleted: dict[str, None] = {}  # here and not there yet
        self._lock = Lock()

    def take_owed(self, key: str) -> int:
        """Read and remove, so that nothing is added twice."""
        with self._lock:
            found = self.owed.get(key, 0)
            if found:
                self.owed.delete(key)
        return found

    def take_deleted(self) -> list[str]:
        if not self._deleted:
            return []
        with self._lock:
            keys, self._deleted = list(self._deleted), {}
        return keys

    def note_deleted(self, keys: list[str]) -> None:
        with self._lock:
            self._deleted |= dict.fromkeys(keys)
            while len(self._deleted) > limits.CACHE_ENTRIES:
                self._deleted.pop(next(iter(self._deleted)))

    def forget(self, key: str) -> bool:
        return sum(store.delete(key) for store in (self.values, self.counts, self.owed)) > 0


@lru_cache(maxsize=8)
def replacement_of(location: str, prefix: str) -> Replacement:
    return Replacement(prefix)


class SharedCache(BaseCache):
    """A backend for ``CACHES``; ``location`` as for Django's `RedisCache`."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis = RedisCache(location, params | {"OPTIONS": OPTIONS | params.get("OPTIONS", {})})
        self._own: Replacement = replacement_of(str(location), self.key_prefix)

    def count(self, key: str, seconds: int, by: int = 1) -> int:
        """As `ProcessCache.count`, for all processes together."""
        owed = self._own.take_owed(key)
        try:
            count, left = self._there(partial(self._count, key, seconds, by + owed))
        except Out:
            self._own.owed.count(key, seconds, by + owed)
            return self._own.counts.count(key, seconds, by)
        self._own.counts.set(key, count, left)
        return count

    def _count(self, key: str, seconds: int, by: int) -> tuple[int, int]:
        """The count there, and for how many seconds yet."""
        name = self._redis.make_and_validate_key(key)
        count, left = self._redis._cache.get_client(name, write=True).eval(COUNT, 1, name, by, seconds)
        return int(count), int(left)

    def _there(self, ask: Callable[[], Any]) -> Any:
        """What Redis says. Raises Out."""
        if not self._own.circuit.admits():
            raise Out
        deleted = self._own.take_deleted()
        try:
            if deleted:
                self._redis.delete_many(deleted)
            answer = ask()
        except (redis.RedisError, OSError) as fault:
            self._own.note_deleted(deleted)
            self._failed(fault)
            raise Out from None
        if self._own.circuit.worked():
            self._own.values.clear()  # so that the next outage does not bring them back
        return answer

    def _failed(self, fault: Exception) -> None:
        # The kind only: the text may hold the address, and with it the password.
        self._own.circuit.failed(type(fault).__name__)
        for pool in self._redis._cache._pools.values():  # type: ignore[attr-defined]
            pool.disconnect(inuse_connections=False)  # the next one goes where the name leads by then

    def _ask(self, what: str, *args: Any) -> Any:
        try:
            return self._there(partial(getattr(self._redis, what), *args))
        except Out:
            return getattr(self._own.values, what)(*args)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask("add", key, value, timeout, version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask("get", key, default, version)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask("set", key, value, timeout, version)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask("touch", key, timeout, version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._ask("incr", key, delta, version))

    def delete(self, key: str, version: int | None = None) -> bool:
        here = self._own.forget(key)
        try:
            return bool(self._there(partial(self._redis.delete, key, version)))
        except Out:
            self._own.note_deleted([key])
            return here

    def clear(self) -> None:
        for store in (self._own.values, self._own.counts, self._own.owed):
            store.clear()
        self._ask("clear")
