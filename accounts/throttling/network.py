"""Wrong passwords from one network address. A whole office shares one, so it is a wait and never a lock.

Counted in the cache, before anything is hashed: it also bounds the work that a stranger can cause.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from accounts import limits, rate_limits
from accounts.audit.origin import Origin

_PERIOD = int(limits.NETWORK_PERIOD.total_seconds())
QUOTA = "sign-in"


def _window() -> str:
    return str(int(time.time()) // _PERIOD)


def admit(origin: Origin) -> datetime | None:
    """Count an attempt in advance. None when it may be judged, else until when this network has to wait."""
    limit, period = limits.NETWORK_FAILURES, limits.NETWORK_PERIOD
    window = _window()
    if rate_limits.consume_by_network(QUOTA, origin.address, via=origin.via, limit=limit, period=period, window=window):
        return None
    return datetime.fromtimestamp((int(window) + 1) * _PERIOD, UTC)


def refund(origin: Origin) -> None:
    """The attempt was right, so it does not count."""
    rate_limits.refund_by_network(QUOTA, origin.address, via=origin.via, window=_window())
