"""Finding people by the beginning of an address or name."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import User
from accounts.prefixes import begins, last_word
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


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
    for name in ("Jansen", "JANSE", "van den Berg", "Élise", "50% korting", "de-la Mar", "delta", ""):
        UserFactory(last_name=name)
    assert set(User.objects.filter(begins("last_name", text)).values_list("last_name", flat=True)) == found


def test_last_word_of_a_name_is_found_because_people_look_for_berg() -> None:
    UserFactory(last_name="van den Berg")
    UserFactory(last_name="Bergman")
    UserFactory(last_name="van den Bergen van Dam")
    found = User.objects.filter(begins(last_word("last_name"), "berg")).values_list("last_name", flat=True)
    assert set(found) == {"van den Berg", "Bergman"}


def test_search_uses_the_index_also_in_the_language_of_the_database() -> None:
    expressions = {"email": "people_by_address", "last_name": "people_by_last_name"}
    if connection.vendor == "postgresql":
        expressions[last_word("last_name")] = "people_by_last_word"  # SQLite's planner takes no index on so much
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # a table of a few rows is read from end to end otherwise
    for expression, index in expressions.items():
        # Without the order: of an empty table it decides, and takes the index by which nothing needs sorting.
        assert index in User.objects.filter(begins(expression, "jan")).order_by().explain()
