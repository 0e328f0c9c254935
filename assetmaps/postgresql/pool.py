"""A connection pool that checks connections before use, and fails fast during an outage of the database.

Own code around psycopg's pool: its check (CONN_HEALTH_CHECKS) has no timeout for a server that does not answer, retries
connections broken by a restart one by one with a pause that doubles from one second, and makes every request wait.
"""

from __future__ import annotations

import select
from time import monotonic
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from accounts import limits
from assetmaps.outages import CircuitBreaker

WAIT = limits.DATABASE_WAIT.total_seconds()
ANSWER = limits.DATABASE_ANSWER.total_seconds()
# Seconds. psycopg's pool tries to connect when it is asked and once more at the end of this time.
POLL_INTERVAL = 0.25


def answers(connection: psycopg.Connection[Any], seconds: float) -> bool:
    """Whether the server answers an empty query within so many seconds."""
    server, until = connection.pgconn, monotonic() + seconds
    try:
        server.send_query(b"")
        server.flush()
        while server.is_busy():
            if not select.select([server.socket], [], [], max(0.0, until - monotonic()))[0]:
                return False
            server.consume_input()
        while result := server.get_result():
            if result.status != psycopg.pq.ExecStatus.EMPTY_QUERY:
                return False
    except psycopg.Error:
        return False
    return True


class CheckedPool(ConnectionPool[psycopg.Connection[Any]]):
    """Raises psycopg's PoolTimeout when no connection answers in `limits.DATABASE_WAIT`, and at once just after."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"timeout": WAIT, "reconnect_timeout": POLL_INTERVAL})
        self.breaker = CircuitBreaker("the database", limits.DATABASE_REST)

    def getconn(self, timeout: float | None = None) -> psycopg.Connection[Any]:
        if not self.breaker.allows_request():
            raise PoolTimeout("the database did not answer a moment ago")
        wait = timeout or self.timeout
        until, errors, bad = monotonic() + wait, -1, 0
        while (left := until - monotonic()) > 0:
            try:
                connection = super().getconn(min(left, POLL_INTERVAL))
            except PoolTimeout:
                errors = self._errors() if errors < 0 else errors
                continue
            if answers(connection, min(left, ANSWER)):
                self.breaker.record_success()
                return connection
            bad += 1
            connection.close()
            self.putconn(connection)  # the pool replaces it
        if bad or self._errors() > errors:
            self.breaker.record_failure("no connection answers")  # not when all connections are merely in use
        raise PoolTimeout(f"no connection in {wait} s")

    def _errors(self) -> int:
        """The number of failed attempts to connect so far."""
        return self.get_stats().get("connections_errors", 0)
