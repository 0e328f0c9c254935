"""An organisation that requires the business account: no password is accepted, except of the emergency account."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.organisations.models import SecondStep
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.sso.models import Connection
from tests.accounts.sso.browsing import connect, employee, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.codes import code_of
from tests.conftest import browser, mails, sign_in
from tests.factories import PASSWORD, UserFactory
from tests.pages import CODE, SIGN_IN, WRONG_PASSWORD, is_signed_in, shown, signed_in

pytestmark = pytest.mark.django_db

ONLY = "Bij jouw organisatie kun je alleen inloggen met je zakelijke account."


@pytest.fixture
def connection(provider: Provider) -> Connection:
    made = connect(provider)
    demand(made)
    return made


def demand(connection: Connection) -> None:
    connection.organisation.second_step = SecondStep.BUSINESS_ACCOUNT
    connection.organisation.save()


def try_password(client: Client, email: str, password: str = PASSWORD) -> str:
    return shown(client, SIGN_IN, {"username": email, "password": password})


@pytest.mark.parametrize("traits", [{}, {"with_totp": True}, {"staff": True}])
def test_password_opens_nothing(client: Client, connection: Connection, traits: dict) -> None:
    person = employee(connection, **traits)
    page = try_password(client, person.email)
    assert not is_signed_in(client)
    assert client.get(CODE).url == SIGN_IN  # not even half
    assert WRONG_PASSWORD in page
    assert AuditEntry.objects.get(event="password_refused").detail["cause"] == "business_account"


def test_stranger_does_not_learn_whether_a_password_is_right(connection: Connection) -> None:
    """It opens nothing here, but perhaps the mailbox."""
    person = employee(connection)
    pages = [try_password(browser(), person.email, password) for password in (PASSWORD, "een verkeerd wachtwoord")]
    without_tokens = [re.sub(r'value="[^"]*"', "", page) for page in pages]
    assert without_tokens[0] == without_tokens[1]


def test_owner_in_a_known_browser_is_told(client: Client, provider: Provider, connection: Connection) -> None:
    connection.organisation.second_step = SecondStep.OPTIONAL
    connection.organisation.save()
    person = employee(connection, with_totp=True)
    sign_in(client, person)
    client.post("/uitloggen/")
    demand(connection)
    assert ONLY in try_password(client, person.email)
    assert WRONG_PASSWORD in try_password(client, person.email, "een verkeerd wachtwoord")


def test_owner_in_a_known_browser_is_told_nothing_while_attempts_have_to_wait(
    client: Client, provider: Provider
) -> None:
    made = connect(provider)
    person = employee(made, with_totp=True)
    sign_in(client, person)
    client.post("/uitloggen/")
    demand(made)
    for _ in range(12):
        try_password(client, person.email, "een verkeerd wachtwoord")
    assert WRONG_PASSWORD in try_password(client, person.email)


def test_right_and_wrong_passwords_count_alike(connection: Connection) -> None:
    person = employee(connection)
    for _ in range(3):
        try_password(browser(), person.email)
        try_password(browser(), person.email, "een verkeerd wachtwoord")
    causes = list(AuditEntry.objects.filter(event="password_refused").values_list("detail__cause", flat=True))
    assert causes.count("waiting") == 1  # the sixth


def test_right_and_wrong_passwords_cost_the_same_statements(connection: Connection) -> None:
    counts = []
    for subject, password in (("a", PASSWORD), ("b", "een verkeerd wachtwoord")):
        person = employee(connection, subject)
        with CaptureQueriesContext(database) as statements:
            browser().post(SIGN_IN, {"username": person.email, "password": password})
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_business_account_opens_the_portal(provider: Provider, connection: Connection) -> None:
    employee(connection)
    assert is_signed_in(signed_in_there(provider, connection))


def test_session_of_a_password_ends_when_the_demand_comes(provider: Provider) -> None:
    made = connect(provider)
    person = employee(made, with_totp=True)
    by_password, there = signed_in(person), signed_in_there(provider, made)
    demand(made)
    page = shown(by_password, "/")
    assert ONLY in page
    assert not is_signed_in(by_password)
    assert is_signed_in(there)


def test_demand_costs_no_statement(connection: Connection, provider: Provider) -> None:
    """Only where a password session meets the demand, the emergency account is looked up."""
    employee(connection)
    client = signed_in_there(provider, connection)
    with CaptureQueriesContext(database) as statements:
        client.get("/")
    assert not any('FROM "sso_connection"' in one["sql"] for one in statements)


def test_people_of_other_organisations_and_of_none_keep_their_passwords(connection: Connection) -> None:
    assert is_signed_in(signed_in(UserFactory()))


@pytest.mark.django_db(transaction=True)
def test_reset_mail_says_so_and_has_no_link(client: Client, connection: Connection) -> None:
    person = employee(connection)
    client.post("/wachtwoord-vergeten/", {"email": person.email})
    [mail] = mails()
    assert mail.subject == "Je logt bij Assetmaps in met je zakelijke account"
    assert f"https://mijn.assetmaps.nl/inloggen/sso/{connection.organisation.slug}/" in mail.body
    assert "wachtwoord-instellen" not in mail.body


def test_link_of_before_sets_no_password(client: Client, connection: Connection) -> None:
    person = employee(connection)
    before = person.password
    page = shown(client, f"/wachtwoord-instellen/{links.make(person, Purpose.RESET)}/")
    assert ONLY in page
    assert 'name="new_password1"' not in page
    client.post("/wachtwoord-instellen/", {"new_password1": "vijf eigen geiten", "new_password2": "vijf eigen geiten"})
    person.refresh_from_db()
    assert person.password == before


# The emergency account. ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_emergency_account_comes_in_with_an_alarm(client: Client, connection: Connection) -> None:
    keeper = employee(connection, with_totp=True)
    Connection.objects.update(break_glass=keeper)
    right = Permission.objects.get(codename="change_organisation")
    boss, clerk = (UserFactory(organisation=connection.organisation, staff=True) for _ in range(2))
    boss.user_permissions.add(right)
    sign_in(client, keeper, code=code_of(keeper))
    assert is_signed_in(client)
    assert AuditEntry.objects.filter(event="emergency_sign_in", subject=keeper).count() == 1
    alarms = [mail for mail in mails() if mail.subject == "Het noodaccount is gebruikt"]
    assert sorted(mail.to[0] for mail in alarms) == sorted([keeper.email, boss.email])
    assert all(keeper.email in mail.body for mail in alarms)
    assert clerk.email not in str([mail.to for mail in alarms])
    sign_in(browser(), keeper)
    assert AuditEntry.objects.filter(event="emergency_sign_in").count() == 2  # at each use


def test_wrong_password_of_the_emergency_account_raises_no_alarm(client: Client, connection: Connection) -> None:
    keeper = employee(connection)
    Connection.objects.update(break_glass=keeper)
    try_password(client, keeper.email, "een verkeerd wachtwoord")
    assert not AuditEntry.objects.filter(event="emergency_sign_in").exists()


def test_emergency_account_stays_in_while_it_works(client: Client, connection: Connection) -> None:
    keeper = employee(connection)
    Connection.objects.update(break_glass=keeper)
    sign_in(client, keeper)
    for _ in range(3):
        assert is_signed_in(client)
    Connection.objects.update(break_glass=None)
    assert not is_signed_in(client)
    assert not Session.objects.filter(signed_in=True).exists()


def test_emergency_account_of_one_organisation_is_none_of_another(
    client: Client, connection: Connection, second_provider: Provider
) -> None:
    other = connect(second_provider)
    person = employee(connection)
    Connection.objects.filter(pk=other.pk).update(break_glass=person)
    try_password(client, person.email)
    assert not is_signed_in(client)
