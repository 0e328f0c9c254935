"""Wrong passwords from one network address. A whole office shares one, so it is a wait and never a lock.

Counted in the cache, before anything is hashed: it also bounds the work that a stranger can cause.
"""

from __future__ import annotations

import ipaddress
import time
from datetime import UTC, datetime

from django.core.cache import cache

from accounts import limits

_PERIOD = int(limits.NETWORK_PERIOD.total_seconds())


def _key(address: str) -> str:
    ip = ipaddress.ip_address(address)
    # Whoever has one IPv6 address has a whole /64 of them.
    network = ipaddress.ip_network((ip, 64), strict=False) if ip.version == 6 else ip
    return f"network:{network}:{int(time.time()) // _PERIOD}".replace("/", "-")


def admit(address: str | None) -> datetime | None:
    """Count an attempt in advance. None when it may be judged, else until when this network has to wait."""
    if address is None:
        return None
    key = _key(address)
    cache.add(key, 0, timeout=_PERIOD)
    if cache.incr(key) <= limits.NETWORK_FAILURES:
        return None
    return datetime.fromtimestamp((int(time.time()) // _PERIOD + 1) * _PERIOD, UTC)


def give_back(address: str | None) -> None:
    """The attempt was right, so it does not count."""
    if address is not None:
        cache.decr(_key(address))
