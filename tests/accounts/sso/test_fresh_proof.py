""" "Bevestig dat jij het bent" of somebody who signed in with the business account goes through the provider."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.sso.models import Connection
from tests.accounts.sso.browsing import come_back, connect, employee, led_to, sign_in_there, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.codes import code_of, wrong_code_of
from tests.conftest import outlive_proof
from tests.factories import PASSWORD, AuthenticatorFactory, UserFactory
from tests.pages import ACTIVATE, CODE, CONFIRM, is_signed_in, session_key, session_row, signed_in, text

pytestmark = pytest.mark.django_db

PAGE = "/bevestig-identiteit/"
ADDRESS = "/persoonlijke-gegevens/e-mailadres/"


@pytest.fixture
def connection(provider: Provider) -> Connection:
    return connect(provider)


@pytest.fixture
def visitor(provider: Provider, connection: Connection) -> Client:
    employee(connection)
    client = signed_in_there(provider, connection)
    outlive_proof(client)
    return client


def ask(client: Client, address: str = ADDRESS) -> str:
    """Ask for a page that needs fresh proof, press the button, and return the address at the provider."""
    answer = client.get(address)
    assert answer.url.startswith(PAGE)
    page = text(client.get(answer.url))
    assert "Bevestigen met zakelijk account" in page
    assert 'name="password"' not in page
    return led_to(client.post(answer.url))


def test_provider_must_ask_anew(visitor: Client, provider: Provider, connection: Connection) -> None:
    values = parse_qs(urlsplit(ask(visitor)).query)
    assert (values["prompt"], values["max_age"]) == (["login"], ["0"])


# ASVS 7.5.1
def test_proof_there_is_fresh_proof_here(visitor: Client, provider: Provider, connection: Connection) -> None:
    before = session_key(visitor)
    answer = come_back(visitor, connection, provider.sign_in(ask(visitor)))
    assert answer.url.startswith(PAGE)
    assert visitor.get(answer.url).url == ADDRESS
    assert visitor.get(ADDRESS).status_code == 200
    assert session_key(visitor) != before
    assert AuditEntry.objects.filter(event="identity_confirmed").count() == 1


def test_interrupted_change_goes_on(visitor: Client, provider: Provider, connection: Connection) -> None:
    other = signed_in_there(provider, connection)
    answer = visitor.post(reverse("sessions_end_others"))
    there = led_to(visitor.post(answer.url))
    back = come_back(visitor, connection, provider.sign_in(there))
    assert is_signed_in(other)  # only after the page that asked has checked again
    visitor.get(back.url)
    assert not is_signed_in(other)
    assert is_signed_in(visitor)


def test_interrupted_change_does_not_go_on_in_a_session_that_lost_its_rights(
    visitor: Client, provider: Provider, connection: Connection
) -> None:
    other = signed_in_there(provider, connection)
    answer = visitor.post(reverse("sessions_end_others"))
    back = come_back(visitor, connection, provider.sign_in(led_to(visitor.post(answer.url))))
    User.objects.update(is_staff=True)  # from now on the agreement is not enough
    row = session_row(visitor)
    row.data = visitor.session.encode(dict(visitor.session) | {"vouched": "agreement"})
    row.save()
    visitor.get(back.url)
    assert is_signed_in(other)


def test_proof_goes_on_once(visitor: Client, provider: Provider, connection: Connection) -> None:
    back = come_back(visitor, connection, provider.sign_in(ask(visitor)))
    assert visitor.get(back.url).url == ADDRESS
    assert "Bevestigen met zakelijk account" in text(visitor.get(back.url))


# ASVS 7.6.1
@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"auth_time": None}, "authentication_time"),
        ({"auth_time": "old"}, "authentication_time"),
        ({"sub": "collega"}, "other_person"),
        ({"sub": "onbekend"}, "other_person"),
        ({"amr": ["pwd"]}, "no_second_step"),
    ],
)
def test_wrong_proof_opens_nothing(
    visitor: Client, provider: Provider, connection: Connection, claims: dict, reason: str
) -> None:
    employee(connection, "collega")
    if claims.get("auth_time") == "old":
        claims = {"auth_time": int(timezone.now().timestamp()) - int(limits.SSO_SKEW.total_seconds()) - 30}
    answer = come_back(visitor, connection, provider.sign_in(ask(visitor), **claims))
    assert answer.status_code == 400
    assert visitor.get(ADDRESS).status_code == 302
    assert is_signed_in(visitor)  # as before
    assert AuditEntry.objects.get(event="sso_refused").detail["cause"] == reason


def test_proof_of_an_unknown_person_makes_no_account(
    visitor: Client, provider: Provider, connection: Connection
) -> None:
    Connection.objects.update(make_on_arrival=True)
    connection.organisation.mail_domains.create(domain="bewezen.nl", token="x", proved_at=timezone.now())
    come_back(visitor, connection, provider.sign_in(ask(visitor), sub="nieuw", email="nieuw@bewezen.nl"))
    assert User.objects.count() == 1


def test_less_than_the_session_began_with_is_no_proof(
    visitor: Client, provider: Provider, connection: Connection
) -> None:
    Connection.objects.update(missing_proof="ask_ours")
    answer = come_back(visitor, connection, provider.sign_in(ask(visitor), amr=["pwd"]))
    assert answer.status_code == 400
    assert visitor.get(ADDRESS).status_code == 302


def test_who_owes_our_code_types_it_as_well(client: Client, provider: Provider) -> None:
    connection = connect(provider, vouching="ours")
    person = employee(connection, with_totp=True)
    sign_in_there(client, provider, connection)
    client.post(CODE, {"code": code_of(person)})
    outlive_proof(client)
    answer = come_back(client, connection, provider.sign_in(ask(client)))
    assert answer.url.startswith(PAGE)
    assert client.get(ADDRESS).status_code == 302  # not yet
    page = text(client.get(answer.url))
    assert 'name="code"' in page
    assert 'name="password"' not in page
    client.post(answer.url, {"code": wrong_code_of(person)})
    assert client.get(ADDRESS).status_code == 302
    client.post(answer.url, {"code": code_of(person, 30)})
    assert client.get(ADDRESS).status_code == 200


def test_password_proves_nothing_in_such_a_session(visitor: Client) -> None:
    answer = visitor.get(ADDRESS)
    visitor.post(answer.url, {"password": PASSWORD})
    assert visitor.get(ADDRESS).status_code == 302


def test_proof_begun_by_somebody_else_is_not_taken(visitor: Client, provider: Provider, connection: Connection) -> None:
    answer = provider.sign_in(ask(visitor))
    visitor.post("/uitloggen/")
    assert come_back(visitor, connection, answer).status_code == 400
    assert not is_signed_in(visitor)


# NIST N14
def test_sign_in_of_this_morning_there_is_no_fresh_proof(provider: Provider, connection: Connection) -> None:
    employee(connection)
    at = int(timezone.now().timestamp()) - int(limits.FRESH_PROOF.total_seconds()) - 60
    for auth_time in (at, None):
        client = signed_in_there(provider, connection, auth_time=auth_time)
        assert is_signed_in(client)
        assert client.get(ADDRESS).status_code == 302
    assert signed_in_there(provider, connection).get(ADDRESS).status_code == 200


def test_set_up_that_is_owed_can_be_done_with_proof_there(client: Client, provider: Provider) -> None:
    connection = connect(provider, vouching="ours")
    employee(connection)
    sign_in_there(client, provider, connection, auth_time=int(timezone.now().timestamp()) - 3600)
    assert client.get(CONFIRM).url.startswith(PAGE)
    address = led_to(client.post(client.get(CONFIRM).url))
    back = come_back(client, connection, provider.sign_in(address))
    assert client.get(back.url).url == CONFIRM
    assert client.post(ACTIVATE).url == CONFIRM
    assert client.get(CONFIRM).status_code == 200
    assert client.get("/").url == CONFIRM


def test_second_step_that_came_in_another_browser_closes_a_session_that_owes_it(provider: Provider) -> None:
    connection = connect(provider, vouching="ours")
    person = employee(connection)
    client = signed_in_there(provider, connection)
    AuthenticatorFactory(user=person)
    assert client.get("/").url.startswith("/inloggen/")
    assert not is_signed_in(client)


def test_password_session_proves_with_the_password_as_before(provider: Provider, connection: Connection) -> None:
    client = signed_in(UserFactory(organisation=connection.organisation))
    outlive_proof(client)
    answer = client.get(ADDRESS)
    assert 'name="password"' in text(client.get(answer.url))
    client.post(answer.url, {"password": PASSWORD})
    assert client.get(ADDRESS).status_code == 200
