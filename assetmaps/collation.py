"""In a database with Turkish collation (Azerbaijani too) LOWER("I") is no i: there INFO@ is somebody else than info@.

Addresses, mail domains and search keys are compared in lower case in the database, in constraints and in indexes, so
such a database is refused as a whole: no command and no page works with it.
"""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_good: set[tuple[str, str]] = set()  # alias and name of each database that was asked


def refuse(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Raises ImproperlyConfigured when letters change case in another way than in English; asks once a process."""
    database = connection.alias, str(connection.settings_dict["NAME"])
    if database in _good:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT LOWER(%s), UPPER(%s)", [ascii_uppercase, ascii_lowercase])
        found = cursor.fetchone()
    if found != (ascii_lowercase, ascii_uppercase):
        connection.close()  # or the next query would be let through
        raise ImproperlyConfigured(
            f"The collation of database {database[1]} changes I and i into other letters, as Turkish does, so "
            "addresses would be compared wrongly. Make the database anew with another collation, for example with "
            "createdb --template=template0 --locale=C.UTF-8, and put a dump back into it."
        )
    _good.add(database)


def watch() -> None:
    connection_created.connect(refuse, dispatch_uid="collation")
