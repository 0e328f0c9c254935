"""Moving everything to another database, of either kind, as it is: every column of every row, to the microsecond.

`dumpdata` and `loaddata` do not do that: JSON keeps milliseconds, and the audit trail proves every field.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Model

from accounts import limits
from accounts.audit import verification
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.continuity.backups import RefusedError
from accounts.key_rotation import presence
from accounts.models import User

TARGET = "target"


def models() -> list[type[Model]]:
    """Every model with a table of its own, the links of many-to-many fields too."""
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def move(database: dict[str, Any], origin: Origin) -> tuple[dict[str, int], str]:
    """Copy everything into an entry of DATABASES whose database is empty. All or nothing. Returns the counts by table,
    and the head of the audit trail, which was verified there. Raises RefusedError."""
    if running := presence.running():
        raise RefusedError(f"Stop the portal first, on every machine. It runs: {running[0].name}.")
    connections.databases[TARGET] = connections.databases[DEFAULT_DB_ALIAS] | database
    target = connections[TARGET]
    if User._meta.db_table in target.introspection.table_names() and User.objects.using(TARGET).exists():
        raise RefusedError("There are people in that database: everything is moved into an empty one only.")
    with _target_is_default():  # migrations that fill tables name no database
        call_command("migrate", database=TARGET, verbosity=0)
    record(Event.DATABASE_MOVED, subject=None, origin=origin, detail={"to": target.vendor})
    with _snapshot(), transaction.atomic(TARGET):
        counts = _copy_all()
        target.check_constraints()
        head = _verify()
    target.close()
    return counts, head


def _copy_all() -> dict[str, int]:
    for model in models():
        _empty(model)
    counts = {model._meta.db_table: _copy(model) for model in models()}
    _check_counts(counts)
    _set_sequences()
    return counts


def _verify() -> str:
    """The audit trail there; nothing is moved unless it is whole."""
    with _target_is_default():
        found = verification.verify()
    if found.broken or found.unauthentic:
        raise RefusedError(f"The audit trail would be broken there: {found.broken or found.first_unauthentic}.")
    return found.head


@contextmanager
def _target_is_default() -> Iterator[None]:
    own = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections[TARGET]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = own


@contextmanager
def _snapshot() -> Iterator[None]:
    """One state of the source, from the first row to the last."""
    with transaction.atomic():
        source = connections[DEFAULT_DB_ALIAS]
        if source.vendor == "postgresql":
            with source.cursor() as cursor:
                cursor.execute("SET LOCAL transaction_isolation = 'repeatable read'")
        yield


def _empty(model: type[Model]) -> None:
    """`migrate` fills some tables, with other numbers than those here."""
    target = connections[TARGET]
    with target.cursor() as cursor:
        cursor.execute(f"DELETE FROM {target.ops.quote_name(model._meta.db_table)}")  # noqa: S608 - a name of ours


def _copy(model: type[Model]) -> int:
    rows: Any = model._base_manager.using(TARGET)
    count, after = 0, None
    while batch := _batch_after(model, after):
        # Raw: without the hooks that would set "changed at" and sign audit entries anew.
        rows._insert(batch, fields=model._meta.concrete_fields, using=TARGET, raw=True)
        count, after = count + len(batch), batch[-1].pk
    return count


def _batch_after(model: type[Model], after: Any) -> list[Model]:
    rows = model._base_manager.using(DEFAULT_DB_ALIAS).order_by("pk")
    rows = rows if after is None else rows.filter(pk__gt=after)
    # Few columns of SQLite fit into one statement, so the batch is smaller for a wide table.
    return list(rows[: max(1, min(limits.MOVE_BATCH, 900 // len(model._meta.concrete_fields)))])


def _check_counts(counts: dict[str, int]) -> None:
    for model in models():
        there = model._base_manager.using(TARGET).count()
        if there != counts[model._meta.db_table] or there != model._base_manager.count():
            raise RefusedError(
                f"{model._meta.db_table} has {there} rows there, and {counts[model._meta.db_table]} here."
            )


def _set_sequences() -> None:
    target = connections[TARGET]
    with target.cursor() as cursor:
        for statement in target.ops.sequence_reset_sql(no_style(), models()):
            cursor.execute(statement)
