"""The cache of one process, with counts."""

from __future__ import annotations

from threading import Lock

from django.core.cache.backends.locmem import LocMemCache

_counting = Lock()  # Django makes a cache object for each thread; what they hold is shared


class ProcessCache(LocMemCache):
    def count(self, key: str, seconds: int, by: int = 1) -> int:
        """Add to a count and return it. It begins with the first and ends ``seconds`` later. It never falls below 0,
        and taking off does not begin one."""
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
            except ValueError:  # its time ended between the two lines
                return max(by, 0)
