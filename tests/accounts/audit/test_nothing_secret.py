"""Codes, secrets, passwords and session keys never reach a log or an entry; control characters neither."""

from __future__ import annotations

import base64
import json
import logging
import re

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.two_factor.models import Authenticator
from assetmaps import logs
from tests.codes import phone, wrong_code_of
from tests.conftest import sign_in
from tests.factories import PASSWORD, UserFactory

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
WITH_CONTROLS = "kwaad\r\n\x1b[31m\x00\u2028\x85browser"


class LogLines(logging.Handler):
    """Every line as it would be written, from every logger but that of SQL."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.addFilter(logs.ReferenceFilter())
        self.setFormatter(logs.JsonFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("django.db"):
            self.lines.append(self.format(record))


@pytest.fixture
def written() -> object:
    root, handler = logging.getLogger(), LogLines()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(before)


def journey(person: User) -> set[str]:
    """Success and failure of each step from sign-in to switching off. Returns every secret that was used."""
    client = Client(headers={"user-agent": WITH_CONTROLS}, raise_request_exception=False)
    secrets = {PASSWORD, "een verkeerd wachtwoord"}

    def note_session() -> None:
        secrets.update(morsel.value for morsel in client.cookies.values() if len(morsel.value) > 20)

    client.post("/inloggen/", {"username": person.email, "password": "een verkeerd wachtwoord"})
    sign_in(client, person)
    note_session()
    activate = "/persoonlijke-gegevens/twee-staps-authenticatie/"
    client.post(f"{activate}activeren/")
    device = Authenticator.objects.get()
    secrets |= {base64.b32encode(device.secret()).decode(), device.secret().hex()}
    for code in ("000000" if phone(device).now() != "000000" else "000001", phone(device).now()):
        secrets.add(code)
        client.post(f"{activate}bevestigen/", {"code": code})
    note_session()
    client.post("/uitloggen/")
    wrong = wrong_code_of(person)
    secrets.add(wrong)
    sign_in(client, person, code=wrong)
    client.post("/inloggen/verificatie/", {"code": phone(device).now()})  # used already
    client.post("/wachtwoord-vergeten/", {"email": person.email})
    token = links.make(User.objects.get(), Purpose.RESET)
    secrets.add(token)
    client.put(f"/wachtwoord-instellen/{token}/")
    client.get(f"/wachtwoord-instellen/{token}/bestaat-niet/")
    client.get(f"/bestaat-niet/{client.cookies['__Host-session'].value}/")
    note_session()
    return secrets


# ASVS 14.2.4
@pytest.mark.django_db
def test_whole_journey_leaves_no_secret_in_log_or_entry(written: list[str]) -> None:
    # ASVS 16.2.5, 16.4.1, 14.1.2
    person = UserFactory()
    secrets = journey(person)
    assert len(secrets) >= 8
    entries = json.dumps(list(AuditEntry.objects.values()), cls=DjangoJSONEncoder, ensure_ascii=False)
    assert AuditEntry.objects.count() >= 6
    assert len(written) >= 4
    for secret in secrets:
        assert secret not in entries
        for line in written:
            # The number of a request or a time may contain six digits by chance; a code is a word of its own.
            assert not re.search(rf"(?<![0-9A-Za-z.]){re.escape(secret)}(?![0-9A-Za-z])", line), line


@pytest.mark.django_db
def test_control_characters_reach_neither_log_nor_entry(written: list[str]) -> None:
    # ASVS 16.4.1
    person = UserFactory()
    journey(person)
    record(Event.RESET_REFUSED, subject=person, origin=Origin(), reason=WITH_CONTROLS, detail={"cause": WITH_CONTROLS})
    for entry in AuditEntry.objects.values():
        texts = [*(value for value in entry.values() if isinstance(value, str)), *map(str, entry["detail"].values())]
        assert not [text for text in texts if CONTROL.search(text)], entry
    for line in written:
        assert not CONTROL.search(line)
        json.loads(line)
