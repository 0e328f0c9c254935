""" "Bevestig dat jij het bent" before a sensitive change."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.active_sessions.models import Session
from accounts.active_sessions.store import SessionStore
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.two_factor import devices
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.codes import code_of, wrong_code_of
from tests.conftest import sign_in
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

BASE = "/persoonlijke-gegevens/twee-staps-authenticatie"
LATER = timedelta(minutes=11)
POSTS = [
    f"{BASE}/activeren/",
    f"{BASE}/bevestigen/",
    f"{BASE}/uitschakelen/",
    "/persoonlijke-gegevens/herstelcodes/nieuw/",
    "/persoonlijke-gegevens/sessies/andere-beeindigen/",
    "/persoonlijke-gegevens/sessies/0123456789abcdef/beeindigen/",
    "/persoonlijke-gegevens/wachtwoord/",
    "/persoonlijke-gegevens/e-mailadres/",
]


# ASVS 7.5.1
# ASVS 7.5.2
# NIST N28
@pytest.mark.parametrize("address", POSTS)
@pytest.mark.parametrize("with_totp", [False, True])
def test_sensitive_change_asks_fresh_proof_after_ten_minutes(client: Client, address: str, with_totp: bool) -> None:
    person = UserFactory(with_totp=with_totp)
    sign_in(client, person)
    with time_machine.travel(timezone.now() + LATER, tick=True):
        assert client.post(address, {"code": "123456"}).url.startswith("/bevestig-identiteit/?next=")


def test_right_after_signing_in_nobody_is_asked_again(client: Client) -> None:
    person = UserFactory()
    sign_in(client, person)
    assert client.post(f"{BASE}/activeren/").url == f"{BASE}/bevestigen/"


def test_interrupted_action_goes_on_after_the_proof_without_another_click(client: Client) -> None:
    person = UserFactory(with_totp=True)
    sign_in(client, person)
    with time_machine.travel(timezone.now() + LATER, tick=True):
        asked = client.post("/persoonlijke-gegevens/herstelcodes/nieuw/").url
        page = client.get(asked)
        assert "Code van 6 cijfers, of een herstelcode" in page.content.decode()
        answer = {"password": PASSWORD, "code": code_of(person), "next": page.context["next"]}
        assert client.post("/bevestig-identiteit/", answer).url == "/persoonlijke-gegevens/herstelcodes/"
    assert devices.recovery_codes_left(person) == 10


def test_what_was_typed_is_kept_sealed_and_not_readable_in_the_database(client: Client) -> None:
    person = UserFactory(with_totp=True)
    sign_in(client, person)
    new = "drie woorden en nog wat meer"
    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    with time_machine.travel(timezone.now() + LATER, tick=True):
        asked = client.post("/persoonlijke-gegevens/wachtwoord/", typed).url
        assert asked.startswith("/bevestig-identiteit/")
        data = SessionStore(client.session.session_key).load()
        assert new not in str(data)
        answer = {"password": PASSWORD, "code": code_of(person), "next": client.get(asked).context["next"]}
        assert client.post("/bevestig-identiteit/", answer).url == "/persoonlijke-gegevens/"
    person.refresh_from_db()
    assert person.check_password(new)


# ASVS 7.5.1
# NIST N28
def test_password_alone_is_no_proof_for_who_has_a_second_step(client: Client) -> None:
    person = UserFactory(with_totp=True)
    sign_in(client, person)
    with time_machine.travel(timezone.now() + LATER, tick=True):
        for code in ("", wrong_code_of(person), "abc"):
            client.post("/bevestig-identiteit/", {"password": PASSWORD, "code": code})
        assert client.post(f"{BASE}/activeren/").url.startswith("/bevestig-identiteit/")
    assert AuditEntry.objects.filter(event=Event.IDENTITY_REFUSED).exists()


def test_wrong_password_costs_no_code(client: Client) -> None:
    person = UserFactory(with_totp=True)
    sign_in(client, person)
    with time_machine.travel(timezone.now() + LATER, tick=True):
        code = code_of(person)
        client.post("/bevestig-identiteit/", {"password": "iets heel anders dan dat", "code": code})
        response = client.post("/bevestig-identiteit/", {"password": PASSWORD, "code": code, "next": "/"})
        assert response.url == "/"


def test_recovery_code_proves_as_well_for_who_lost_the_phone(client: Client) -> None:
    person = UserFactory(with_totp=True)
    codes = recovery_codes.make(person, Origin("192.0.2.1"))
    sign_in(client, person)
    with time_machine.travel(timezone.now() + LATER, tick=True):
        client.post("/bevestig-identiteit/", {"password": PASSWORD, "code": codes[0]})
        assert client.post(f"{BASE}/activeren/").url == f"{BASE}/bevestigen/"


# ASVS 7.2.4
def test_session_id_changes_at_the_proof(client: Client) -> None:
    person = UserFactory()
    sign_in(client, person)
    before = client.session.session_key
    client.post("/bevestig-identiteit/", {"password": PASSWORD})
    assert client.session.session_key != before
    assert not Session.objects.filter(digest=before).exists()


# ASVS 3.7.2
def test_target_outside_is_not_followed(client: Client) -> None:
    person = UserFactory()
    sign_in(client, person)
    for target in ("//kwaad.example/", "https://kwaad.example/", "/\\kwaad.example"):
        assert client.post("/bevestig-identiteit/", {"password": PASSWORD, "next": target}).url == "/"


def test_kept_action_of_another_page_is_not_carried_out(client: Client) -> None:
    person = UserFactory(with_totp=True)
    sign_in(client, person)
    with time_machine.travel(timezone.now() + LATER, tick=True):
        client.post("/persoonlijke-gegevens/herstelcodes/nieuw/")
        client.post("/bevestig-identiteit/", {"password": PASSWORD, "code": code_of(person), "next": "/"})
    assert devices.recovery_codes_left(person) is None
