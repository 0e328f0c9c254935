"""Finding people by the beginning of an address or name."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.db import connection

from accounts import flows
from accounts.models import User
from accounts.prefix_search import last_word, search_conditions, starts_with
from accounts.unicode_text import folded
from tests.factories import EnvironmentFactory, UserFactory

pytestmark = pytest.mark.django_db


NAMES = ["Jansen", "JANSE", "van den Berg", "Élise", "50% korting", "de-la Mar", "delta", ""]
SPOKEN = [
    ("Muller", "Müller"),
    ("müller", "Mu\u0308ller"),
    ("Renee", "Renée"),
    ("o'brien", "O’Brien"),
    ("O´Brien", "O'Brien"),
    ("strasser", "Straßer"),
    ("sorensen", "Sørensen"),
    ("ijzerman", "Ĳzerman"),
    ("IJZERMAN", "IJzerman"),
    ("celik", "Çelik"),
    ("isik", "Işık"),
    ("lukasz", "Łukasz"),
    ("vandendriessche-smit", "Vandendriessche‐Smit"),
    ("van  den   berg", "van\u00a0den Berg"),
    ("Zoe", "Zoë"),
    ("bjork", "Björk"),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("jan", {"Jansen", "JANSE"}),
        ("JANSEN", {"Jansen"}),
        ("an", set()),
        ("van d", {"van den Berg"}),
        ("élise", {"Élise"}),
        ("ÉLI", {"Élise"}),
        ("50%", {"50% korting"}),
        ("50_", set()),
        ("de-", {"de-la Mar"}),
        ("x" * 300, set()),
    ],
)
def test_beginning_is_found_whatever_the_case_and_signs_mean_nothing_special(text: str, found: set[str]) -> None:
    for name in NAMES:
        UserFactory(last_name=name)
    by_key = User.objects.filter(starts_with("last_name_key", folded(text)))
    assert set(by_key.values_list("last_name", flat=True)) == found


@pytest.mark.parametrize(("typed", "name"), SPOKEN)
def test_name_is_found_as_it_is_spoken(typed: str, name: str) -> None:
    """By the first name, the last name and both; and only by the own name."""
    UserFactory(first_name="Ander", last_name="Iemand")
    first, last = UserFactory(first_name=name, last_name="Zz"), UserFactory(first_name="Qq", last_name=name)
    found = set()
    for condition, _order in search_conditions(typed):
        found |= set(User.objects.filter(condition))
    assert found == {first, last}
    both = set().union(*(User.objects.filter(condition) for condition, _order in search_conditions(f"{typed} zz")))
    assert both == {first}


def test_name_is_stored_composed_and_never_without_its_key() -> None:
    person = UserFactory(first_name="Rene\u0301e", last_name="")
    assert User.objects.get(first_name="Rene\u0301e").first_name == "Ren\u00e9e"
    person.first_name = "Zoë"
    person.save(update_fields=["first_name"])
    User.objects.bulk_create([User(email="meer@voorbeeld.nl", first_name="Łukasz")])
    assert set(User.objects.values_list("first_name_key", flat=True)) == {"zoe", "lukasz"}


def test_keys_that_an_earlier_version_left_out_are_made_by_purge() -> None:
    UserFactory(first_name="Renée", last_name="Müller")
    User.objects.update(first_name_key="", last_name_key="")
    assert flows.refresh_search_keys() == 1
    assert flows.refresh_search_keys() == 0
    assert User.objects.get().last_name_key == "muller"


def test_last_word_of_a_name_is_found_because_people_look_for_berg() -> None:
    UserFactory(last_name="van den Berg")
    UserFactory(last_name="Bergman")
    UserFactory(last_name="van den Bergen van Dam")
    found = User.objects.filter(starts_with(last_word("last_name_key"), "berg")).values_list("last_name", flat=True)
    assert set(found) == {"van den Berg", "Bergman"}


def test_search_uses_the_index_also_in_the_language_of_the_database() -> None:
    expressions = {"email": "people_by_address", "last_name_key": "people_by_last_name_key"}
    if connection.vendor == "postgresql":
        expressions[last_word("last_name_key")] = "people_by_last_word_key"  # SQLite's planner takes none on so much
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # a table of a few rows is read from end to end otherwise
    for expression, index in expressions.items():
        # Without the order: of an empty table it decides, and takes the index by which nothing needs sorting.
        assert index in User.objects.filter(starts_with(expression, "jan")).order_by().explain()


@pytest.mark.parametrize(
    ("migration", "model"),
    [
        ("accounts.migrations.0004_fill_search_keys", "accounts.User"),
        ("accounts.organisations.migrations.0005_search_keys", "organisations.Organisation"),
        ("environments.migrations.0004_search_keys", "environments.Environment"),
    ],
)
def test_upgrade_gives_every_name_its_key_and_composes_it(migration: str, model: str) -> None:
    UserFactory(last_name="x"), EnvironmentFactory(name="x")
    name = "last_name" if model == "accounts.User" else "name"
    rows = apps.get_model(model).objects
    with connection.cursor() as cursor:  # past the field, as names were stored before
        cursor.execute(
            f"UPDATE {rows.model._meta.db_table} SET {name} = %s, {name}_key = ''", ["Su\u0301dwest-Frysla\u0302n"]
        )
    importlib.import_module(migration).fill(apps, None)
    assert set(rows.values_list(name, f"{name}_key")) == {("Súdwest-Fryslân", "sudwest-fryslan")}
