"""Wrong passwords from one network address. A whole office shares one, so it is a wait and never a lock.

Counted in the cache, before anything is hashed: it also bounds the work that a stranger can cause.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from accounts import limits, quotas

_PERIOD = int(limits.NETWORK_PERIOD.total_seconds())
QUOTA = "sign-in"


def _subject(address: str) -> str:
    return f"{quotas.network_of(address)} {int(time.time()) // _PERIOD}"


def admit(address: str | None) -> datetime | None:
    """Count an attempt in advance. None when it may be judged, else until when this network has to wait."""
    if address is None:
        return None
    if quotas.spend(QUOTA, _subject(address), limit=limits.NETWORK_FAILURES, period=limits.NETWORK_PERIOD):
        return None
    return datetime.fromtimestamp((int(time.time()) // _PERIOD + 1) * _PERIOD, UTC)


def give_back(address: str | None) -> None:
    """The attempt was right, so it does not count."""
    if address is not None:
        quotas.give_back(QUOTA, _subject(address))
