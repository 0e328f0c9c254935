"""Own backends and options for entries of DATABASES and CACHES, for outages and parallel requests."""

from __future__ import annotations

from typing import Any

from accounts import limits


def database(entry: dict[str, Any]) -> dict[str, Any]:
    if entry["ENGINE"].endswith("sqlite3"):
        # Kept by each thread: opening the file anew and reading its schema takes longer than a page does with it, and
        # the last one that closes it copies all that was written into the file.
        return entry | {"OPTIONS": _sqlite_options(), "CONN_MAX_AGE": None}
    if entry["ENGINE"].endswith("postgresql"):
        return entry | {
            "ENGINE": "assetmaps.postgresql",
            # PgBouncer in transaction mode gives each transaction another connection, and server-side cursors do not
            # survive that. Django disables prepared statements by default.
            "DISABLE_SERVER_SIDE_CURSORS": True,
            "OPTIONS": _postgresql_options(entry.get("OPTIONS", {})),
        }
    return entry


def _sqlite_options() -> dict[str, Any]:
    """Without these, parallel sign-ins fail with "database is locked": a deferred transaction that has read cannot
    start to write while another transaction writes."""
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }


def _postgresql_options(given: dict[str, Any]) -> dict[str, Any]:
    """A host that is down does not answer at all; the operating system would wait a quarter of an hour."""
    silence = int(limits.DATABASE_SILENCE.total_seconds())
    return {
        "connect_timeout": int(limits.DATABASE_WAIT.total_seconds()),
        "tcp_user_timeout": silence * 1000,
        "keepalives_idle": silence // 2,
        "keepalives_interval": silence // 5,
        "keepalives_count": 3,
        **given,
        "pool": {"min_size": 1, "max_size": limits.REQUEST_THREADS + limits.DATABASE_BACKGROUND},
    }


def cache(entry: dict[str, Any]) -> dict[str, Any]:
    if entry["BACKEND"].endswith("LocMemCache"):
        # Django's default is 300 entries; beyond that it evicts some, and counters must not be evicted.
        options = entry.get("OPTIONS", {}) | {"MAX_ENTRIES": limits.CACHE_ENTRIES}
        return entry | {"BACKEND": "assetmaps.caches.process_cache.ProcessCache", "OPTIONS": options}
    if entry["BACKEND"].endswith("RedisCache"):
        return entry | {"BACKEND": "assetmaps.caches.shared_cache.SharedCache"}
    return entry
