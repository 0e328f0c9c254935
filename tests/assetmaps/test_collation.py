"""A database that lowers I to another letter than i is refused, by everything that connects to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import User
from assetmaps import collation
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "test_turkish_collation"


@pytest.fixture
def turkish(tmp_path: Path) -> Iterator[BaseDatabaseWrapper]:
    """A database with Turkish letters: on PostgreSQL by its collation, on SQLite by a function."""
    other = connection.copy("turkish")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {NAME}")
            cursor.execute(f"CREATE DATABASE {NAME} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'")
        other.settings_dict["NAME"] = NAME
        yield other
        other.close()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {NAME}")
        return
    other.settings_dict["NAME"] = str(tmp_path / "turkish.sqlite3")
    renew = other.get_new_connection

    def with_turkish_letters(values: dict[str, object]) -> object:
        fresh = renew(values)
        fresh.create_function("LOWER", 1, lambda text: text.replace("I", "ı").lower())
        return fresh

    other.get_new_connection = with_turkish_letters
    yield other
    other.close()


def test_addresses_of_this_database_are_compared_in_any_case() -> None:
    collation.check(connection)
    person = UserFactory(email="INFO@IJSSELSTIJN.NL")
    assert User.objects.get_by_natural_key("info@ijsselstijn.nl") == person


def test_database_with_turkish_letters_is_refused_each_time(turkish: BaseDatabaseWrapper) -> None:
    for _attempt in range(2):
        with pytest.raises(ImproperlyConfigured, match="Make the database anew with another collation"):
            turkish.cursor()
