"""A backup of the database in one file with a note beside it, and restoring it into a database without people.

The file is what the database's own programs make and read (pg_dump in the custom format, a file of SQLite), so that it
can be restored without this program too. The note says what a restore needs to know: which keys, which release, and the
head of the audit trail that the restored database must contain.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from accounts import encryption
from accounts.audit.chain_head import Head
from accounts.audit.events import Event
from accounts.audit.models import AuditSeal
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.continuity import programs
from accounts.models import User

FORMAT = "assetmaps-backup-1"


class RefusedError(Exception):
    """Nothing was done; the message says why, for the operator."""


@dataclass(frozen=True)
class Note:
    """Beside the backup, as FILE.json. ``migrations``: the newest of each app; ``keys``: the names of ENCRYPTION_KEYS
    at that time, the one in use first; ``head``: position and digest of the newest seal of the audit trail, which was
    there before the backup began; position 0 without any."""

    format: str
    made_at: str  # ISO 8601, UTC
    database: str  # sqlite or postgresql
    sha256: str  # of the backup, hexadecimal
    migrations: dict[str, str]
    keys: list[str]
    head: Head

    def write(self, backup: Path) -> None:
        path = note_path(backup)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(
                {**vars(self), "head": {"position": self.head.position, "digest": self.head.digest}}, file, indent=1
            )


def note_path(backup: Path) -> Path:
    return backup.with_name(f"{backup.name}.json")


def read_note(backup: Path) -> Note:
    """Raises RefusedError."""
    try:
        values = json.loads(note_path(backup).read_text())
        note = Note(**{**values, "head": Head(**values["head"])})
    except (OSError, ValueError, KeyError, TypeError):
        raise RefusedError(f"{note_path(backup)} is not there or cannot be read; it belongs to the backup.") from None
    if note.format != FORMAT:
        raise RefusedError(f"{note_path(backup)} is of another program or release.")
    return note


def back_up(target: Path, origin: Origin) -> Note:
    """A consistent copy, while the portal runs. Records it in the audit trail first. Raises RefusedError and
    programs.ProgramError."""
    if target.exists() or note_path(target).exists():
        raise RefusedError(f"{target} is there already.")
    record(Event.BACKED_UP, subject=None, origin=origin, detail={"file": target.name[:100]})
    head, migrations = _head(), _newest_migrations()
    part = target.with_name(f"{target.name}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))  # before there is anything in it
    _COPY[connection.vendor](part)
    note = Note(FORMAT, timezone.now().isoformat(), connection.vendor, _digest(part), migrations, _keys(), head)
    note.write(target)
    part.replace(target)
    return note


def _copy_sqlite(target: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(target)])


def _copy_postgresql(target: Path) -> None:
    arguments = ("--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    programs.run("pg_dump", *arguments, database=connection.settings_dict)


_COPY: dict[str, Callable[[Path], None]] = {"sqlite": _copy_sqlite, "postgresql": _copy_postgresql}


def restore(backup: Path) -> Note:
    """Into the database of the settings, which must hold no people; whatever else is in it goes. Raises RefusedError
    and programs.ProgramError; PostgreSQL then holds what it held before."""
    note = read_note(backup)
    if reason := _reason_not_to_restore(backup, note):
        raise RefusedError(reason)
    _RESTORE[connection.vendor](backup)
    return note


def _reason_not_to_restore(backup: Path, note: Note) -> str:
    if note.database != connection.vendor:
        return f"This is a backup of {note.database}, and DATABASE_URL names {connection.vendor}: see move_database."
    if not backup.is_file() or _digest(backup) != note.sha256:
        return f"{backup} is not there, or not as it was when it was made."
    if note.keys and note.keys[0] not in encryption.key_ids():
        return f"ENCRYPTION_KEYS lacks key {note.keys[0]}, with which the secrets in this backup were encrypted."
    if unknown := _unknown_migrations(note):
        return f"This backup was made by a later release, which has {', '.join(unknown[:5])}."
    if _has_people():
        return "There are people in this database: a backup is restored into an empty one only."
    return ""


def _has_people() -> bool:
    return User._meta.db_table in connection.introspection.table_names() and User.objects.exists()


def _restore_sqlite(backup: Path) -> None:
    connection.close()
    with (
        closing(sqlite3.connect(backup)) as source,
        closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as to,
    ):
        source.backup(to)


def _restore_postgresql(backup: Path) -> None:
    connection.close()  # it would keep a lock
    arguments = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    programs.run("pg_restore", *arguments, str(backup), database=connection.settings_dict)


_RESTORE: dict[str, Callable[[Path], None]] = {"sqlite": _restore_sqlite, "postgresql": _restore_postgresql}


def missing_migrations(note: Note) -> bool:
    """Is the code newer than the backup, so that `migrate` follows?"""
    return note.migrations != _newest_of(MigrationLoader(None).disk_migrations)


def _head() -> Head:
    newest = AuditSeal.objects.order_by("-position").first()
    return Head(newest.position, newest.digest) if newest else Head(0, "")


def _keys() -> list[str]:
    in_use = encryption.key_in_use()
    return [in_use, *(key_id for key_id in encryption.key_ids() if key_id != in_use)]


def _newest_migrations() -> dict[str, str]:
    return _newest_of(MigrationLoader(connection).applied_migrations)


def _newest_of(migrations: object) -> dict[str, str]:
    newest: dict[str, str] = {}
    for app, name in migrations:  # type: ignore[attr-defined]
        newest[app] = max(name, newest.get(app, ""))
    return newest


def _unknown_migrations(note: Note) -> list[str]:
    loader = MigrationLoader(None)
    return [f"{app}.{name}" for app, name in note.migrations.items() if (app, name) not in loader.disk_migrations]


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
