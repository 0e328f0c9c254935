from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.keeping.installation import Installation


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """pytest-django makes a database only when a test asks for one; here it is copied."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    if here:
        here[0].add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Path:
    """A database with all tables and the static files, which takes seconds: once a run."""
    place = Installation(tmp_path_factory.mktemp("prepared"))
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(place.folder / "db.sqlite3")])
    else:
        place.manage("migrate", "-v0")
    place.manage("collectstatic", "--noinput", "-v0")
    return place.folder
