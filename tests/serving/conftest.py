from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests import server
from tests.provider import free_port
from tests.serving import raw_http, separate_portal


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """pytest-django makes a database only when a test asks for one; here it is the portals that need it."""
    here = f"{Path(__file__).parent}{os.sep}"
    first = next((item for item in items if str(item.path).startswith(here)), None)
    if first:
        first.add_marker(pytest.mark.django_db(transaction=True))


def environment(**more: str) -> dict[str, str]:
    """Of a portal behind a proxy that ends TLS, on the database of the tests."""
    facts = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    assert "test" in Path(name).name
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = f"postgres://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}/{name}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": url,
        "ALLOWED_HOSTS": f"{raw_http.HOST},127.0.0.1",
        "PUBLIC_URL": f"https://{raw_http.HOST}",
        "TRUSTED_PROXIES": raw_http.PROXY,
        "EMAIL_URL": "dummymail://",
        "WORKER": "separate",
        **more,
    }


@pytest.fixture(scope="session", autouse=True)
def _files() -> None:
    """The tests open more sockets than a process may have open files by default."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 4096, hard))


@pytest.fixture(scope="module", autouse=True)
def _leave_nothing_behind(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The portals write into the database of the tests, outside any transaction of a test."""
    yield
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture(scope="session")
def portal(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a portal with one worker."""
    yield from _serve(tmp_path_factory)


def _serve(folders: pytest.TempPathFactory, **more: str) -> Iterator[int]:
    port = free_port("127.0.0.1")
    log = folders.mktemp("portal") / "log"
    with log.open("wb") as output:
        options = ("--workers", "1", "--keep-alive", "1")
        process = server.start(f"http://127.0.0.1:{port}", *options, env=environment(**more), stderr=output)
        yield port
        process.terminate()
        assert process.wait(raw_http.TIMEOUT) == 0
    for trouble in ("Exception in ASGI application", "could not be handled", "broke off", '"status_code": 500'):
        assert trouble not in log.read_text()


@pytest.fixture(scope="session")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Path:
    """For `separate_portal.running`: a database and static files, made once a run."""
    folder = tmp_path_factory.mktemp("prepared")
    if connection.vendor == "sqlite":  # a copy takes a moment, migrations take seconds
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(folder / "db.sqlite3")])
    return separate_portal.prepare(folder)


@pytest.fixture(scope="session")
def short_deadlines(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a portal with short deadlines and narrow bounds (`short_deadlines.py`)."""
    yield from _serve(tmp_path_factory, DJANGO_SETTINGS_MODULE="tests.serving.short_deadlines")
