"""The cache of one process, with atomic counters."""

from __future__ import annotations

from threading import Lock

from django.core.cache.backends.locmem import LocMemCache

_counting = Lock()  # Django makes a cache object for each thread; their content is shared


class ProcessCache(LocMemCache):
    def count(self, key: str, seconds: int, by: int = 1) -> int:
        """Add to a counter and return it. The counter expires ``seconds`` after its first count; it never falls below
        0, and a negative ``by`` does not create it."""
        with _counting:
            found = self.get(key)
            if found is None:
                if by > 0:
                    self.set(key, by, seconds)
                return max(by, 0)
            if by < -found:
                by = -found
            try:
                return self.incr(key, by)
            except ValueError:  # expired between the two lines
                return max(by, 0)
