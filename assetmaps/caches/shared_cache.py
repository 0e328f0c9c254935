"""The cache that all processes share, Redis, and a local fallback for each process while Redis does not answer.

Rate limits stay: each process goes on counting from the last number it saw, up to the same limit, and adds its counts
to Redis when that is back. So during an outage the limit holds for each process instead of for all of them together.
Cached metadata of identity providers is fetched again and cached in the process.

Own code, because the maintained libraries either let everything pass during an outage (django-redis, IGNORE_EXCEPTIONS)
or restart every count in another cache (django-cache-fallback), and every request waits for the timeout.
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
from assetmaps.outages import CircuitBreaker

# One atomic step: a key can expire between a check that it exists and the INCR, which would then make a key without
# expiry. Keys that an earlier version left without expiry get one here too. The second key names the content of this
# Redis: another name than the caller knew means that Redis was emptied, or restarted without what it held, and then
# counting goes on from what the caller saw last.
COUNT = """
local by = tonumber(ARGV[1])
local content = redis.call('GET', KEYS[2])
if not content then
  content = table.concat(redis.call('TIME'), '.')
  redis.call('SET', KEYS[2], content)
end
if content ~= ARGV[4] and tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[3]) then
  redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[2])
end
if by <= 0 and redis.call('EXISTS', KEYS[1]) == 0 then return {0, 0, content} end
local count = redis.call('INCRBY', KEYS[1], by)
if count < 0 then count = redis.call('INCRBY', KEYS[1], -count) end
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {count, redis.call('TTL', KEYS[1]), content}
"""
CONTENT = "content"  # the name of the second key
# No retry: the first attempt has used all the time that a visitor may wait.
OPTIONS = {
    "pool_class": Connections,
    "socket_timeout": SECONDS,
    "socket_connect_timeout": SECONDS,
    "retry": Retry(NoBackoff(), 0),
}


_fallback_numbers = count_up()


class CacheUnavailableError(Exception):
    """Redis does not answer, or did not a moment ago. Never leaves this module."""


class LocalFallback:
    """The fallback of this process, shared by its threads; Django makes a cache object for each thread."""

    def __init__(self, prefix: str) -> None:
        own = {"KEY_PREFIX": prefix, "OPTIONS": {"MAX_ENTRIES": limits.CACHE_ENTRIES}}
        self.breaker = CircuitBreaker("the cache", limits.CACHE_REST)
        # `unsent`: counted in this process and not yet in Redis; `contents`: of Redis, in which a count was seen.
        # Django keeps the content of each under its own name.
        self.values, self.counts, self.unsent, self.contents = (
            ProcessCache(f"replacement {next(_fallback_numbers)}", own) for _ in range(4)
        )
        self._deleted: dict[str, None] = {}  # deleted in this process and not yet in Redis
        self._lock = Lock()

    def take_unsent(self, key: str) -> int:
        """Read and remove, so that nothing is added to Redis twice."""
        with self._lock:
            found = self.unsent.get(key, 0)
            if found:
                self.unsent.delete(key)
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
        stores = (self.values, self.counts, self.unsent, self.contents)
        return sum(store.delete(key) for store in stores) > 0

    def seen(self, key: str, unsent: int) -> tuple[int, str]:
        """The count in Redis when this process last saw it, and in which content; 0 when it did not, or it expired."""
        content = self.contents.get(key)
        return (max(self.counts.get(key, 0) - unsent, 0), content) if content else (0, "")

    def note(self, key: str, count: int, seconds: int, content: str) -> None:
        self.counts.set(key, count, seconds)
        self.contents.set(key, content, seconds)


@lru_cache(maxsize=8)
def local_fallback(location: str, prefix: str) -> LocalFallback:
    return LocalFallback(prefix)


class SharedCache(BaseCache):
    """A backend for ``CACHES``; ``location`` as for Django's `RedisCache`."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis = RedisCache(location, params | {"OPTIONS": OPTIONS | params.get("OPTIONS", {})})
        self._fallback: LocalFallback = local_fallback(str(location), self.key_prefix)

    def count(self, key: str, seconds: int, by: int = 1) -> int:
        """As `ProcessCache.count`, for all processes together. When Redis lost its content, counting goes on from the
        highest number that any process saw, and the period begins anew."""
        unsent = self._fallback.take_unsent(key)
        seen = self._fallback.seen(key, unsent)
        try:
            count, left, content = self._in_redis(partial(self._count, key, seconds, by + unsent, seen))
        except CacheUnavailableError:
            self._fallback.unsent.count(key, seconds, by + unsent)
            return self._fallback.counts.count(key, seconds, by)
        self._fallback.note(key, count, left, content)
        return count

    def _count(self, key: str, seconds: int, by: int, seen: tuple[int, str]) -> tuple[int, int, str]:
        """The count in Redis, the seconds until it expires, and the name of the content."""
        name, content = self._redis.make_and_validate_key(key), self._redis.make_and_validate_key(CONTENT)
        client = self._redis._cache.get_client(name, write=True)
        count, left, found = client.eval(COUNT, 2, name, content, by, seconds, *seen)
        return int(count), int(left), found.decode()

    def _in_redis(self, ask: Callable[[], Any]) -> Any:
        """The answer of Redis. Raises CacheUnavailableError."""
        if not self._fallback.breaker.allows_request():
            raise CacheUnavailableError
        deleted = self._fallback.take_deleted()
        try:
            if deleted:
                self._redis.delete_many(deleted)
            answer = ask()
        except (redis.RedisError, OSError) as fault:
            self._fallback.note_deleted(deleted)
            self._failed(fault)
            raise CacheUnavailableError from None
        if self._fallback.breaker.record_success():
            self._fallback.values.clear()  # or the next outage would bring them back
        return answer

    def _failed(self, fault: Exception) -> None:
        # Only the type: the message may contain the URL, and with it the password.
        self._fallback.breaker.record_failure(type(fault).__name__)
        for pool in self._redis._cache._pools.values():  # type: ignore[attr-defined]
            pool.disconnect(inuse_connections=False)  # new connections resolve the host name again

    def server_memory(self) -> dict[str, Any] | None:
        """What Redis tells of its memory and its limit (INFO memory); None when it does not answer or may not tell."""
        try:
            found: dict[str, Any] = self._in_redis(lambda: self._redis._cache.get_client().info("memory"))
        except CacheUnavailableError:
            return None
        return found

    def answers(self) -> bool:
        """Whether Redis answers this process now, or answered a moment ago."""
        try:
            return bool(self._in_redis(lambda: self._redis._cache.get_client().ping()))
        except CacheUnavailableError:
            return False

    def _ask(self, what: str, *args: Any) -> Any:
        try:
            return self._in_redis(partial(getattr(self._redis, what), *args))
        except CacheUnavailableError:
            return getattr(self._fallback.values, what)(*args)

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
        here = self._fallback.forget(key)
        try:
            return bool(self._in_redis(partial(self._redis.delete, key, version)))
        except CacheUnavailableError:
            self._fallback.note_deleted([key])
            return here

    def clear(self) -> None:
        for store in (self._fallback.values, self._fallback.counts, self._fallback.unsent, self._fallback.contents):
            store.clear()
        self._ask("clear")
