"""What is kept of a provider for a while, in the cache that all processes share (`CACHE_URL`)."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any

from django.core.cache import cache

from accounts import limits

log = logging.getLogger(__name__)


def _key(what: str, *names: str) -> str:
    return f"sso:{what}:{hashlib.sha256(chr(0).join(names).encode()).hexdigest()}"


def remembered(what: str, *names: str, make: Callable[[], dict[str, Any]], anew: bool = False) -> dict[str, Any]:
    """The kept answer, or a fresh one. A cache that is out of order costs a request more and keeps nobody out."""
    key = _key(what, *names)
    try:
        found = None if anew else cache.get(key)
    except Exception:
        log.exception("what is kept of a provider could not be read")
        found = None
    if isinstance(found, dict):
        return found
    fresh = make()
    try:
        cache.set(key, fresh, timeout=int(limits.SSO_METADATA.total_seconds()))
    except Exception:
        log.exception("what a provider says could not be kept")
    return fresh


def is_first_in_a_while(what: str, *names: str, seconds: int) -> bool:
    """True once in this time. When that cannot be counted: False, so that a stranger cannot make us ask without end."""
    try:
        return bool(cache.add(_key(what, *names), 1, timeout=seconds))
    except Exception:
        log.exception("how often a provider is asked could not be counted")
        return False


def forget(*whats_and_names: tuple[str, ...]) -> None:
    """After a change of the agreement: what was kept is asked for again."""
    cache.delete_many([_key(*one) for one in whats_and_names])
