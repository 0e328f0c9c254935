"""Which of ENCRYPTION_KEYS encrypts (setting KEY_IN_USE).

In the database, so that a restart of the processes one by one is safe: those with a new key in front of the list go on
encrypting with the earlier one, which all of them have, until `flows.take_into_use` finds that every process has the
new one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.utils import OperationalError, ProgrammingError

from accounts import encryption, limits
from accounts.audit.models import AuditEntry
from accounts.key_rotation.models import KeyInUse

ROW = 1


@dataclass
class _Known:
    key_id: str = ""
    at: float = float("-inf")


_known = _Known()


def read() -> str:
    """The name of the key; asks the database at most every `limits.KEY_IN_USE_KEPT`. Empty before the first migration.

    In the server a thread of its own (`presence`) keeps it fresh, so that no visitor waits for it.
    """
    if time.monotonic() - _known.at > limits.KEY_IN_USE_KEPT.total_seconds():
        refresh()
    return _known.key_id


def refresh() -> str:
    _known.key_id = _stored_or_first() if _is_migrated() else ""
    _known.at = time.monotonic()
    return _known.key_id


def stored() -> str:
    """As the database says now; empty when it says nothing."""
    return KeyInUse.objects.filter(pk=ROW).values_list("key_id", flat=True).first() or ""


def store(key_id: str) -> None:
    KeyInUse.objects.update_or_create(pk=ROW, defaults={"key_id": key_id})
    _known.at = float("-inf")


def _is_migrated() -> bool:
    """False while `migrate` makes the first tables. Anything else that is wrong is raised."""
    try:
        # Inside a transaction a savepoint: PostgreSQL would refuse everything that follows a statement that failed.
        if connection.in_atomic_block:
            with transaction.atomic():
                stored()
        else:
            stored()
    except (ProgrammingError, OperationalError) as error:
        if KeyInUse._meta.db_table in str(error):
            return False
        raise
    return True


def _stored_or_first() -> str:
    """Nothing is stored before the first use. Then it is the key of the newest audit entry: this process may be the
    first one that was started with a new key in front."""
    if not (found := stored()):
        first = _key_of_newest_entry() or encryption.key_ids()[0]
        # Not get_or_create: of two that are the first at the same time, one would fail on the key.
        KeyInUse.objects.bulk_create([KeyInUse(pk=ROW, key_id=first)], ignore_conflicts=True)
        found = stored()
    return found


def _key_of_newest_entry() -> str:
    code = AuditEntry.objects.order_by("-pk").values_list("code", flat=True).first() or ""
    key_id = code.partition(".")[0]
    return key_id if key_id in encryption.key_ids() else ""
