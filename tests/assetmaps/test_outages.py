"""Outages of the database (unreachable, locked, full, read-only): a page that says when to try again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.utils import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client, override_settings
from django.urls import path

from accounts import limits
from accounts.models import User
from assetmaps.outages import is_outage
from assetmaps.serving.thread_pool import ThreadPool
from assetmaps.urls import handler400, handler403, handler404, handler500, urlpatterns  # noqa: F401
from assetmaps.wsgi_guard import guard
from tests.conftest import Browser, sign_in
from tests.factories import PASSWORD, UserFactory
from tests.services import free_port

HEADING = "<h1>Het portaal werkt even niet</h1>"


@login_not_required
def in_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(User.objects.count()))


@login_not_required
def in_template(request: HttpRequest) -> HttpResponse:
    return render(request, "help/picture.html", {"screenshot": User.objects.get})


@login_not_required
def wrong_question(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")
    return HttpResponse()


@login_not_required
def without_it(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of ours")


extra = [
    path("beeld/", in_view),
    path("sjabloon/", in_template),
    path("verkeerd/", wrong_question),
    path("fout/", without_it),
]
urlpatterns = [*extra, *urlpatterns]
broken = override_settings(ROOT_URLCONF=__name__)


@pytest.fixture
def client() -> Client:
    return Browser(raise_request_exception=False, headers={"user-agent": "Testbrowser"})


@contextmanager
def no_database() -> Iterator[None]:
    """Every new connection fails: a closed port, or a folder that is not there."""
    settings, before = connection.settings_dict, dict(connection.settings_dict)
    connection.close()
    if connection.vendor == "sqlite":
        settings["NAME"] = "/dev/null/not-there.sqlite3"
    else:
        settings["PORT"] = free_port()
    try:
        yield
    finally:
        connection.close()
        settings.update(before)


def check(response: Any, status: int = 503) -> None:
    assert response.status_code == status
    assert response["Retry-After"] == str(int(limits.UNAVAILABLE_AGAIN.total_seconds()))
    assert response["Cache-Control"] == "no-store"
    text = response.content.decode()
    assert HEADING in text
    assert response["X-Request-ID"] in text
    assert '<html lang="nl">' in text
    assert "session" not in response.cookies  # nobody is signed out by it


@pytest.mark.django_db(transaction=True)
@broken
def test_every_place_that_misses_the_database_is_answered_with_the_page_of_an_outage(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    person = UserFactory(staff=True)
    sign_in(client, person)
    stranger = Browser(raise_request_exception=False)
    with no_database():
        for page in ["/", "/persoonlijke-gegevens/", "/beheer/", "/hulp/twee-staps-authenticatie/", "/bestaat-niet/"]:
            check(client.get(page))  # in the middleware, which looks for the session
        for page in ["/beeld/", "/sjabloon/"]:
            check(stranger.get(page))
        check(stranger.post("/inloggen/", {"username": person.email, "password": PASSWORD}))
        check(client.post("/uitloggen/"))
        assert stranger.get("/fout/").status_code == 500  # what is a fault of ours stays one
    assert client.get("/").status_code == 302 or client.get("/").status_code == 200
    outages = [record for record in caplog.records if getattr(record, "status_code", 0) == 503]
    assert len(outages) == 9
    assert all(record.exc_info is None for record in outages)


@pytest.mark.django_db(transaction=True)
def test_what_needs_no_database_goes_on_without_it() -> None:
    stranger = Browser()
    with no_database():
        for page in ["/healthz", "/hulp/twee-staps-authenticatie/", "/robots.txt", "/bestaat-niet/", "/inloggen/"]:
            assert stranger.get(page).status_code in (200, 404), page


@pytest.mark.django_db(transaction=True)
@broken
def test_question_that_is_wrong_stays_a_fault_of_ours(client: Client) -> None:
    response = client.get("/verkeerd/")
    assert response.status_code == 500
    assert "Er ging bij ons iets mis" in response.content.decode()


def test_outage_outside_django_says_when_to_try_again() -> None:
    def gone(environ: dict, start_response: Callable) -> list[bytes]:
        raise OperationalError("gone")

    sent: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        sent.update(headers, status=status)

    list(guard(gone)({}, start_response))
    assert sent["status"].startswith("503 ")
    assert sent["Retry-After"] == str(int(limits.UNAVAILABLE_AGAIN.total_seconds()))


def test_file_that_breaks_off_is_an_outage_too() -> None:
    def export(environ: dict, start_response: Callable) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/csv")])
        yield b"the first line"
        raise OperationalError("gone")

    answer = ThreadPoolExecutor(1).submit(asyncio.run, ThreadPool(export).answer({})).result()
    assert answer.status == 503
    assert dict(answer.headers)[b"retry-after"] == str(int(limits.UNAVAILABLE_AGAIN.total_seconds())).encode()
    assert b"the first line" not in b"".join(answer.parts())


def sqlite(name: str, **options: Any) -> DatabaseWrapper:
    settings = dict(connection.settings_dict, ENGINE="django.db.backends.sqlite3", NAME=name)
    settings |= {"OPTIONS": options, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False, "AUTOCOMMIT": True}
    return DatabaseWrapper(settings | {"TIME_ZONE": None})


def mistake_of(database: DatabaseWrapper, *statements: str) -> DatabaseError | InterfaceError:
    with closing(database), pytest.raises((DatabaseError, InterfaceError)) as caught:  # noqa: PT012
        for statement in statements:
            with database.cursor() as cursor:
                cursor.execute(statement)
    return caught.value


def locked(file: Path) -> DatabaseError | InterfaceError:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        return mistake_of(sqlite(str(file), timeout=0), "INSERT INTO thing VALUES (1)")


def full(file: Path) -> DatabaseError | InterfaceError:
    fill = "INSERT INTO thing VALUES (zeroblob(1000000))"
    return mistake_of(sqlite(str(file)), "PRAGMA max_page_count = 3", fill)


def read_only(file: Path) -> DatabaseError | InterfaceError:
    return mistake_of(sqlite(f"file:{file}?mode=ro", uri=True), "INSERT INTO thing VALUES (1)")


def not_there(file: Path) -> DatabaseError | InterfaceError:
    return mistake_of(sqlite(str(file / "not-there")), "SELECT 1")


def no_such_table(file: Path) -> DatabaseError | InterfaceError:
    return mistake_of(sqlite(str(file)), "SELECT nothing FROM nowhere")


def no_statement(file: Path) -> DatabaseError | InterfaceError:
    return mistake_of(sqlite(str(file)), "SELEKT")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "expected"),
    [(locked, True), (full, True), (read_only, True), (not_there, True), (no_such_table, False), (no_statement, False)],
)
def test_outage_of_sqlite_is_told_from_a_wrong_question(
    tmp_path: Path, fault: Callable[[Path], Any], expected: bool
) -> None:
    file = tmp_path / "thing.sqlite3"
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE thing (content)")
    assert is_outage(fault(file)) is expected
