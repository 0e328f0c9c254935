"""The pool while PostgreSQL is restarted, stopped, full or does not answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.conf import settings
from django.db.utils import ConnectionHandler, OperationalError

from accounts import limits
from assetmaps.outages import is_outage
from tests.services import Postgres

MOST = 12  # connections, as in production
WAIT = limits.DATABASE_WAIT.total_seconds()
SLACK = 3  # seconds more, on a busy machine


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres("max_connections=20", "superuser_reserved_connections=0", "timezone=Europe/Amsterdam") as started:
        yield started


@pytest.fixture
def databases(server: Postgres, django_db_blocker: Any) -> Iterator[ConnectionHandler]:
    """As in the settings, out of which those of the tests take the pool; no database of the tests."""
    usual = settings.DATABASES["default"]
    options = {name: usual["OPTIONS"][name] for name in ("connect_timeout", "tcp_user_timeout")}
    options["pool"] = {"min_size": 1, "max_size": MOST}
    own = {"ENGINE": usual["ENGINE"], "NAME": "postgres", "USER": "postgres", "HOST": "127.0.0.1", "OPTIONS": options}
    found = ConnectionHandler({"default": own | {"PORT": server.port, "DISABLE_SERVER_SIDE_CURSORS": True}})
    with django_db_blocker.unblock():
        yield found
    server.go_on()
    found["default"].close_pool()


def ask(databases: ConnectionHandler, question: str = "SELECT 1") -> Any:
    """As a request does: take a connection, ask, give it back."""
    connection = databases["default"]
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0]
    finally:
        connection.close()


def fill(databases: ConnectionHandler, number: int) -> None:
    """The pool has so many connections afterwards."""
    together = Barrier(number)

    def hold(_: int) -> None:
        databases["default"].ensure_connection()
        together.wait(20)
        databases["default"].close()

    with ThreadPoolExecutor(number) as threads:
        list(threads.map(hold, range(number)))


def timed_failure(databases: ConnectionHandler) -> float:
    begin = time.monotonic()
    with pytest.raises(OperationalError) as caught:
        ask(databases)
    assert is_outage(caught.value)
    return time.monotonic() - begin


def test_restart_costs_nobody_an_error_afterwards(databases: ConnectionHandler, server: Postgres) -> None:
    fill(databases, 10)
    assert databases["default"].pool.get_stats()["pool_size"] == 10
    server.restart()
    assert [ask(databases) for _ in range(14)] == [1] * 14


def test_restart_in_between_costs_nobody_who_waits_an_error(databases: ConnectionHandler, server: Postgres) -> None:
    fill(databases, 5)
    server.stop()
    with ThreadPoolExecutor(5) as threads:
        asked = [threads.submit(ask, databases) for _ in range(5)]
        time.sleep(0.3)
        server.start()
        assert [one.result() for one in asked] == [1] * 5


def test_stopped_server_is_waited_for_once_and_used_again_soon(
    databases: ConnectionHandler, server: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    ask(databases)
    server.stop()
    try:
        assert timed_failure(databases) < WAIT + SLACK
        assert sum(timed_failure(databases) for _ in range(20)) < WAIT + SLACK
        lines = [record for record in caplog.records if record.name == "assetmaps.outages"]
        assert len(lines) == 1
    finally:
        server.start()
    time.sleep(limits.DATABASE_REST.total_seconds())
    assert ask(databases) == 1


def test_mute_server_holds_nobody(databases: ConnectionHandler, server: Postgres) -> None:
    fill(databases, 3)
    server.pause()
    assert timed_failure(databases) < WAIT + SLACK
    assert timed_failure(databases) < 1
    server.go_on()
    time.sleep(limits.DATABASE_REST.total_seconds())
    assert ask(databases) == 1


def test_more_connections_than_the_server_has_are_an_outage_and_no_more(
    databases: ConnectionHandler, server: Postgres
) -> None:
    import psycopg

    address = server.url.replace("postgres://", "postgresql://")
    taken = []
    with pytest.raises(psycopg.OperationalError):  # noqa: PT012
        while True:
            taken.append(psycopg.connect(address))
    timed_failure(databases)
    for one in taken:
        one.close()
    time.sleep(limits.DATABASE_REST.total_seconds() + 0.2)
    assert ask(databases) == 1


def test_wait_for_a_free_connection_is_no_outage_of_the_server(databases: ConnectionHandler) -> None:
    done, together = Event(), Barrier(MOST + 1)

    def hold(_: int) -> None:
        databases["default"].ensure_connection()
        together.wait(20)
        done.wait(20)
        databases["default"].close()

    with ThreadPoolExecutor(MOST) as threads:
        held = [threads.submit(hold, number) for number in range(MOST)]
        together.wait(20)
        timed_failure(databases)
        done.set()
        for one in held:
            one.result()
    assert ask(databases) == 1  # at once: the circuit breaker stayed closed


def test_standby_that_takes_no_writing_is_an_outage(databases: ConnectionHandler) -> None:
    connection = databases["default"]
    with pytest.raises(Exception, match="read-only") as caught, connection.cursor() as cursor:  # noqa: PT012
        cursor.execute("SET default_transaction_read_only = on")
        cursor.execute("CREATE TABLE thing (content int)")
    connection.pool.drain()
    connection.close()
    assert is_outage(caught.value)


@pytest.mark.parametrize("question", ["SELECT nothing FROM nowhere", "SELEKT", "SELECT 1 / 0", "SELECT 'x'::int"])
def test_wrong_question_is_none(databases: ConnectionHandler, question: str) -> None:
    with pytest.raises(Exception) as caught:
        ask(databases, question)
    assert not is_outage(caught.value)
