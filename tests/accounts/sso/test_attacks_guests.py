"""The own organisation's provider alone gives no access to an environment of another organisation."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations import rank
from accounts.passwords import flows as passwords
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.sso.models import Connection
from accounts.two_factor.models import Authenticator
from environments.models import Access
from tests.accounts.sso.browsing import connect, employee, entry, sign_in_there, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.codes import code_of, phone
from tests.conftest import browser
from tests.factories import PASSWORD, AuthenticatorFactory, EnvironmentFactory
from tests.pages import ACTIVATE, CODE, CONFIRM, SIGN_IN, is_signed_in, text

pytestmark = pytest.mark.django_db

ONE_FACTOR = "Voor jouw account is alleen het zakelijke account niet genoeg."


# ASVS 8.4.1
def test_provider_of_the_own_organisation_opens_no_environment_of_another(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person, theirs = employee(connection), EnvironmentFactory()
    assert rank.organisation_decides_over(person)
    Access.objects.create(user=person, environment=EnvironmentFactory(organisation=connection.organisation))
    assert rank.organisation_decides_over(person)
    Access.objects.create(user=person, environment=theirs)
    assert not rank.organisation_decides_over(person)
    assert ONE_FACTOR in text(sign_in_there(client, provider, connection))
    assert not is_signed_in(client)
    AuthenticatorFactory(user=person)
    assert sign_in_there(client, provider, connection).url == CODE
    client.post(CODE, {"code": code_of(person)})
    assert client.get(f"/omgevingen/{theirs.slug}/").status_code == 200


def test_session_that_the_provider_opened_ends_when_its_person_may_open_an_environment_elsewhere(
    provider: Provider,
) -> None:
    connection = connect(provider)
    person = employee(connection)
    client = signed_in_there(provider, connection)
    assert is_signed_in(client)
    Access.objects.create(user=person, environment=EnvironmentFactory())
    assert ONE_FACTOR in text(client.get("/", follow=True))
    assert not is_signed_in(client)


# A mailbox or a password alone opens nothing of theirs either. ------------------------------------------------------


def guest(connection: Connection, **traits: object) -> User:
    person = employee(connection, **traits)
    Access.objects.create(user=person, environment=EnvironmentFactory())
    return person


def give_password(client: Client, person: User) -> object:
    return client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})


def test_password_alone_opens_nothing_of_who_is_linked(client: Client, provider: Provider) -> None:
    """They get a link for a new one, because the provider alone is not enough: the mailbox must not be either."""
    connection = connect(provider)
    person = guest(connection)
    token = links.make(person, Purpose.RESET)
    assert passwords.set_from_link(token, PASSWORD, Origin()) == person
    assert give_password(client, person).url.startswith(entry(connection))
    assert not is_signed_in(client)
    assert client.get(CONFIRM).status_code == 302


def test_password_and_provider_together_open_the_set_up_of_our_second_step(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person = guest(connection)
    give_password(client, person)
    assert sign_in_there(client, provider, connection).url == "/"
    assert client.get("/").url == CONFIRM
    client.post(ACTIVATE)
    device = Authenticator.objects.get(user=person)
    assert client.post(CONFIRM, {"code": phone(device).now(), "name": "Telefoon"}).status_code == 302
    assert is_signed_in(client)


@pytest.mark.parametrize("other", ["browser", "person", "password", "late"])
def test_password_counts_for_this_person_in_this_browser_just_now(
    client: Client, provider: Provider, other: str
) -> None:
    connection = connect(provider)
    person = guest(connection)
    give_password(client, employee(connection, "collega") if other == "person" else person)
    if other == "password":
        passwords.set_from_link(links.make(person, Purpose.RESET), "vijf eigen geiten in de wei", Origin())
    there = browser() if other == "browser" else client
    minutes = limits.SSO_TRANSACTION + timedelta(seconds=1) if other == "late" else timedelta()
    with time_machine.travel(timezone.now() + minutes):
        assert ONE_FACTOR in text(sign_in_there(there, provider, connection))
    assert not is_signed_in(there)


def test_superuser_never_comes_in_by_password_and_provider_without_a_second_step(
    client: Client, provider: Provider
) -> None:
    connection = connect(provider)
    person = employee(connection)
    give_password(client, person)
    User.objects.update(is_staff=True, is_superuser=True)
    assert ONE_FACTOR in text(sign_in_there(client, provider, connection))
