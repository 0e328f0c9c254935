"""Refuses a database with Turkish or Azerbaijani collation: there LOWER('I') is not i, so INFO@ and info@ differ.

Mail addresses, domains and search keys are compared in lower case in queries, constraints and indexes, so no command
and no page may work with such a database.
"""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_checked: set[tuple[str, str]] = set()  # alias and name of each database with a suitable collation


def check(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Raise ImproperlyConfigured when ASCII letters do not change case as in English; checks once per process."""
    database = connection.alias, str(connection.settings_dict["NAME"])
    if database in _checked:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT LOWER(%s), UPPER(%s)", [ascii_uppercase, ascii_lowercase])
        found = cursor.fetchone()
    if found != (ascii_lowercase, ascii_uppercase):
        connection.close()  # or the next query would go through without a check
        raise ImproperlyConfigured(
            f"The collation of database {database[1]} changes I and i into other letters, as Turkish does, so "
            "addresses would be compared wrongly. Make the database anew with another collation, for example with "
            "createdb --template=template0 --locale=C.UTF-8, and put a dump back into it."
        )
    _checked.add(database)


def register() -> None:
    connection_created.connect(check, dispatch_uid="collation")
