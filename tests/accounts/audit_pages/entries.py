"""Entries for the pages of the security activity."""

from __future__ import annotations

from datetime import UTC, datetime

import time_machine

from accounts import flows
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
ORIGIN = Origin("192.0.2.7", CHROME, "ABCDE-FGHJK")


def note(person: User | None, event: Event = Event.ENVIRONMENT_OPENED, **fields: object) -> AuditEntry:
    return record(event, subject=person, **({"origin": ORIGIN} | fields))


def at(day: str, person: User, **fields: object) -> AuditEntry:
    with time_machine.travel(datetime.fromisoformat(day).replace(tzinfo=UTC), tick=False):
        return note(person, **fields)


def move(person: User, address: str) -> None:
    before = User.objects.get(pk=person.pk)
    person.email = address
    flows.change_person(person, before=before, actor=before, origin=ORIGIN)
