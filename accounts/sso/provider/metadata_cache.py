"""Cached data of providers, in the cache that all processes share (`CACHE_URL`).

When the cache fails, a sign-in costs more requests but still works.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import Any

from django.core.cache import cache

log = logging.getLogger(__name__)


def _key(kind: str, *names: str) -> str:
    return f"sso:{kind}:{hashlib.sha256(chr(0).join(names).encode()).hexdigest()}"


def get(kind: str, *names: str) -> dict[str, Any] | None:
    try:
        found = cache.get(_key(kind, *names))
    except Exception:
        log.exception("what is kept of a provider could not be read")
        return None
    return found if isinstance(found, dict) else None


def put(kind: str, *names: str, value: dict[str, Any], period: timedelta) -> None:
    """Store ``value``, which must be validated: it is trusted for as long as it is cached."""
    try:
        cache.set(_key(kind, *names), value, timeout=int(period.total_seconds()))
    except Exception:
        log.exception("what a provider says could not be kept")


def delete(kind: str, *names: str) -> None:
    try:
        cache.delete(_key(kind, *names))
    except Exception:
        log.exception("what is kept of a provider could not be dropped")


def is_first_in_period(kind: str, *names: str, period: timedelta) -> bool:
    """True once in this period. False when the cache fails, so that a stranger cannot cause endless requests."""
    try:
        return bool(cache.add(_key(kind, *names), 1, timeout=int(period.total_seconds())))
    except Exception:
        log.exception("how often a provider is asked could not be counted")
        return False
