"""Audit entries to test the chain with, and what somebody with direct access to the database does to them."""

from __future__ import annotations

import base64
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User

ORIGIN = Origin("192.0.2.7", "Testbrowser", "ABCDE-FGHJK")
OTHER_KEY = base64.urlsafe_b64encode(b"another key, another key, 32 by!").decode()


def some_entries(count: int, person: User | None = None) -> list[AuditEntry]:
    return [
        record(Event.SIGNED_IN, subject=person, origin=ORIGIN, detail={"factor": "totp", "n": n}) for n in range(count)
    ]


def sql(statement: str, *values: Any) -> None:
    """As somebody with direct access to the database would do it."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit_trail", *arguments, stdout=out)
    return out.getvalue()
