"""Which account a business account opens: shared computers, changed organisations, the emergency account."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import SecondStep
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.sso.models import Connection, Identity
from environments.people import flows as people
from tests.accounts.sso.browsing import come_back, connect, employee, led_to, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.conftest import mails, sign_in
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import is_signed_in, signed_in

pytestmark = pytest.mark.django_db
INVITED = "/wachtwoord-instellen/zakelijk-account/"


@pytest.mark.parametrize(("minutes_ago", "linked"), [(60, False), (0, True), (None, True)])
def test_open_session_of_a_colleague_there_does_not_take_an_invitation(
    client: Client, provider: Provider, minutes_ago: int | None, linked: bool
) -> None:
    """A provider that does not say when (Entra ID) is asked for a new sign-in all the same."""
    connection = connect(provider)
    person = User.objects.create(email="genodigd@bewezen.nl", password="!")
    connection.organisation.memberships.create(user=person)
    client.get(f"/wachtwoord-instellen/{links.make(person, Purpose.INVITATION)}/")
    there = led_to(client.post(INVITED))
    assert "prompt=login" in there
    when = None if minutes_ago is None else int(time.time()) - 60 * minutes_ago
    come_back(client, connection, provider.sign_in(there, sub="collega", auth_time=when))
    assert Identity.objects.filter(user=person).exists() is linked


def test_who_moves_takes_no_session_of_the_former_provider_along(provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection, with_totp=True)
    there, by_password = signed_in_there(provider, connection), signed_in(person)
    by = {"actor": UserFactory(superuser=True), "origin": Origin()}
    people.move(person, OrganisationFactory(), **by)
    assert not is_signed_in(there)
    assert is_signed_in(by_password)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_administrator", [True, False])
def test_somebody_else_always_hears_of_the_emergency_account(
    client: Client, provider: Provider, is_administrator: bool
) -> None:
    connection = connect(provider)
    keeper = employee(connection, with_totp=True, superuser=is_administrator)
    ours = UserFactory(superuser=True)
    Connection.objects.update(break_glass=keeper)
    type(connection.organisation).objects.update(second_step=SecondStep.BUSINESS_ACCOUNT)
    sign_in(client, keeper)
    told = [mail.to[0] for mail in mails() if mail.subject == "Het noodaccount is gebruikt"]
    assert sorted(told) == sorted([keeper.email, ours.email])
