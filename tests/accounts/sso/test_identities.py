"""Provisioning at the first sign-in, linking, and attempts to take over an account."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.sso.models import Connection, Identity
from environments.models import Access, GroupMapping
from tests.accounts.sso.browsing import (
    come_back,
    connect,
    domain,
    employee,
    identify,
    led_to,
    sign_in_there,
    signed_in_there,
)
from tests.accounts.sso.provider import Provider
from tests.conftest import browser, mails, outlive_proof, sign_in
from tests.factories import PASSWORD, EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import DETAILS, is_signed_in, shown, signed_in, text

pytestmark = pytest.mark.django_db

LINK = "/persoonlijke-gegevens/zakelijk-account/koppelen/"
INVITED = "/wachtwoord-instellen/zakelijk-account/"
UNKNOWN = "We kennen je zakelijke account nog niet."


def arrivals(provider: Provider, **agreed: object) -> Connection:
    connection = connect(provider, make_on_arrival=True, **agreed)
    domain(connection, "bewezen.nl")
    return connection


# The first visit. ---------------------------------------------------------------------------------------------------


def test_first_visit_makes_the_account_where_that_is_agreed(client: Client, provider: Provider) -> None:
    connection = arrivals(provider)
    answer = sign_in_there(
        client, provider, connection, email="Nieuw@bewezen.nl", given_name="Nieuwe", family_name="Collega"
    )
    assert answer.url == "/"
    person = User.objects.get()
    assert (person.email, person.first_name, person.last_name) == ("Nieuw@bewezen.nl", "Nieuwe", "Collega")
    assert person.membership.organisation == connection.organisation
    assert not person.has_usable_password()
    assert is_signed_in(client)
    assert AuditEntry.objects.get(event="sso_arrived").subject_id == person.pk
    assert is_signed_in(signed_in_there(provider, connection))
    assert User.objects.count() == 1


def test_first_visit_makes_nothing_where_that_is_not_agreed(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    domain(connection, "bewezen.nl")
    page = text(sign_in_there(client, provider, connection, email="nieuw@bewezen.nl"))
    assert UNKNOWN in page
    assert not User.objects.exists()


def test_new_person_gets_the_environments_that_are_open_to_every_new_one(client: Client, provider: Provider) -> None:
    connection = arrivals(provider)
    opened = EnvironmentFactory(organisation=connection.organisation, open_on_arrival=True)
    EnvironmentFactory(organisation=connection.organisation)
    EnvironmentFactory(open_on_arrival=True)  # of another organisation
    sign_in_there(client, provider, connection, email="nieuw@bewezen.nl")
    assert [access.environment for access in Access.objects.all()] == [opened]
    assert AuditEntry.objects.get(event="access_given").detail == {"environment": opened.slug}


@pytest.mark.parametrize(
    ("groups", "opens"),
    [
        (["bomen"], True),
        (["iets", "bomen", "bomen"], True),
        (["Bomen"], False),
        ("bomen", False),
        ([["bomen"]], False),
        (["x"] * (limits.SSO_GROUPS) + ["bomen"], False),
        (None, False),
    ],
)
def test_groups_open_what_they_are_mapped_to(client: Client, provider: Provider, groups: object, opens: bool) -> None:
    connection = arrivals(provider, group_claim="groups")
    environment = EnvironmentFactory(organisation=connection.organisation)
    foreign = EnvironmentFactory()
    for one in (environment, foreign):
        GroupMapping.objects.create(value="bomen", environment=one)
    sign_in_there(client, provider, connection, email="nieuw@bewezen.nl", groups=groups)
    assert list(Access.objects.values_list("environment", flat=True)) == ([environment.pk] if opens else [])


def test_groups_of_a_claim_that_was_not_agreed_on_open_nothing(client: Client, provider: Provider) -> None:
    connection = arrivals(provider, group_claim="roles")
    environment = EnvironmentFactory(organisation=connection.organisation)
    GroupMapping.objects.create(value="bomen", environment=environment)
    sign_in_there(client, provider, connection, email="nieuw@bewezen.nl", groups=["bomen"])
    assert not Access.objects.exists()


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        ({"name": "Jan Jansen"}, ("Jan Jansen", "")),
        ({"given_name": "J\r\nan", "family_name": " Jansen "}, ("J  an", "Jansen")),
        ({"given_name": 1, "family_name": None}, ("", "")),
        ({"given_name": "x" * 1000}, ("x" * 150, "")),
    ],
)
def test_names_are_taken_with_care(client: Client, provider: Provider, claims: dict, names: tuple[str, str]) -> None:
    connection = arrivals(provider)
    sign_in_there(client, provider, connection, email="nieuw@bewezen.nl", **claims)
    person = User.objects.get()
    assert (person.first_name, person.last_name) == names


def test_first_visit_with_our_code_begins_with_the_set_up(client: Client, provider: Provider) -> None:
    connection = arrivals(provider, vouching="ours")
    sign_in_there(client, provider, connection, email="nieuw@bewezen.nl")
    assert client.get("/").url.endswith("/bevestigen/")


# Take-overs by address. ---------------------------------------------------------------------------------------------

OWNER = "eigenaar@bewezen.nl"
ADDRESSES = {
    "somebody else's": {"email": OWNER},
    "in capitals": {"email": OWNER.upper()},
    "with spaces": {"email": f" {OWNER} "},
    "in preferred_username": {"preferred_username": OWNER},
    "unverified": {"email": "nieuw@bewezen.nl", "email_verified": False},
    "unverified in words": {"email": "nieuw@bewezen.nl", "email_verified": "false"},
    "of another domain": {"email": "iemand@ander.nl"},
    "of a domain that is only claimed": {"email": "iemand@geclaimd.nl"},
    "of a domain of another organisation": {"email": "iemand@anders-bewezen.nl"},
    "below a proved domain": {"email": "iemand@afdeling.bewezen.nl"},
    "look-alike letter": {"email": "eigenааr@bewezen.nl"},
    "look-alike domain": {"email": "iemand@bеwezen.nl"},
    "full-width letters": {"email": "ｅｉｇｅｎａａｒ@bewezen.nl"},
    "two at-signs": {"email": "eigenaar@kwaad.nl@bewezen.nl"},
    "quoted": {"email": '"x@kwaad.nl"@bewezen.nl'},
    "with a new line": {"email": "nieuw@bewezen.nl\nBcc: x@kwaad.nl"},
    "with a zero byte": {"email": "nieuw\x00@bewezen.nl"},
    "empty": {"email": ""},
    "none": {},
    "no text": {"email": [OWNER]},
    "too long": {"email": "a" * 300 + "@bewezen.nl"},
    "of staff": {"email": "beheer@bewezen.nl"},
}


# ASVS 6.8.1
@pytest.mark.parametrize("on_arrival", [True, False])
@pytest.mark.parametrize("attack", ADDRESSES)
def test_address_in_a_token_signs_nobody_in_and_changes_nothing(
    attack: str, on_arrival: bool, client: Client, provider: Provider
) -> None:
    connection = arrivals(provider)
    Connection.objects.update(make_on_arrival=on_arrival)
    domain(connection, "geclaimd.nl", proved=False)
    other = OrganisationFactory()
    other.mail_domains.create(domain="anders-bewezen.nl", token="x", proved_at=timezone.now())
    UserFactory(email=OWNER, organisation=connection.organisation)
    UserFactory(email="beheer@bewezen.nl", superuser=True, organisation=connection.organisation)
    before = list(User.objects.order_by("pk").values())
    answer = sign_in_there(client, provider, connection, **ADDRESSES[attack])
    assert answer.status_code == 400
    assert UNKNOWN in text(answer)
    assert not is_signed_in(client)
    assert list(User.objects.order_by("pk").values()) == before
    assert not Identity.objects.exists()
    assert AuditEntry.objects.filter(event="sso_refused").count() == 1


# ASVS 6.8.1, 10.5.2
def test_same_subject_of_another_issuer_is_another_person(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection)
    Identity.objects.update(issuer="https://ander.nl")
    sign_in_there(client, provider, connection)
    assert not is_signed_in(client)
    assert person.identities.count() == 1


# ASVS 10.5.2
def test_same_subject_of_another_organisation_is_another_person(
    client: Client, provider: Provider, second_provider: Provider
) -> None:
    """Two organisations at one issuer too: one must not sign in the other's people."""
    mine, other = connect(provider), connect(provider)
    employee(mine)
    answer = sign_in_there(client, provider, other)
    assert answer.status_code == 400
    assert not is_signed_in(client)


