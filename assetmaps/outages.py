"""Outages of the database and the cache: which exceptions mean one, and a circuit breaker."""

from __future__ import annotations

import logging
import sqlite3
from datetime import timedelta
from threading import Lock
from time import monotonic

from django.db import InterfaceError, InternalError, OperationalError

from accounts import metrics

log = logging.getLogger(__name__)

READ_ONLY = "25006"  # PostgreSQL: the server is a standby, or was made read-only
SQLITE_PRIMARY = 0xFF  # mask for the primary code in an extended error code of SQLite


def is_outage(mistake: BaseException | None) -> bool:
    """Whether the database is unreachable, full, locked or read-only, rather than the query wrong.

    All operational errors of PostgreSQL are of that kind: lost connection, no free connection, starting up, too many
    connections, disk full, lock not available. SQLite raises one for a missing table too, which is our own mistake.
    """
    cause = getattr(mistake, "__cause__", None)
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & SQLITE_PRIMARY
        return isinstance(mistake, OperationalError) and code != sqlite3.SQLITE_ERROR
    if isinstance(mistake, InternalError):
        return getattr(cause, "sqlstate", None) == READ_ONLY
    return isinstance(mistake, OperationalError | InterfaceError)


class CircuitBreaker:
    """After a failure no caller asks the service for a while, then one at a time, until it answers.

    One per process and service; thread-safe. Own code, because pybreaker holds its lock during the call, so that one
    request would wait for another.
    """

    def __init__(self, name: str, open_time: timedelta) -> None:
        self._name, self._open_seconds = name, open_time.total_seconds()
        self._lock = Lock()
        self._retry_at: float | None = None  # by the monotonic clock; None while the service answers

    def allows_request(self) -> bool:
        """Whether the caller may ask now; if so, it reports success or failure afterwards."""
        if self._retry_at is None:
            return True
        with self._lock:
            now = monotonic()
            if self._retry_at is not None and now < self._retry_at:
                return False
            self._retry_at = now + self._open_seconds  # for the other callers: this one tries
            return True

    def record_failure(self, why: object) -> None:
        with self._lock:
            begins, self._retry_at = self._retry_at is None, monotonic() + self._open_seconds
        if begins:
            log.error("%s does not answer and is left alone for a moment: %s", self._name, why)
            if metrics.recorder:
                metrics.recorder.outage_began(self._name)

    def record_success(self) -> bool:
        """Note that the service answers. True when that ended an outage."""
        if self._retry_at is None:
            return False
        with self._lock:
            ended, self._retry_at = self._retry_at is not None, None
        if ended:
            log.warning("%s answers again", self._name)
        return ended
