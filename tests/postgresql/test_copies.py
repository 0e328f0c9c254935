"""The copies that triggers keep are exact: after each change, and after changes that meet each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

import pytest
from django.db import connection, transaction
from django.db.models import Exists, F, Model, OuterRef, Q, Subquery
from django.utils import timezone

from accounts import limits
from accounts.mfa_policy.progress.flows import take_snapshots
from accounts.models import User
from accounts.organisations import copies, rank
from accounts.organisations.models import Membership
from accounts.two_factor import devices
from accounts.two_factor.models import Authenticator, Passkey
from environments.models import Access, Environment
from tests.factories import AuthenticatorFactory, EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import at_once


def wrong() -> int:
    """How many rows have another copy than the rows that it is of."""
    theirs = Membership.objects.filter(user=OuterRef("pk")).values("organisation_id")
    confirmed = Authenticator.objects.filter(user=OuterRef("pk"), confirmed=True)
    has_one = Q(Exists(confirmed)) | Q(Exists(Passkey.objects.filter(user=OuterRef("pk"))))
    people = User.objects.annotate(whose=Subquery(theirs), has_one=has_one)
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

    def add_passkey(self) -> None:
        Passkey.objects.create(user=self.free, name="iPhone", credential_id=b"1", digest="1", sealed_key=b"x")

    def replace_by_passkey(self) -> None:
        self.add_passkey()
        Passkey.objects.update(user=self.person)
        Authenticator.objects.filter(user=self.person).delete()

    def drop_passkey(self) -> None:
        self.add_passkey()
        Passkey.objects.all().delete()

    def join(self) -> None:
        Membership.objects.create(user=self.free, organisation=self.home)

    def give(self) -> None:
        Access.objects.create(user=self.free, environment=self.theirs)

    def give_own(self) -> None:
        Access.objects.create(user=self.free, environment=self.own)

    def lock_person(self) -> None:
        list(User.objects.select_for_update(no_key=True).filter(pk=self.person.pk).values_list("pk"))

    def lock_own(self) -> None:
        list(Environment.objects.select_for_update(no_key=True).filter(pk=self.own.pk).values_list("pk"))

    def save_access(self) -> None:
        Access.objects.get(user=self.person).save()

    def expire(self) -> None:
        long_ago = timezone.now() - 2 * limits.PENDING_AUTHENTICATOR
        Authenticator.objects.filter(pk=self.second.pk).update(confirmed=False, created_at=long_ago, extended_at=None)

    def drop_set_up(self) -> None:
        Authenticator.objects.filter(user=self.person, confirmed=False).delete()

    def purge(self) -> None:
        devices.purge_set_ups()

    def do(self, name: str) -> None:
        what, _of, about = name.partition(" ")
        getattr(self, what)(*[about] if about else [])


CHANGES = ["drop first", "leave", "move", "open_theirs", "hand_over", "link", "join", "give", "save_as_it_was"]
CHANGES += ["add_passkey", "replace_by_passkey", "drop_passkey"]


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
        ("move", "hand_over"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_changes_that_meet_leave_exact_copies(one: str, other: str, turned: bool) -> None:
    world = World()
    first, second = (other, one) if turned else (one, other)
    _meet(world, [first], [second])
    assert wrong() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("locked", "second", "then"),
    [
        ("lock_person", "hand_over", "move"),
        ("lock_own", "move", "hand_over"),
        ("lock_person", "save_access", "move"),
        ("lock_own", "save_access", "hand_over"),
        ("lock_person", "purge", "drop_set_up"),
    ],
)
def test_nobody_waits_for_each_other(locked: str, second: str, then: str) -> None:
    """The first has a lock, the second runs as far as it can, and then the first changes what the second may hold."""
    world = World()
    world.expire()
    _meet(world, [locked], [second], [then])
    assert wrong() == 0


def _meet(world: World, first: list[str], second: list[str], then: Sequence[str] = ()) -> None:
    begun, asked = Event(), Event()

    def keep_open() -> None:
        with transaction.atomic():
            for name in first:
                world.do(name)
            begun.set()
            asked.wait(5)
            for name in then:
                world.do(name)

    def meet() -> None:
        begun.wait(5)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL application_name = 'meets'")
            for name in second:
                world.do(name)
            asked.wait(1 if then else 0)  # what it has locked is still locked when the first goes on

    at_once([keep_open, meet, _when_it_waits(asked)])


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
    world, moved = World(), World()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        world.drop("first")
        world.drop("second")
        world.open_theirs()
        moved.move()
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert wrong() == 4
    take_snapshots()
    assert wrong() == 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        moved.leave()
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert wrong() == 2
    take_snapshots()
    assert wrong() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("turned", [False, True])
def test_rows_may_arrive_in_any_order_and_without_copies(turned: bool) -> None:
    """As another database sends them, whose copies may be empty or wrong."""
    world = World()
    world.open_theirs()
    rows: list[Model] = [world.own, world.theirs, User.objects.get(pk=world.person.pk)]
    rows += [*Membership.objects.filter(user=world.person), world.first, *Access.objects.filter(user=world.person)]
    for row in reversed(rows):
        type(row)._base_manager.filter(pk=row.pk)._raw_delete("default")
    for row in reversed(rows) if turned else rows:
        for name, value in (("organisation_key", None), ("is_protected", False), ("guest_of", 7)):
            if hasattr(row, name):
                setattr(row, name, value)
        row.save_base(raw=True, force_insert=True)
    assert wrong() == 0
    assert Access.objects.filter(guest_of=world.home.pk).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["organisations_membership", "two_factor_authenticator", "two_factor_passkey"])
def test_an_emptied_table_leaves_no_copies(table: str) -> None:
    world = World()
    world.add_passkey()
    world.open_theirs()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # PostgreSQL empties no table with checks that are still due
        cursor.execute(f"TRUNCATE {table} CASCADE")
    assert wrong() == 0