def test_address_here_plays_no_part_in_signing_in(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection)
    User.objects.update(email="heel-iets-anders@prive.nl")
    sign_in_there(client, provider, connection, email="eigenaar@bewezen.nl")
    assert client.session["_auth_user_id"] == str(person.pk)


# Linking by somebody who is signed in. ------------------------------------------------------------------------------


def begin_link(client: Client) -> str:
    return led_to(client.post(LINK))


@pytest.mark.django_db(transaction=True)
def test_person_links_the_own_business_account(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person = UserFactory(organisation=connection.organisation)
    sign_in(client, person)
    assert "Zakelijk account koppelen" in shown(client, DETAILS)
    address = begin_link(client)
    assert "prompt=login" in address
    assert "max_age=0" in address
    answer = come_back(client, connection, provider.sign_in(address))
    assert answer.url == DETAILS
    page = shown(client, DETAILS)
    assert "Voortaan kun je ermee inloggen." in page
    assert "Zakelijk account koppelen" not in page
    assert [mail.subject for mail in mails()] == ["Je zakelijke account is gekoppeld aan Assetmaps"]
    assert AuditEntry.objects.get(event="sso_linked").detail == {"way": "link", "issuer": provider.issuer}
    other = signed_in_there(provider, connection)
    assert other.session["_auth_user_id"] == str(person.pk)


# ASVS 7.5.1
def test_link_asks_for_fresh_proof_and_goes_on_afterwards(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    sign_in(client, UserFactory(organisation=connection.organisation))
    outlive_proof(client)
    answer = client.post(LINK)
    assert answer.url.startswith("/bevestig-identiteit/")
    address = led_to(client.post(answer.url, {"password": PASSWORD}))
    assert come_back(client, connection, provider.sign_in(address)).url == DETAILS


@pytest.mark.parametrize("auth_time", [None, "old"])
def test_link_needs_a_sign_in_of_just_now_at_the_provider(
    client: Client, provider: Provider, auth_time: str | None
) -> None:
    """A session of a colleague that was left open there must not be linked."""
    connection = connect(provider)
    sign_in(client, UserFactory(organisation=connection.organisation))
    at = None if auth_time is None else int(timezone.now().timestamp()) - 300
    answer = come_back(client, connection, provider.sign_in(begin_link(client), auth_time=at))
    assert answer.status_code == 400
    assert not Identity.objects.exists()


def test_business_account_of_a_colleague_cannot_be_linked(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    colleague = employee(connection)
    sign_in(client, UserFactory(organisation=connection.organisation))
    page = text(come_back(client, connection, provider.sign_in(begin_link(client))))
    assert "al aan een ander account gekoppeld" in page
    assert Identity.objects.get().user == colleague


def test_second_business_account_cannot_be_linked(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person = UserFactory(organisation=connection.organisation)
    sign_in(client, person)
    address = begin_link(client)
    identify(connection, person, "een-andere")
    assert come_back(client, connection, provider.sign_in(address)).status_code == 400
    assert Identity.objects.get().subject == "een-andere"


def test_link_of_a_former_session_is_not_finished_in_another(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person, next_one = (UserFactory(organisation=connection.organisation) for _ in range(2))
    sign_in(client, person)
    answer = provider.sign_in(begin_link(client))
    client.post("/uitloggen/")
    sign_in(client, next_one)
    assert come_back(client, connection, answer).status_code == 400
    assert not Identity.objects.exists()


def test_whose_organisation_has_no_provider_links_nothing(client: Client, provider: Provider) -> None:
    connect(provider)
    for person in (UserFactory(), UserFactory(organisation=OrganisationFactory())):
        client = signed_in(person)
        assert "Zakelijk account" not in shown(client, DETAILS)
        assert client.post(LINK).url == DETAILS
    assert provider.asked == []


def test_link_is_never_begun_by_a_get(client: Client, provider: Provider) -> None:  # ASVS 3.5.3
    connection = connect(provider)
    sign_in(client, UserFactory(organisation=connection.organisation))
    assert client.get(LINK).status_code == 405


# Linking by an invitation. ------------------------------------------------------------------------------------------


def invite(connection: Connection, **facts: object) -> tuple[User, str]:
    person = User(email="genodigd@bewezen.nl", **facts)
    person.set_unusable_password()
    person.save()
    connection.organisation.memberships.create(user=person)
    return person, link_of(person, Purpose.INVITATION)


def link_of(person: User, purpose: Purpose) -> str:
    return f"/wachtwoord-instellen/{links.make(person, purpose)}/"


def test_invited_person_takes_the_business_account_instead_of_a_password(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person, link = invite(connection)
    page = shown(client, link)
    assert "Inloggen met zakelijk account" in page
    answer = come_back(client, connection, provider.sign_in(led_to(client.post(INVITED))))
    assert answer.url == "/"
    assert client.session["_auth_user_id"] == str(person.pk)
    assert AuditEntry.objects.get(event="sso_linked").detail["way"] == "invited"
    assert "werkt niet meer" in text(browser().get(link, follow=True))  # used up


@pytest.mark.parametrize("knows_one", [True, False])
def test_link_after_forgetting_a_password_links_nothing(knows_one: bool, client: Client, provider: Provider) -> None:
    """Somebody who reads the mailbox could otherwise link an own business account, without the second factor."""
    connection = connect(provider)
    person = UserFactory(organisation=connection.organisation, with_totp=True)
    if not knows_one:
        person.set_unusable_password()
        person.save()
    assert "zakelijk account" not in shown(client, link_of(person, Purpose.RESET))
    assert client.post(INVITED).url == "/wachtwoord-instellen/"
    assert provider.asked == []


def test_invitation_of_somebody_with_a_password_links_nothing(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person, link = invite(connection)
    client.get(link)
    address = led_to(client.post(INVITED))
    person.set_password(PASSWORD)
    person.save()
    assert come_back(client, connection, provider.sign_in(address)).status_code == 400
    assert not Identity.objects.exists()


def test_invitation_that_is_too_old_links_nothing(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    _person, link = invite(connection)
    client.get(link)
    with time_machine.travel(timezone.now() + limits.INVITATION_LINK + timedelta(minutes=1)):
        assert client.post(INVITED).url == "/wachtwoord-instellen/"


def test_without_an_invitation_nothing_is_linked(client: Client, provider: Provider) -> None:
    connect(provider)
    assert client.post(INVITED).url == "/wachtwoord-instellen/"
    assert provider.asked == []


def test_invited_person_cannot_take_a_colleagues_business_account(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    _person, link = invite(connection)
    client.get(link)
    answer = come_back(client, connection, provider.sign_in(led_to(client.post(INVITED))))
    assert answer.status_code == 400
    assert not is_signed_in(client)
