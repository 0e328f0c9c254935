"""What is kept of a provider for a while, in the cache that all processes share (`CACHE_URL`).

A cache that is out of order costs a request more and keeps nobody out.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import Any

from django.core.cache import cache

log = logging.getLogger(__name__)


def _key(what: str, *names: str) -> str:
    return f"sso:{what}:{hashlib.sha256(chr(0).join(names).encode()).hexdigest()}"


def kept(what: str, *names: str) -> dict[str, Any] | None:
    try:
        found = cache.get(_key(what, *names))
    except Exception:
        log.exception("what is kept of a provider could not be read")
        return None
    return found if isinstance(found, dict) else None


def keep(what: str, *names: str, found: dict[str, Any], period: timedelta) -> None:
    """Only what was found right belongs here: it counts for as long as it is kept."""
    try:
        cache.set(_key(what, *names), found, timeout=int(period.total_seconds()))
    except Exception:
        log.exception("what a provider says could not be kept")


def drop(what: str, *names: str) -> None:
    try:
        cache.delete(_key(what, *names))
    except Exception:
        log.exception("what is kept of a provider could not be dropped")


def is_first_in_a_while(what: str, *names: str, period: timedelta) -> bool:
    """True once in this time. When that cannot be counted: False, so that a stranger cannot make us ask without end."""
    try:
        return bool(cache.add(_key(what, *names), 1, timeout=int(period.total_seconds())))
    except Exception:
        log.exception("how often a provider is asked could not be counted")
        return False
