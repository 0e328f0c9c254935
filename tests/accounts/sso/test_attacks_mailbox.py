"""With the second factor at the provider, mailbox or password alone give no access (ASVS 6.3.4, 6.4.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import SecondStep
from accounts.passwords import flows as passwords
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.sso.models import Connection, Identity
from accounts.two_factor.models import Authenticator
from tests.accounts.sso.browsing import come_back, connect, employee, entry, led_to, sign_in_there, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.codes import code_of
from tests.conftest import browser, mails, prove, sign_in
from tests.factories import PASSWORD, OrganisationFactory, UserFactory
from tests.pages import ACTIVATE, CODE, CONFIRM, DETAILS, SIGN_IN, is_signed_in, session_key, shown, signed_in, text

pytestmark = pytest.mark.django_db

FORGOTTEN, SET = "/wachtwoord-vergeten/", "/wachtwoord-instellen/"
NEW = {"new_password1": "vijf eigen geiten", "new_password2": "vijf eigen geiten"}
THERE = "Je tweede stap zit bij je zakelijke account. Log daarmee in."
SAYS = [("amr", "mfa", "refuse"), ("acr", "urn:hoog", "ask_ours"), ("agreement", "", "refuse")]


@pytest.fixture
def connection(provider: Provider) -> Connection:
    return connect(provider)


def demand_it(connection: Connection) -> None:
    today = timezone.localdate()
    type(connection.organisation).objects.update(second_step=SecondStep.REQUIRED, required_from=today)


def without_password(person: User) -> User:
    person.set_unusable_password()
    person.save()
    return person


# The mailbox. -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("vouching", "value", "missing"), SAYS)
@pytest.mark.parametrize("has_password", [True, False])
def test_mailbox_brings_no_link_but_the_way_to_the_provider(
    client: Client, connection: Connection, vouching: str, value: str, missing: str, has_password: bool
) -> None:
    Connection.objects.update(vouching=vouching, vouching_value=value, missing_proof=missing)
    person = employee(connection)
    if not has_password:
        without_password(person)
    client.post(FORGOTTEN, {"email": person.email})
    [mail] = mails()
    assert mail.subject == "Je logt bij Assetmaps in met je zakelijke account"
    assert f"https://mijn.assetmaps.nl{entry(connection)}" in mail.body
    assert "wachtwoord-instellen" not in mail.body
    assert "alleen het zakelijke account" not in mail.body  # nobody demanded that


def test_link_of_before_the_linking_sets_no_password(client: Client, connection: Connection) -> None:
    person = UserFactory(organisation=connection.organisation)
    for purpose in Purpose:
        token = links.make(person, purpose)
        Identity.objects.create(
            organisation=connection.organisation, issuer=connection.issuer, subject=purpose.value, user=person
        )
        page = shown(client, f"{SET}{token}/")
        assert THERE in page
        assert 'name="new_password1"' not in page
        client.post(SET, NEW)
        assert passwords.set_from_link(token, "vijf eigen geiten", Origin()) is None
        Identity.objects.all().delete()
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_invitation_of_who_is_linked_brings_no_link(connection: Connection) -> None:
    person = without_password(employee(connection))
    passwords.invite(person, actor=None, origin=Origin())
    [mail] = mails()
    assert "wachtwoord-instellen" not in mail.body
    assert entry(connection) in mail.body


@pytest.mark.django_db(transaction=True)
def test_reminders_of_the_demand_invite_nobody_whose_second_step_is_at_the_provider(connection: Connection) -> None:
    without_password(employee(connection))
    employee(connection, "met-wachtwoord")
    soon = timezone.localdate() + timedelta(days=3)
    type(connection.organisation).objects.update(second_step=SecondStep.REQUIRED, required_from=soon)
    call_command("send_reminders")
    assert mails() == []


# The password. ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("demanded", [False, True])
@pytest.mark.parametrize("traits", [{}, {"staff": True}])
def test_password_alone_opens_nothing(client: Client, connection: Connection, traits: dict, demanded: bool) -> None:
    """With a demand the thief would link an own phone and meet it."""
    if demanded:
        demand_it(connection)
    person = employee(connection, **traits)
    answer = client.post(SIGN_IN, {"username": person.email, "password": PASSWORD, "next": DETAILS})
    assert answer.url == f"{entry(connection)}?next=%2Fpersoonlijke-gegevens%2F"
    assert THERE in shown(client, answer.url)
    assert not is_signed_in(client)
    assert client.get(CONFIRM).status_code == 302
    client.post(ACTIVATE)
    assert not Authenticator.objects.exists()
    cause = AuditEntry.objects.get(event="password_refused", succeeded=False).detail["cause"]
    assert cause == "second_step_at_provider"


def test_session_of_a_password_of_before_ends(provider: Provider) -> None:
    connection = connect(provider, enabled=False)
    client = signed_in(employee(connection))
    assert is_signed_in(client)
    Connection.objects.update(enabled=True)
    assert THERE in shown(client, "/")
    assert not is_signed_in(client)


def test_password_with_our_code_opens_as_ever(client: Client, connection: Connection) -> None:
    person = employee(connection, with_totp=True)
    sign_in(client, person, code=code_of(person))
    assert is_signed_in(client)


def test_switching_our_second_step_off_leaves_no_session_of_the_password(
    client: Client, connection: Connection
) -> None:
    person = employee(connection, with_totp=True)
    sign_in(client, person)
    Authenticator.objects.all().delete()
    assert not is_signed_in(client)
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    assert not is_signed_in(client)


def test_who_was_removed_there_cannot_come_back(client: Client, provider: Provider, connection: Connection) -> None:
    person = employee(connection)
    there = signed_in_there(provider, connection)
    there.post("/uitloggen/")
    # From now on the provider says no. What is left to that person is the password and the mailbox.
    refused = {"error": "access_denied", "iss": provider.issuer}
    address = led_to(client.post(entry(connection)))
    state = provider.sign_in(address)["state"]
    assert not is_signed_in(client)
    come_back(client, connection, refused | {"state": state})
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    client.post(FORGOTTEN, {"email": person.email})
    client.get(f"{SET}{links.make(person, Purpose.RESET)}/")
    client.post(SET, NEW)
    client.post(SIGN_IN, {"username": person.email, "password": NEW["new_password1"]})
    assert not is_signed_in(client)


# Linking. -----------------------------------------------------------------------------------------------------------


def link(client: Client, provider: Provider, connection: Connection, **claims: object) -> object:
    prove(client)
    there = led_to(client.post("/persoonlijke-gegevens/zakelijk-account/koppelen/"))
    return come_back(client, connection, provider.sign_in(there, **claims))


def test_linking_goes_on_in_the_same_browser(client: Client, provider: Provider, connection: Connection) -> None:
    person = UserFactory(organisation=connection.organisation)
    sign_in(client, person)
    before = session_key(client)
    answer = link(client, provider, connection)
    assert "Je zakelijke account is gekoppeld" in shown(client, answer.url)
    assert is_signed_in(client)
    assert client.session["vouched"] == "claim"
    assert session_key(client) != before  # ASVS 7.2.4
    elsewhere = browser()
    elsewhere.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    assert not is_signed_in(elsewhere)


def test_linking_with_our_code_shown_keeps_the_session_as_it_is(
    client: Client, provider: Provider, connection: Connection
) -> None:
    person = UserFactory(organisation=connection.organisation, with_totp=True)
    sign_in(client, person)
    link(client, provider, connection)
    assert is_signed_in(client)
    assert "vouched" not in client.session


# For whom nothing changes. ------------------------------------------------------------------------------------------


def test_provider_that_does_not_vouch_takes_no_password_away(client: Client, provider: Provider) -> None:
    person = employee(connect(provider, vouching="ours"))
    sign_in(client, person)
    assert is_signed_in(client)


@pytest.mark.parametrize("change", ["off", "moved", "other_issuer", "unlinked"])
def test_only_the_own_switched_on_provider_counts(client: Client, connection: Connection, change: str) -> None:
    person = employee(connection)
    match change:
        case "off":
            Connection.objects.update(enabled=False)
        case "moved":
            person.membership.organisation = OrganisationFactory()
            person.membership.save()
        case "other_issuer":
            Connection.objects.update(issuer="https://login.andere.nl")
        case "unlinked":
            Identity.objects.all().delete()
    sign_in(client, person)
    assert is_signed_in(client)


def test_emergency_account_keeps_its_password(client: Client, connection: Connection) -> None:
    keeper = employee(connection)
    Connection.objects.update(break_glass=keeper)
    sign_in(client, keeper)
    assert is_signed_in(client)


@pytest.mark.django_db(transaction=True)
def test_who_stands_above_gets_the_link(client: Client, connection: Connection) -> None:
    person = employee(connection, superuser=True)
    client.post(FORGOTTEN, {"email": person.email})
    assert "wachtwoord-instellen" in mails()[0].body
    sign_in(client, person)
    assert client.get(CONFIRM).status_code == 200


def test_administrator_of_the_own_organisation_goes_to_the_provider(
    client: Client, provider: Provider, connection: Connection
) -> None:
    boss = employee(connection, staff=True)
    boss.user_permissions.add(Permission.objects.get(codename="change_organisation"))
    client.post(SIGN_IN, {"username": boss.email, "password": PASSWORD})
    assert client.get("/beheer/").status_code == 302
    sign_in_there(client, provider, connection)
    assert client.get("/beheer/").status_code == 200


# The set-up that nobody is offered. ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [lambda client: client.get(CONFIRM), lambda client: client.post(ACTIVATE)])
def test_set_up_does_not_open_by_its_address(provider: Provider, connection: Connection, ask: object) -> None:
    employee(connection)
    client = signed_in_there(provider, connection)
    answer = ask(client)
    assert answer.url == DETAILS
    assert "regelt de tweede stap" in shown(client, answer.url)
    assert not Authenticator.objects.exists()


def test_who_has_a_device_of_ours_already_adds_another(provider: Provider, connection: Connection) -> None:
    employee(connection, with_totp=True)
    client = signed_in_there(provider, connection)
    assert client.post(ACTIVATE).url == CONFIRM
    assert client.get(CONFIRM).status_code == 200


def test_code_is_still_asked_where_the_provider_does_not_vouch(client: Client, provider: Provider) -> None:
    employee(connect(provider, vouching="ours"))
    sign_in_there(client, provider, Connection.objects.get())
    assert client.get(CODE).status_code == 302
    assert client.get(CONFIRM).status_code == 200
    assert text(client.get(CONFIRM))
