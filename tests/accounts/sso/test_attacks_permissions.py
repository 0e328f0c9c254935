"""Setting up the provider gives an organisation's administrator no further permissions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations import rank
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.sso.models import Connection, Identity
from accounts.support import group
from tests.accounts.sso.browsing import come_back, connect, employee, leave, led_to, sign_in_there, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.codes import code_of
from tests.conftest import outlive_proof, prove, sign_in
from tests.factories import AuthenticatorFactory, EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import CODE, CONFIRM, DETAILS, SIGN_IN, is_signed_in, session_row, signed_in, text

pytestmark = pytest.mark.django_db

ADMIN = "/beheer/"
ADDRESS = "/persoonlijke-gegevens/e-mailadres/"
ONE_FACTOR = "Voor jouw account is alleen het zakelijke account niet genoeg."


def administrator(connection: Connection, subject: str, **traits: object) -> User:
    person = employee(connection, subject, staff=True, **traits)
    group.ensure_groups()
    person.groups.add(Group.objects.get(name=group.ORGANISATION_ADMINISTRATORS))
    return person


def right(name: str) -> Permission:
    app, _dot, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def superuser(connection: Connection) -> User:
    return employee(connection, superuser=True)


def global_support(connection: Connection) -> User:
    return employee(connection, in_support=True)


def own_support(connection: Connection) -> User:
    person = employee(connection, staff=True)
    group.ensure_groups()
    person.groups.add(Group.objects.get(name="Support eigen organisatie"))
    return person


def global_administrator(connection: Connection) -> User:
    """The same rights as the administrators, but for everybody."""
    person = administrator(connection, "persoon-1")
    person.user_permissions.add(right("organisations.work_for_every_organisation"))
    return person


def with_more_rights(connection: Connection) -> User:
    person = administrator(connection, "persoon-1")
    person.user_permissions.add(right("environments.delete_environment"))
    return person


ABOVE = [superuser, global_support, own_support, global_administrator, with_more_rights]
SAYS_ANYTHING = [
    {"vouching": "amr", "vouching_value": "mfa"},
    {"vouching": "acr", "vouching_value": "urn:hoog"},
    {"vouching": "acrs", "vouching_value": "c1"},
    {"vouching": "agreement", "vouching_value": ""},
]
ALL_CLAIMS = {"amr": ["pwd", "mfa"], "acr": "urn:hoog", "acrs": ["c1"]}


@pytest.fixture(params=ABOVE, ids=[one.__name__ for one in ABOVE])
def above(request: pytest.FixtureRequest, provider: Provider) -> tuple[Connection, User]:
    connection = connect(provider)
    administrator(connection, "beheerder")
    make: Callable[[Connection], User] = request.param
    return connection, make(connection)


@pytest.mark.parametrize("says", SAYS_ANYTHING, ids=[one["vouching"] for one in SAYS_ANYTHING])
def test_provider_that_says_anything_opens_nothing_of_who_stands_above(
    client: Client, provider: Provider, above: tuple[Connection, User], says: dict
) -> None:
    connection, _person = above
    Connection.objects.update(**says)
    answer = sign_in_there(client, provider, connection, **ALL_CLAIMS)
    assert ONE_FACTOR in text(answer)
    assert not is_signed_in(client)
    assert client.get(CONFIRM).status_code == 302  # not even the set-up of a second step
    assert client.get(ADMIN).status_code == 302
    assert AuditEntry.objects.get(event="sso_refused").detail["cause"] == "one_factor_at_most"


def test_our_code_is_always_asked_of_who_stands_above(
    client: Client, provider: Provider, above: tuple[Connection, User]
) -> None:
    connection, person = above
    AuthenticatorFactory(user=person)
    assert sign_in_there(client, provider, connection, **ALL_CLAIMS).url == CODE
    assert not is_signed_in(client)
    client.post(CODE, {"code": code_of(person)})
    assert client.get(ADMIN).status_code == 200


def test_fresh_proof_at_the_provider_asks_our_code_as_well(
    client: Client, provider: Provider, above: tuple[Connection, User]
) -> None:
    connection, person = above
    AuthenticatorFactory(user=person)
    sign_in_there(client, provider, connection, **ALL_CLAIMS)
    client.post(CODE, {"code": code_of(person)})
    outlive_proof(client)
    page = client.get(ADDRESS).url
    back = come_back(client, connection, provider.sign_in(led_to(client.post(page)), **ALL_CLAIMS))
    assert client.get(ADDRESS).status_code == 302  # not yet
    client.post(back.url, {"code": code_of(person, 30)})
    assert client.get(ADDRESS).status_code == 200


def test_session_that_a_provider_opened_ends_when_its_person_rises_above(provider: Provider) -> None:
    connection = connect(provider)
    administrator(connection, "beheerder")
    person = employee(connection)
    client = signed_in_there(provider, connection)
    assert is_signed_in(client)
    User.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)
    assert ONE_FACTOR in text(client.get(ADMIN, follow=True))
    assert not is_signed_in(client)


def test_session_of_an_agreement_of_before_opens_no_administration(provider: Provider) -> None:
    connection = connect(provider)
    person = superuser(connection)
    client = signed_in(UserFactory())
    row = session_row(client)
    kept = dict(client.session) | {"vouched": "claim", "provider": connection.organisation.slug}
    row.data = client.session.encode(kept | {"_auth_user_id": str(person.pk)})
    row.user = person
    row.save()
    assert client.get(ADMIN).status_code == 302


def test_invitation_of_who_stands_above_takes_no_business_account(
    client: Client, provider: Provider, above: tuple[Connection, User]
) -> None:
    """The administrator may run the mail server too: then both halves of it would be theirs."""
    _connection, person = above
    Identity.objects.filter(user=person).delete()
    person.set_unusable_password()
    person.save()
    page = client.get(f"/wachtwoord-instellen/{links.make(person, Purpose.INVITATION)}/", follow=True)
    assert "/wachtwoord-instellen/zakelijk-account/" not in text(page)
    assert client.post("/wachtwoord-instellen/zakelijk-account/").url == "/wachtwoord-instellen/"
    assert not Identity.objects.filter(user=person).exists()


def test_invitation_that_was_begun_before_the_rise_links_nothing(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person = User.objects.create(email="genodigd@bewezen.nl", password="!")
    connection.organisation.memberships.create(user=person)
    client.get(f"/wachtwoord-instellen/{links.make(person, Purpose.INVITATION)}/")
    there = led_to(client.post("/wachtwoord-instellen/zakelijk-account/"))
    User.objects.update(is_staff=True, is_superuser=True)
    assert ONE_FACTOR in text(come_back(client, connection, provider.sign_in(there, sub="van-de-beheerder")))
    assert not Identity.objects.exists()


# Those whom the organisation does decide over keep what they had. --------------------------------------------------


def test_administrators_of_equal_rights_come_in_by_their_provider(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    administrator(connection, "beheerder")
    administrator(connection, "persoon-1")
    sign_in_there(client, provider, connection)
    assert client.get(ADMIN).status_code == 200


def test_lesser_administrator_rises_to_no_fuller_one(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    administrator(connection, "persoon-1")
    lesser = UserFactory(organisation=connection.organisation, staff=True)
    lesser.user_permissions.add(right("organisations.change_organisation"))
    assert ONE_FACTOR in text(sign_in_there(client, provider, connection))
    User.objects.filter(pk=lesser.pk).update(is_active=False)
    sign_in_there(client, provider, connection)
    assert is_signed_in(client)


def test_worker_for_every_organisation_rises_to_no_fuller_administrator(client: Client, provider: Provider) -> None:
    """They may name another issuer: their own."""
    connection = connect(provider)
    administrator(connection, "persoon-1")
    worker = UserFactory(staff=True)
    for name in ("change_organisation", "work_for_every_organisation"):
        worker.user_permissions.add(right(f"organisations.{name}"))
    assert ONE_FACTOR in text(sign_in_there(client, provider, connection))


def test_rights_of_another_organisation_do_not_matter() -> None:
    home, other = OrganisationFactory(), OrganisationFactory()
    lesser = UserFactory(organisation=other, staff=True)
    lesser.user_permissions.add(right("organisations.change_organisation"))
    boss = UserFactory(organisation=home, staff=True)
    group.ensure_groups()
    boss.groups.add(Group.objects.get(name=group.ORGANISATION_ADMINISTRATORS))
    assert rank.organisation_decides_over(boss)
    assert not rank.has_outranking_members(home)


def test_staff_without_any_administrator_above_answer_to_no_provider() -> None:
    """Then only superusers set it up, but whoever runs it signs in as anybody."""
    home = OrganisationFactory()
    clerk = UserFactory(organisation=home, staff=True)
    assert rank.organisation_decides_over(clerk)
    clerk.user_permissions.add(right("accounts.view_user"))
    assert not rank.organisation_decides_over(clerk)
    assert rank.has_outranking_members(home)


def test_superuser_signs_in_with_the_password_as_ever(client: Client, provider: Provider) -> None:
    person = superuser(connect(provider))
    sign_in(client, person)
    assert client.get(CONFIRM).status_code == 200


def test_who_stands_above_links_and_is_told_of_the_code(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person = UserFactory(organisation=connection.organisation, superuser=True, with_totp=True)
    sign_in(client, person)
    prove(client)
    there = led_to(client.post("/persoonlijke-gegevens/zakelijk-account/koppelen/"))
    come_back(client, connection, provider.sign_in(there, auth_time=int(timezone.now().timestamp())))
    assert Identity.objects.filter(user=person).exists()
    assert is_signed_in(client)
    client.post("/uitloggen/")
    assert come_back(client, connection, provider.sign_in(leave(client, connection))).url == CODE
    assert client.get(DETAILS).url.startswith(SIGN_IN)


@pytest.mark.django_db
def test_guests_are_people_above_too() -> None:
    town = OrganisationFactory()
    guest = UserFactory(organisation=town)
    EnvironmentFactory(organisation=town, people=[guest])
    assert not rank.has_outranking_members(town)
    EnvironmentFactory(people=[guest])
    assert rank.has_outranking_members(town)
