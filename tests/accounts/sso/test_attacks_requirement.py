"""Requiring the business account affects nobody above its administrators; the emergency account keeps working."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit import report_links
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.mfa_policy.requirement import flows as demand
from accounts.mfa_policy.requirement.flows import Choice
from accounts.mfa_policy.requirement.flows import Outcome as Changed
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.passwords import flows as passwords
from accounts.sso.models import Connection
from accounts.sso.setup import flows as setup
from accounts.sso.setup.flows import Outcome
from accounts.support import group, reports
from environments.people import flows as people
from tests.accounts.sso.browsing import connect, employee, sign_in_there
from tests.accounts.sso.provider import Provider
from tests.accounts.sso.test_attacks_permissions import ABOVE, administrator
from tests.codes import code_of
from tests.conftest import browser, mails, sign_in
from tests.factories import PASSWORD, OrganisationFactory, UserFactory
from tests.pages import CODE, CONFIRM, SIGN_IN, at_once, is_signed_in, shown, signed_in

pytestmark = pytest.mark.django_db

ONLY = Choice(SecondStep.BUSINESS_ACCOUNT)
HERE = Origin("192.0.2.7", "Testbrowser")
NEEDED = "Dit is het noodaccount"


@pytest.fixture
def connection(provider: Provider) -> Connection:
    made = connect(provider)
    made.worked_at = timezone.now()
    made.save()
    return made


@pytest.fixture
def boss(connection: Connection) -> User:
    return administrator(connection, "beheerder", with_totp=True)


@pytest.fixture
def keeper(connection: Connection) -> User:
    made = UserFactory(organisation=connection.organisation, email="nood@gemeente.nl")
    Connection.objects.update(break_glass=made)
    return made


def set_demand(organisation: Organisation, actor: User) -> Changed:
    organisation = Organisation.objects.get(pk=organisation.pk)
    seen = demand.dry_run(organisation, ONLY).shown
    return demand.change(organisation, ONLY, shown=seen, actor=actor, origin=HERE)


@pytest.fixture
def demanded(connection: Connection, boss: User, keeper: User) -> Organisation:
    assert set_demand(connection.organisation, boss) is Changed.SAVED
    return Organisation.objects.get(pk=connection.organisation_id)


# Who is refused. ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", ABOVE)
def test_who_stands_above_keeps_the_password(
    connection: Connection, boss: User, keeper: User, make: Callable[[Connection], User]
) -> None:
    person = make(connection)
    before = signed_in(person)
    assert set_demand(connection.organisation, boss) is Changed.SAVED
    assert before.get(CONFIRM).status_code == 200  # the earlier session continues
    client = browser()
    sign_in(client, person)
    assert client.get(CONFIRM).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_password", [True, False])
def test_every_way_in_of_a_superuser_is_as_before(
    client: Client, provider: Provider, connection: Connection, boss: User, keeper: User, has_password: bool
) -> None:
    """So the requirement locks nobody out, and need not be refused for that."""
    person = employee(connection, superuser=True, with_totp=True)
    if not has_password:
        person.set_unusable_password()
        person.save()
    assert set_demand(connection.organisation, boss) is Changed.SAVED
    assert sign_in_there(client, provider, connection).url == CODE
    client.post(CODE, {"code": code_of(person)})
    assert client.get("/beheer/").status_code == 200
    mails().clear()
    browser().post("/wachtwoord-vergeten/", {"email": person.email})
    assert "wachtwoord-instellen" in mails()[0].body


def test_people_of_the_organisation_and_its_administrators_are_asked_for_the_business_account(
    connection: Connection, demanded: Organisation, boss: User
) -> None:
    for person in (boss, employee(connection, "gewoon")):
        client = browser()
        client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
        assert client.get(CODE).url == SIGN_IN
        assert not is_signed_in(client)


def test_right_and_wrong_passwords_of_staff_cost_the_same_statements(
    connection: Connection, demanded: Organisation
) -> None:
    counts = []
    for password in (PASSWORD, "een verkeerd wachtwoord"):
        boss = administrator(connection, password)
        with CaptureQueriesContext(database) as statements:
            browser().post(SIGN_IN, {"username": boss.email, "password": password})
        counts.append(len(statements))
    assert counts[0] == counts[1]


# The emergency account. ---------------------------------------------------------------------------------------------


def test_demand_needs_an_emergency_account_that_works(connection: Connection, boss: User, keeper: User) -> None:
    town = connection.organisation
    User.objects.filter(pk=keeper.pk).update(is_active=False)
    assert set_demand(town, boss) is Changed.NO_BUSINESS_ACCOUNT
    User.objects.filter(pk=keeper.pk).update(is_active=True, password="!")
    assert set_demand(town, boss) is Changed.NO_BUSINESS_ACCOUNT
    keeper.set_password(PASSWORD)
    keeper.save()
    keeper.membership.organisation = OrganisationFactory()
    keeper.membership.save()
    assert set_demand(town, boss) is Changed.NO_BUSINESS_ACCOUNT
    keeper.membership.organisation = town
    keeper.membership.save()
    assert set_demand(town, boss) is Changed.SAVED


@pytest.mark.parametrize("make", ABOVE)
def test_nobody_above_is_made_the_emergency_account(
    connection: Connection, boss: User, make: Callable[[Connection], User]
) -> None:
    """Otherwise an administrator could keep a superuser from being deactivated."""
    person = make(connection)
    by = {"actor": boss, "origin": HERE}
    assert setup.set_emergency_account(connection.organisation, person.pk, **by) is Outcome.NOT_A_MEMBER


def test_emergency_account_is_not_deactivated_while_it_is_needed(
    demanded: Organisation, boss: User, keeper: User
) -> None:
    ours = UserFactory(superuser=True, with_totp=True)
    for actor in (boss, ours):
        assert not people.deactivate(keeper.pk, actor=actor, origin=HERE)
    client = signed_in(ours)
    page = f"/beheer/accounts/user/{keeper.pk}/change/"
    values = {"email": keeper.email, "first_name": "Per", "last_name": "Soon", "language": "nl"}
    assert NEEDED in shown(client, page, values | {"organisation": demanded.name})  # is_active unticked
    other = OrganisationFactory(name="Elders")
    assert NEEDED in shown(client, page, values | {"is_active": "on", "organisation": other.name})
    assert NEEDED in shown(client, page, values | {"is_active": "on", "organisation": ""})
    with pytest.raises(PermissionError):
        people.move(keeper, None, actor=ours, origin=HERE)
    keeper.refresh_from_db()
    assert keeper.is_active
    assert keeper.membership.organisation == demanded
    Connection.objects.update(break_glass=employee(Connection.objects.get(), "tweede"))
    assert people.deactivate(keeper.pk, actor=ours, origin=HERE)


def test_emergency_account_is_free_while_nothing_is_demanded(connection: Connection, boss: User, keeper: User) -> None:
    assert people.deactivate(keeper.pk, actor=boss, origin=HERE)
    by = {"actor": boss, "origin": HERE}
    assert setup.set_emergency_account(connection.organisation, keeper.pk, **by) is Outcome.NOT_A_MEMBER


@pytest.mark.django_db(transaction=True)
def test_administrators_hear_when_the_password_of_the_emergency_account_is_void(
    client: Client, demanded: Organisation, boss: User, keeper: User
) -> None:
    """The owner said so, so it must be void; but not in silence."""
    passwords.change(keeper, "vijf eigen geiten in de wei", HERE)
    entry = AuditEntry.objects.get(event="password_changed")
    mails().clear()
    assert reports.report(report_links.make_token(entry), HERE)
    [told] = [mail for mail in mails() if mail.to == [boss.email]]
    assert told.subject == "Het wachtwoord van het noodaccount werkt niet meer"
    assert keeper.email in told.body
    assert "/beheer/sso/" in told.body


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(4))
def test_demand_and_deactivation_at_once_leave_an_emergency_account_that_works(
    connection: Connection, boss: User, keeper: User, _round: int
) -> None:
    seen = demand.dry_run(connection.organisation, ONLY).shown
    town = connection.organisation

    def set_it() -> object:
        return demand.change(town, ONLY, shown=seen, actor=boss, origin=HERE)

    def deactivate() -> object:
        return people.deactivate(keeper.pk, actor=User.objects.get(pk=boss.pk), origin=HERE)

    changed, gone = at_once([set_it, deactivate])
    keeper.refresh_from_db()
    holds = Organisation.objects.get(pk=town.pk).second_step == SecondStep.BUSINESS_ACCOUNT
    assert holds is (changed is Changed.SAVED)
    assert keeper.is_active is not gone
    assert keeper.is_active or not holds


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(4))
def test_naming_and_deactivation_at_once_leave_an_emergency_account_that_works(
    demanded: Organisation, boss: User, _round: int
) -> None:
    fresh = UserFactory(organisation=demanded)
    group.ensure_groups()
    assert Group.objects.filter(user=boss).exists()

    def name_it() -> object:
        return setup.set_emergency_account(demanded, fresh.pk, actor=User.objects.get(pk=boss.pk), origin=HERE)

    def deactivate() -> object:
        return people.deactivate(fresh.pk, actor=User.objects.get(pk=boss.pk), origin=HERE)

    at_once([name_it, deactivate])
    assert Connection.objects.get().break_glass.is_active
