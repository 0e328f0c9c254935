"""Unlinking a business account by a report, a move or earlier settings: gives no access, and locks nobody out."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from accounts.audit import report_links
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.sso.models import Connection
from accounts.support import reports
from accounts.support.models import Check, Kind, Report
from environments.models import Access
from environments.people import flows as people
from tests.accounts.sso.browsing import come_back, connect, employee, led_to, sign_in_there
from tests.accounts.sso.provider import Provider
from tests.accounts.support.desk_pages import act
from tests.conftest import browser, mails
from tests.factories import PASSWORD, EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import SIGN_IN, is_signed_in

pytestmark = pytest.mark.django_db(transaction=True)
SET_UP = "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/"
LINK = re.compile(r"https://mijn\.assetmaps\.nl(/(?:wachtwoord-instellen|nieuwe-telefoon)/\S+)")


def links_mailed() -> list[str]:
    return [found for message in mails() for found in LINK.findall(message.body)]


def report_the_link(person: User, connection: Connection) -> None:
    detail: dict[str, str | int] = {"way": "link", "issuer": connection.issuer}
    entry = record(Event.SSO_LINKED, subject=person, origin=Origin("192.0.2.9"), detail=detail)
    browser().post(f"/dit-was-ik-niet/{report_links.make_token(entry)}/", {"answer": "do"})


@pytest.mark.parametrize("has_password", [True, False])
def test_thief_with_the_mailbox_reports_the_link_of_the_owner_and_gets_no_link_for_a_password(
    provider: Provider, has_password: bool
) -> None:
    connection = connect(provider)
    person = employee(connection)
    if not has_password:
        person.set_unusable_password()
        person.save()
    report_the_link(person, connection)
    browser().post("/wachtwoord-vergeten/", {"email": person.email})
    assert mails()
    assert not links_mailed()


def test_who_was_removed_there_does_not_come_back_by_reporting_the_own_link(provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection)
    report_the_link(person, connection)
    client = browser()
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    assert not is_signed_in(client)


def test_owner_whose_link_was_reported_under_the_demand_is_invited_anew_after_support_has_looked(
    provider: Provider,
) -> None:
    connection = connect(provider)
    Organisation.objects.filter(pk=connection.organisation_id).update(second_step=SecondStep.BUSINESS_ACCOUNT)
    person, root = employee(connection), UserFactory(superuser=True, with_totp=True)
    User.objects.filter(pk=person.pk).update(last_login=timezone.now())
    report_the_link(person, connection)
    assert reports.close(Report.objects.get(), root, Origin(), check=Check.IN_PERSON)
    assert people.invite_again(person.pk, actor=root, origin=Origin())
    owner = browser()
    owner.get(links_mailed()[-1])
    there = provider.sign_in(led_to(owner.post("/wachtwoord-instellen/zakelijk-account/")), email=person.email)
    assert come_back(owner, connection, there).url == "/"
    assert is_signed_in(owner)


def test_who_moves_to_an_organisation_with_the_demand_can_be_invited_there(provider: Provider) -> None:
    connection = connect(provider)
    town = Organisation.objects.get(pk=connection.organisation_id)
    town.second_step = SecondStep.BUSINESS_ACCOUNT
    town.save()
    person, root = UserFactory(organisation=OrganisationFactory()), UserFactory(superuser=True, with_totp=True)
    User.objects.filter(pk=person.pk).update(last_login=timezone.now())
    assert people.move(person, town, actor=root, origin=Origin())
    assert people.may_invite(root, User.objects.get(pk=person.pk))


def test_value_of_before_that_names_one_factor_keeps_nobody_out(provider: Provider) -> None:
    connection = connect(provider, vouching="amr", vouching_value="pwd", missing_proof="refuse")
    provider.claims["amr"] = ["pwd"]
    employee(connection)
    assert sign_in_there(browser(), provider, connection).url  # goes on, to our own second step


def test_guest_comes_from_the_link_of_a_reset_by_way_of_the_provider_to_the_set_up(provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection, with_totp=True)
    Access.objects.create(user=person, environment=EnvironmentFactory())
    act(Kind.RESET, person, UserFactory(superuser=True, with_totp=True))
    owner = browser()
    owner.get(links_mailed()[-1])
    owner.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    assert sign_in_there(owner, provider, connection).url == SET_UP
