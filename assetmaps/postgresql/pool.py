"""A pool that hands out connections which answer, and gives up soon while the database is out.

Own code around psycopg's pool: its check (CONN_HEALTH_CHECKS) waits without end for a server that is mute, tries the
connections that a restart has cut one after the other with a pause that doubles from one second on, and lets every
request wait anew.
"""

from __future__ import annotations

import select
from time import monotonic
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from accounts import limits
from assetmaps.outages import Circuit

WAIT = limits.DATABASE_WAIT.total_seconds()
ANSWER = limits.DATABASE_ANSWER.total_seconds()
# psycopg's pool tries to connect when it is asked and once more at the end of this time, so that is how often.
SLICE = 0.25


def answers(connection: psycopg.Connection[Any], seconds: float) -> bool:
    """Does the server answer to nothing within so many seconds?"""
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
    """Raises psycopg's PoolTimeout when no connection answers in `limits.DATABASE_WAIT`, or at once just after that."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"timeout": WAIT, "reconnect_timeout": SLICE})
        self.circuit = Circuit("the database", limits.DATABASE_REST)

    def getconn(self, timeout: float | None = None) -> psycopg.Connection[Any]:
        if not self.circuit.admits():
            raise PoolTimeout("the database did not answer a moment ago")
        wait = timeout or self.timeout
        until, errors, bad = monotonic() + wait, -1, 0
        while (left := until - monotonic()) > 0:
            try:
                connection = super().getconn(min(left, SLICE))
            except PoolTimeout:
                errors = self._errors() if errors < 0 else errors
                continue
            if answers(connection, min(left, ANSWER)):
                self.circuit.worked()
                return connection
            bad += 1
            connection.close()
            self.putconn(connection)  # the pool makes another
        if bad or self._errors() > errors:
            self.circuit.failed("no connection answers")  # unlike a wait because all of them are in use
        raise PoolTimeout(f"no connection in {wait} s")

    def _errors(self) -> int:
        """How often connecting failed so far."""
        return self.get_stats().get("connections_errors", 0)
