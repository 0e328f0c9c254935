"""A forged User-Agent never becomes the name of an actor in the audit trail."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.audit.models import AuditEntry
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["", "192.0.2.1:5555", "unix:"])
def test_unknown_address_does_not_let_a_visitor_choose_the_actor(address: str) -> None:
    person = UserFactory()
    client = Client(headers={"user-agent": "manage.py"})
    client.post("/inloggen/", {"username": person.email, "password": "fout"}, REMOTE_ADDR=address)
    client.post("/inloggen/", {"username": "niemand@voorbeeld.nl", "password": "fout"}, REMOTE_ADDR=address)
    assert set(AuditEntry.objects.values_list("actor_name", flat=True)) == {person.email, ""}
