"""Outages of what the portal leans on: which exceptions are one, and whether to ask at all just after a failure."""

from __future__ import annotations

import logging
import sqlite3
from datetime import timedelta
from threading import Lock
from time import monotonic

from django.db import InterfaceError, InternalError, OperationalError

log = logging.getLogger(__name__)

READ_ONLY = "25006"  # of PostgreSQL: the server is a standby, or was made read-only
SQLITE_PRIMARY = 0xFF  # of an error code of SQLite, which says more in the higher bits


def is_outage(mistake: BaseException | None) -> bool:
    """Is the database out of reach, full, locked or read-only, and nothing wrong with what was asked?

    PostgreSQL's operational errors are all of that kind: lost connections, no free connection, starting up, too many
    connections, disk full, lock not to be had. SQLite also names a missing table so, which stays a fault of ours.
    """
    cause = getattr(mistake, "__cause__", None)
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & SQLITE_PRIMARY
        return isinstance(mistake, OperationalError) and code != sqlite3.SQLITE_ERROR
    if isinstance(mistake, InternalError):
        return getattr(cause, "sqlstate", None) == READ_ONLY
    return isinstance(mistake, OperationalError | InterfaceError)


class Circuit:
    """Whether to ask a service that failed: nobody does for a while, then one at a time, until it answers.

    One a process and service; safe between threads. Own code, because pybreaker holds its lock while it asks, so that
    one request would wait for the other.
    """

    def __init__(self, name: str, rest: timedelta) -> None:
        self._name, self._rest = name, rest.total_seconds()
        self._lock = Lock()
        self._again: float | None = None  # when one may ask, by the monotonic clock; None while it answers

    def admits(self) -> bool:
        """May the caller ask now? Whoever is told so says afterwards how it went."""
        if self._again is None:
            return True
        with self._lock:
            now = monotonic()
            if self._again is not None and now < self._again:
                return False
            self._again = now + self._rest  # for the others: this caller finds out
            return True

    def failed(self, why: object) -> None:
        with self._lock:
            begins, self._again = self._again is None, monotonic() + self._rest
        if begins:
            log.error("%s does not answer and is left alone for a moment: %s", self._name, why)

    def worked(self) -> bool:
        """Note that it answers. True when that ended an outage."""
        if self._again is None:
            return False
        with self._lock:
            ended, self._again = self._again is not None, None
        if ended:
            log.warning("%s answers again", self._name)
        return ended
