"""Whom a dry run counts as stopped is whom a page then stops: over all ways in which somebody may sign in."""

from __future__ import annotations

from itertools import product

import pytest
from django.test import Client
from django.utils import timezone

from accounts.active_sessions import store
from accounts.mfa_policy import statistics
from accounts.mfa_policy.passkeys import coverage
from accounts.mfa_policy.passkeys.coverage import STOPPED, Group
from accounts.mfa_policy.reminders import flows as reminders
from accounts.models import User
from accounts.organisations.models import Organisation, PasskeyFor, SecondStep, StaffPolicy
from accounts.organisations.sign_in_policy import Requirement
from accounts.policy import Vouched
from accounts.sso.models import Connection, Identity, Vouching
from environments.models import Access
from tests.factories import AuthenticatorFactory, EnvironmentFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

ADD = "/persoonlijke-gegevens/passkeys/toevoegen/"
CLOSED = "/persoonlijke-gegevens/passkeys/aanbod/"  # for forms only, so it answers at once where a session opens it


@pytest.fixture
def town() -> Organisation:
    return OrganisationFactory(slug="voorbeeld")


def connect(town: Organisation, vouching: Vouching, second_step: SecondStep) -> Connection:
    Organisation.objects.filter(pk=town.pk).update(second_step=second_step)
    value = "" if vouching in (Vouching.OURS, Vouching.AGREEMENT) else "mfa"
    facts = {"issuer": "https://login.voorbeeld.nl", "client_id": "x", "enabled": True, "vouching_value": value}
    return Connection.objects.create(organisation=town, vouching=vouching, **facts)


def member(connection: Connection, *, staff: bool, app: bool, linked: bool, guest: bool) -> User:
    person = UserFactory(organisation=connection.organisation, staff=staff)
    if app:
        AuthenticatorFactory(user=person)
    if linked:
        facts = {"organisation": connection.organisation, "issuer": connection.issuer}
        Identity.objects.create(user=person, subject=str(person.pk), **facts)
    if guest:
        Access.objects.create(user=person, environment=EnvironmentFactory())
    return person


def everybody(connection: Connection) -> list[User]:
    """Of every kind one, and the emergency account last."""
    kinds = product([False, True], repeat=4)
    people = [member(connection, staff=a, app=b, linked=c, guest=d) for a, b, c, d in kinds]
    connection.break_glass = member(connection, staff=False, app=True, linked=False, guest=False)
    connection.save()
    return [*people, connection.break_glass]


def is_led_to_a_passkey(person: User, vouched: Vouched, *, with_code: bool) -> bool:
    """Does a session like this get nothing but the page that adds a passkey?"""
    client = Client()
    client.force_login(person)
    session = client.session
    session[store.VOUCHED] = vouched.value
    if vouched:
        session[store.PASSWORD_TOO] = True  # of people for whom the provider alone opens nothing
    if with_code and (app := person.authenticator_set.first()):
        session["otp_device_id"] = app.persistent_id
    session.save()
    return client.get(CLOSED).headers.get("Location") == ADD


def is_stopped(person: User, connection: Connection) -> bool:
    """In any of the sessions that this person may begin."""
    there = {Vouching.AGREEMENT: Vouched.AGREEMENT, Vouching.OURS: Vouched.NOTHING}
    level = there.get(Vouching(connection.vouching), Vouched.CLAIM)
    ways = [(Vouched.NOT_ASKED, True)]
    if person != connection.break_glass:
        ways += [(level, False), (level, True)] if person.authenticator_set.exists() else [(level, False)]
    return any(is_led_to_a_passkey(person, vouched, with_code=code) for vouched, code in ways)


def assert_told_as_stopped(organisation: Organisation | None, whom: PasskeyFor, connection: Connection) -> set[User]:
    groups = {person: group for group in Group for person in coverage.people_in(organisation, whom, group)}
    wrong = {
        (groups[one].name, one.is_staff, one.identities.exists(), one.access.exists(), one.authenticator_set.exists())
        for one in groups
        if is_stopped(one, connection) != (groups[one] in STOPPED)
    }
    assert not wrong
    counted = coverage.of(organisation, whom).counts
    assert counted == {group: list(groups.values()).count(group) for group in Group}
    stopped = {one for one, group in groups.items() if group in STOPPED}
    assert stopped == set(coverage.without_passkey(organisation, whom))
    return set(groups)


@pytest.mark.parametrize("second_step", [SecondStep.OPTIONAL, SecondStep.BUSINESS_ACCOUNT])
@pytest.mark.parametrize("vouching", [Vouching.AMR, Vouching.AGREEMENT, Vouching.OURS])
def test_who_is_counted_as_stopped_is_stopped(town: Organisation, vouching: Vouching, second_step: SecondStep) -> None:
    connection = connect(town, vouching, second_step)
    people = everybody(connection)
    Organisation.objects.filter(pk=town.pk).update(passkey_for=PasskeyFor.EVERYBODY, passkey_from=timezone.localdate())
    town.refresh_from_db()
    assert assert_told_as_stopped(town, PasskeyFor.EVERYBODY, connection) == set(people)
    assert list(coverage.people_in(town, PasskeyFor.EVERYBODY, Group.EMERGENCY)) == people[-1:]


def test_of_all_staff_whom_a_provider_proves_is_not_stopped(town: Organisation) -> None:
    connection = connect(town, Vouching.AMR, SecondStep.OPTIONAL)
    people = {one for one in everybody(connection) if one.is_staff}
    StaffPolicy.objects.create(passkey_from=timezone.localdate())
    assert assert_told_as_stopped(None, PasskeyFor.STAFF, connection) == people


def test_guest_elsewhere_is_reminded_of_a_second_factor(town: Organisation) -> None:
    """The provider is one factor at most for them, so theirs is not there."""
    connection = connect(town, Vouching.AGREEMENT, SecondStep.OPTIONAL)
    facts = {"staff": False, "app": False, "linked": True}
    guest, own = member(connection, guest=True, **facts), member(connection, guest=False, **facts)
    town.refresh_from_db()
    there = statistics.people_in(town, statistics.Group.AT_PROVIDER)
    assert (guest in there, own in there) == (False, True)
    requirement = Requirement(town.name, timezone.localdate())
    assert set(reminders.recipients(town, requirement, 0)) == {guest}
