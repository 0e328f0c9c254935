"""Addresses and forms of the lists that nobody's browser makes: refused, never a fault of the server."""

from __future__ import annotations

import pytest
from django.test import Client

from environments.models import Access
from tests.conftest import prove
from tests.environments.people.staff import PEOPLE, administrator_of, superuser
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import signed_in

pytestmark = pytest.mark.django_db

ACCESS = "/beheer/environments/access/"
ENVIRONMENTS = "/beheer/environments/environment/"
EXPORT = "/beheer/mensen/exporteren/"


@pytest.fixture
def boss() -> Client:
    EnvironmentFactory()
    return signed_in(superuser())


@pytest.mark.parametrize("order", ["0009", "²", "-", "-²", "7", "1" * 5000])
@pytest.mark.parametrize("page", [PEOPLE, ACCESS])
def test_order_by_a_column_that_is_none_is_left_out(boss: Client, page: str, order: str) -> None:
    assert boss.get(page, {"o": order}).status_code == 200


@pytest.mark.parametrize(
    "question",
    [
        f"{PEOPLE}?is_staff__regex=(",
        f"{PEOPLE}?is_active__range=1",
        f"{ACCESS}?id__regex=(",
        f"{ENVIRONMENTS}?name__regex=(",
        "/beheer/organisations/organisation/?slug__iregex=[",
    ],
)
def test_list_answers_the_questions_of_its_filters_only(boss: Client, question: str) -> None:
    assert boss.get(question).status_code == 400


def test_list_of_environments_does_not_tell_which_stranger_may_open_one() -> None:  # ASVS 8.4.1
    ours, stranger = EnvironmentFactory(), UserFactory()
    Access.objects.create(user=stranger, environment=ours)
    client = administrator_of(ours.organisation)
    for question in (f"people={stranger.pk}", f"people__id__in={stranger.pk}", f"access__user={stranger.pk}"):
        assert client.get(f"{ENVIRONMENTS}?{question}").status_code == 400


@pytest.mark.parametrize("number", ["abc", "²", "9" * 22])
def test_action_on_rows_without_such_a_number_is_refused(boss: Client, number: str) -> None:
    for page, action in ((PEOPLE, "deactivate"), (PEOPLE, "invite_again"), (ACCESS, "delete_selected")):
        assert boss.post(page, {"action": action, "_selected_action": [number]}).status_code == 400


@pytest.mark.parametrize("number", ["abc", "²", "9" * 22])
def test_choice_without_such_a_number_is_no_choice(boss: Client, number: str) -> None:
    chosen = {"user": number, "environment": number}
    assert boss.get(f"{ACCESS}add/", chosen).status_code == 200
    assert boss.post(f"{ACCESS}add/", chosen).status_code == 200
    assert boss.get(f"{ENVIRONMENTS}add/", {"organisation": number}).status_code == 200
    assert not Access.objects.exists()


@pytest.mark.parametrize("filters", ["is_staff__exact=banaan", "o=0009", "p=9999", "q=%00"])
def test_export_of_filters_that_make_no_sense_is_no_fault(boss: Client, filters: str) -> None:
    prove(boss)
    assert boss.post(EXPORT, {"filters": filters}).status_code in (200, 302)
