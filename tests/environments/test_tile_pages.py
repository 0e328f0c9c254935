"""The database sorts the tiles of somebody with more than a page of them as they are sorted when there are fewer."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from django.utils import timezone

from accounts.audit.origin import CONSOLE
from accounts.models import User
from accounts.organisations.models import Organisation
from environments import flows, tile_copies, tiles
from environments.changes import flows as changes
from environments.models import Access, Environment
from environments.name_order import by_name
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

WORDS = ("Wijk", "wijk", "Écluse", "Bomen", "Bomen en groen", "Æ", "ĳs", "10", "")


def filled(count: int, owners: int, favourites: int, opened: int, *, seed: int = 1) -> User:
    """Somebody with that many environments, of which some are used, with names that are not in order."""
    chance, person, now = Random(seed), UserFactory(), timezone.now()
    names = [f"Gemeente {chance.randrange(30)} {number}" for number in range(owners)]
    organisations = [OrganisationFactory(name=name) for name in names]
    made = Environment.objects.bulk_create(
        EnvironmentFactory.build(
            organisation=chance.choice(organisations),
            name=f"{chance.choice(WORDS)} {chance.randrange(120)}".strip(),
            slug=f"w-{number}",
        )
        for number in range(count)
    )
    rows = [Access(user=person, environment=one) for one in made]
    for row in chance.sample(rows, favourites):
        row.is_favourite = True
    for row in chance.sample(rows, opened):
        row.opened_at = now - timedelta(minutes=chance.randrange(40))
    Access.objects.bulk_create(rows)
    return person


def outline(person: User) -> list[tuple[str, str, int]]:
    """What its pages show one after another: the title of the page, heading and tile."""
    seen, number = [], 1
    while True:
        found = tiles.overview(person, "", number)
        owner = found.owner.name if found.owner else ""
        seen += [(owner, one.heading, tile.row.pk) for one in found.sections for tile in one.tiles]
        if not found.page.has_next():
            assert found.total == found.page.paginator.count == len(seen)
            return seen
        number += 1


@pytest.mark.parametrize(
    ("count", "owners", "favourites", "opened"),
    [
        (150, 1, 0, 0),
        (150, 1, 9, 20),
        (150, 1, 130, 150),
        (61, 1, 61, 0),
        (61, 1, 55, 61),
        (150, 3, 5, 30),
        (150, 100, 70, 2),
        (190, 190, 0, 190),
    ],
)
def test_database_sorts_as_the_program_does(
    monkeypatch: pytest.MonkeyPatch, count: int, owners: int, favourites: int, opened: int
) -> None:
    person = filled(count, owners, favourites, opened)
    by_database = outline(person)
    monkeypatch.setattr(tiles.tile_pages, "places", lambda *_: None)
    assert by_database == outline(person)
    assert len({pk for _owner, _heading, pk in by_database}) == count


def test_access_that_earlier_code_added_stands_where_it_should() -> None:
    person = filled(100, 2, 3, 10)
    in_order = outline(person)
    Access.objects.filter(pk__in=[pk for _owner, _heading, pk in in_order[::7]]).update(owner=None, order_key=None)
    assert outline(person) == in_order


def test_copies_that_earlier_code_left_behind_hide_no_tile_and_are_restored() -> None:
    person = filled(70, 3, 3, 5)
    in_order = outline(person)
    rows = Access.objects.filter(pk__in=[pk for _owner, _heading, pk in in_order[::9]])
    rows.update(owner=2**40, order_key=b"?")  # of an organisation that is gone
    assert len(outline(person)) == 70
    assert tile_copies.restore() == len(in_order[::9])
    assert outline(person) == in_order
    assert tile_copies.restore() == 0


def test_environment_that_was_renamed_since_it_was_read_is_given_in_its_place() -> None:
    person, one = UserFactory(), EnvironmentFactory(name="Wijk 7")
    Environment.objects.filter(pk=one.pk).update(name="Wijk 8")
    flows.give(person, [one], actor=UserFactory(superuser=True), origin=CONSOLE)
    assert bytes(Access.objects.get().order_key) == by_name("Wijk 8")


def test_tile_moves_at_everybody_when_its_environment_gets_another_name_or_owner() -> None:
    person, actor = filled(70, 2, 0, 0), UserFactory(superuser=True)
    one = Environment.objects.order_by("pk")[0]
    by = {"actor": actor, "origin": CONSOLE}
    other = Organisation.objects.create(name="Aan de Dijk", slug="aan-de-dijk")
    for facts in ({"name": "Zuid 2"}, {"name": "00 eerste"}, {"organisation": other}):
        for name, value in facts.items():
            setattr(one, name, value)
        changes.change(one, **by)
        row = Access.objects.get(user=person, environment=one)
        assert (row.owner, bytes(row.order_key)) == (one.organisation_id, by_name(one.name))
    assert outline(person)[0][1:] == ("Aan de Dijk", row.pk)


def test_access_that_is_given_has_its_place_at_once() -> None:
    person, one = UserFactory(), EnvironmentFactory(name="Wijk 7")
    flows.give(person, [one], actor=UserFactory(superuser=True), origin=CONSOLE)
    row = Access.objects.get()
    assert (row.owner, bytes(row.order_key)) == (one.organisation_id, by_name("Wijk 7"))


def test_all_are_closed_only_when_those_of_other_pages_are() -> None:
    person = filled(70, 1, 0, 0)
    Environment.objects.update(is_closed=True)
    assert tiles.overview(person, "", 1).all_are_closed
    last = tiles.overview(person, "", 2).sections[-1].tiles[-1]
    Environment.objects.filter(slug=last.slug).update(is_closed=False)
    assert not tiles.overview(person, "", 1).all_are_closed


@pytest.mark.parametrize(
    "names",
    [
        ["2", "10", "100", "a", "A 2", "a 10", "ab", "ab 1", "b"],
        ["", "0", "00 a", "1", "é", "e1", "f"],
        ["x" * 500, "x" * 500 + "1"],  # so much alike that the number of the row decides
    ],
)
def test_names_sort_as_people_count(names: list[str]) -> None:
    assert all(by_name(one) <= by_name(following) for one, following in pairwise(names))
    assert len(by_name("9a" * 200)) <= 400
