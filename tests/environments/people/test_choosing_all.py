"""Actions on a long list: "all" is exactly what the page named, and what was ticked is what is done."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import limits
from accounts.models import User
from environments.models import Access
from tests.environments.people.staff import PEOPLE, superuser
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import signed_in, text

pytestmark = pytest.mark.django_db

ACCESS = "/beheer/environments/access/"
TRUNCATED = "Er zijn er meer dan deze lijst toont, dus je kunt ze niet allemaal tegelijk kiezen."
ALL = "question hidden"  # the link that chooses all


@pytest.fixture
def people() -> list[User]:
    return [UserFactory(email=f"p{number}@x.nl", last_name="Jansen") for number in range(60)]


@pytest.fixture
def boss(people: list[User]) -> Client:
    EnvironmentFactory(people=people)
    return signed_in(superuser())


def act_on_all(boss: Client, page: str, action: str) -> str:
    first = boss.get(page).context["cl"].result_list[0].pk
    values = {"action": action, "select_across": "1", "_selected_action": [first]}
    return text(boss.post(page, values, follow=True))


@pytest.mark.parametrize(("limit", "question"), [("FOUND_PEOPLE", "?q=jansen"), ("COUNTED_PEOPLE", "")])
@pytest.mark.parametrize(
    ("page", "action"), [(PEOPLE, "deactivate"), (PEOPLE, "invite_again"), (ACCESS, "delete_selected")]
)
def test_all_of_a_list_that_is_cut_is_refused(
    boss: Client, monkeypatch: pytest.MonkeyPatch, limit: str, question: str, page: str, action: str
) -> None:
    assert ALL in text(boss.get(page + question))
    monkeypatch.setattr(limits, limit, 55)
    assert ALL not in text(boss.get(page + question)), "not offered"
    assert TRUNCATED in act_on_all(boss, page + question, action)
    assert User.objects.filter(is_active=False).count() == 0
    assert Access.objects.count() == 60


def test_all_of_a_list_that_is_whole_are_those_that_it_counted(boss: Client) -> None:
    UserFactory(email="ander@x.nl", last_name="Pieters")
    assert "<strong>60 personen</strong> deactiveren" in act_on_all(boss, f"{PEOPLE}?q=jansen", "deactivate")


@pytest.mark.parametrize(("page", "action"), [(PEOPLE, "deactivate"), (ACCESS, "delete_selected")])
def test_more_than_can_be_done_at_once_is_refused_before_the_question(
    boss: Client, monkeypatch: pytest.MonkeyPatch, page: str, action: str
) -> None:
    monkeypatch.setattr(limits, "PEOPLE_AT_ONCE", 55)
    assert "Kies hooguit 55 personen tegelijk." in act_on_all(boss, page, action)


def test_who_was_ticked_is_meant_also_when_the_search_would_now_show_others(
    boss: Client, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FOUND_PEOPLE", 4)
    page = f"{PEOPLE}?q=jansen"
    shown = {person.pk for person in boss.get(page).context["cl"].result_list}
    others = [person.pk for person in people if person.pk not in shown]
    assert others
    asked = boss.post(page, {"action": "deactivate", "_selected_action": others[:3]})
    assert "<strong>3 personen</strong> deactiveren" in text(asked)
