"""The copies that triggers keep are exact: after each change, and after changes that meet each other."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery

from accounts.models import User
from accounts.organisations import copies, rank
from accounts.organisations.models import Membership
from accounts.two_factor import devices
from accounts.two_factor.models import Authenticator
from environments.models import Access
from tests.factories import AuthenticatorFactory, EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import at_once


def wrong() -> int:
    """How many rows have another copy than the rows that it is of."""
    theirs = Membership.objects.filter(user=OuterRef("pk")).values("organisation_id")
    confirmed = Authenticator.objects.filter(user=OuterRef("pk"), confirmed=True)
    people = User.objects.annotate(whose=Subquery(theirs), has_one=Exists(confirmed))
    differs = ~Q(organisation_key=F("whose")) | Q(organisation_key=None) | Q(whose=None)
    keys = people.filter(differs).exclude(organisation_key=None, whose=None).count()
    flags = people.exclude(is_protected=F("has_one")).count()
    of_person = Membership.objects.filter(user=OuterRef("user")).values("organisation_id")
    rows = Access.objects.annotate(whose=Subquery(of_person))
    guests = rows.exclude(whose=None).exclude(whose=F("environment__organisation"))
    missed = guests.filter(Q(guest_of=None) | ~Q(guest_of=F("whose"))).count()
    return keys + flags + missed + rows.exclude(pk__in=guests.values("pk")).exclude(guest_of=None).count()


class World:
    """Somebody with two apps, in one of two organisations, who may open an environment of each."""

    def __init__(self) -> None:
        self.home, self.other = OrganisationFactory(), OrganisationFactory()
        self.own, self.theirs = EnvironmentFactory(organisation=self.home), EnvironmentFactory(organisation=self.other)
        self.person = UserFactory(organisation=self.home, with_totp=True)
        self.first = Authenticator.objects.get(user=self.person)
        self.second = AuthenticatorFactory(user=self.person)
        self.free = UserFactory()
        self.before = User.objects.get(pk=self.person.pk)  # as it is read before a change
        Access.objects.create(user=self.person, environment=self.own)

    def drop(self, device: str) -> None:
        Authenticator.objects.filter(pk=getattr(self, device).pk).delete()

    def leave(self) -> None:
        Membership.objects.filter(user=self.person).delete()

    def move(self) -> None:
        Membership.objects.filter(user=self.person).update(organisation=self.other)

    def save_as_it_was(self) -> None:
        self.before.save()

    def open_theirs(self) -> None:
        Access.objects.create(user=self.person, environment=self.theirs)

    def hand_over(self) -> None:
        type(self.own).objects.filter(pk=self.own.pk).update(organisation=self.other)

    def link(self) -> None:
        AuthenticatorFactory(user=self.free)

    def join(self) -> None:
        Membership.objects.create(user=self.free, organisation=self.home)

    def give(self) -> None:
        Access.objects.create(user=self.free, environment=self.theirs)

    def give_own(self) -> None:
        Access.objects.create(user=self.free, environment=self.own)

    def do(self, name: str) -> None:
        what, _of, about = name.partition(" ")
        getattr(self, what)(*[about] if about else [])


CHANGES = ["drop first", "leave", "move", "open_theirs", "hand_over", "link", "join", "give", "save_as_it_was"]


@pytest.mark.django_db
@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_copied_in_its_own_transaction(change: str) -> None:
    world = World()
    assert wrong() == 0
    world.do(change)
    assert wrong() == 0
    world.save_as_it_was()  # an object that was read before
    assert wrong() == 0


@pytest.mark.django_db
def test_what_depends_on_the_copies_follows() -> None:
    world = World()
    assert copies.are_exact()
    assert not rank.has_outranking_members(world.home)
    world.open_theirs()
    assert rank.has_outranking_members(world.home)
    protected = User.objects.annotate(has=devices.is_protected()).filter(has=True)
    assert list(protected) == [world.person]
    world.drop("first")
    assert list(protected.all()) == [world.person]
    world.drop("second")
    assert not protected.all()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("drop first", "drop second"),
        ("leave", "save_as_it_was"),
        ("move", "open_theirs"),
        ("join", "give"),
        ("join", "link"),
        ("hand_over", "give_own"),
        ("drop first", "save_as_it_was"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_changes_that_meet_leave_exact_copies(one: str, other: str, turned: bool) -> None:
    world = World()
    first, second = (other, one) if turned else (one, other)
    begun, asked = Event(), Event()

    def keep_open() -> None:
        with transaction.atomic():
            world.do(first)
            begun.set()
            asked.wait(5)

    def meet() -> None:
        begun.wait(5)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL application_name = 'meets'")
            world.do(second)

    at_once([keep_open, meet, _when_it_waits(asked)])
    assert wrong() == 0


def _when_it_waits(asked: Event) -> Callable[[], None]:
    """Let the first go on once the second waits for it, or after a moment when it need not wait."""

    def watch() -> None:
        with connection.cursor() as cursor:
            for _time in range(20):
                cursor.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE application_name = 'meets' AND wait_event_type = 'Lock'"
                )
                if cursor.fetchone():
                    break
                asked.wait(0.02)
        asked.set()

    return watch


@pytest.mark.django_db
def test_daily_job_restores_what_was_stored_without_triggers() -> None:
    world = World()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        world.drop("first")
        world.drop("second")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert wrong() == 1
    assert devices.restore_copies() == 1
    assert wrong() == 0
