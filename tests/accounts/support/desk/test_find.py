"""Finding the caller: by reference, address or name, in one field."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.models import User
from accounts.support.models import HelpRequest
from tests.accounts.support.desk_pages import DESK, page_of
from tests.accounts.support.interventions.test_who_may import bound_worker
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    return signed_in(UserFactory(in_support=True, with_totp=True, email="desk@support.nl"))


def find(client: Client, who: str) -> str:
    """Where one hit leads, or the text of the page."""
    answer = client.post(DESK, {"who": who})
    assert answer.status_code == 302
    return answer.url if answer.url != DESK else shown(client, DESK)


@pytest.mark.parametrize("way", ["{}", " {} ", "{}\t"])
def test_reference_leads_to_the_person_in_any_spelling(way: str, desk: Client) -> None:
    person = UserFactory()
    reference = HelpRequest.objects.create(user=person).reference
    for spelling in (reference, reference.lower(), reference.replace("-", ""), reference.replace("-", " ")):
        assert find(desk, way.format(spelling)) == page_of(person)


def test_reference_of_a_cancelled_request_still_finds_the_caller(desk: Client) -> None:
    asked = HelpRequest.objects.create(user=UserFactory(), cancelled_at=timezone.now())
    assert find(desk, asked.reference) == page_of(asked.user)


def test_exact_address_wins_over_its_beginnings(desk: Client) -> None:
    person = UserFactory(email="jan@voorbeeld.nl")
    UserFactory(email="jan@voorbeeld.nl.nu")
    assert find(desk, "JAN@voorbeeld.nl ") == page_of(person)


@pytest.mark.parametrize("typed", ["wilh", "WILHELMINA", "de vri", "wilhelmina de v", "vries", "wilh vr", "wil.de"])
def test_beginning_of_a_name_or_address_leads_to_the_only_one(typed: str, desk: Client) -> None:
    person = UserFactory(first_name="Wilhelmina", last_name="de Vries", email="wil.devries@voorbeeld.nl")
    UserFactory(first_name="Willem", last_name="Anders")
    assert find(desk, typed) == page_of(person)


def test_several_become_a_list_with_name_address_and_organisation(desk: Client) -> None:
    town = OrganisationFactory(name="Gemeente Duinstad")
    people = [UserFactory(first_name="Karel", email=f"k{n}@duin.nl", organisation=town) for n in range(3)]
    page = find(desk, "karel")
    for person in people:
        assert page_of(person) in page
        assert person.email in page
    assert page.count("Gemeente Duinstad") == 3
    assert page_of(people[0]) in shown(desk, DESK), "reload and back keep the list"


def test_long_list_is_cut_and_says_so(desk: Client) -> None:
    for number in range(limits.FIND_MOST + 2):
        UserFactory(first_name="Karel", email=f"k{number:03}@duin.nl")
    page = find(desk, "karel")
    assert page.count("@duin.nl</span>") == limits.FIND_MOST
    assert "Er zijn er nog meer." in page


def test_nobody_and_too_little_are_told_at_the_field(desk: Client) -> None:
    page = find(desk, "bestaat-niet@voorbeeld.nl")
    assert "Niemand gevonden." in page
    assert 'value="bestaat-niet@voorbeeld.nl"' in page
    assert "Vul minstens 3 letters in." in find(desk, "ka")
    assert "Vul een kenmerk" in find(desk, "  ")


def test_field_has_the_cursor(desk: Client) -> None:
    assert "autofocus" in shown(desk, DESK)


def test_nothing_personal_stands_in_an_address(desk: Client) -> None:
    UserFactory.create_batch(2, first_name="Karel")
    answer = desk.post(DESK, {"who": "karel"})
    assert answer.url == DESK
    assert "karel" not in str(dict(desk.session)).lower()


# ASVS 8.4.1
def test_worker_of_one_organisation_finds_own_people_only() -> None:
    mine, theirs = OrganisationFactory(), OrganisationFactory()
    client = signed_in(bound_worker(mine))
    own = UserFactory(first_name="Karel", organisation=mine)
    other = UserFactory(first_name="Karel", organisation=theirs, email="elders@voorbeeld.nl")
    reference = HelpRequest.objects.create(user=other).reference
    assert find(client, "karel") == page_of(own)
    for typed in (reference, "elders@voorbeeld.nl", "elders"):
        assert "Niemand gevonden." in find(client, typed)
    session = client.session
    session["support_found"] = [other.pk, own.pk]
    session.save()
    page = shown(client, DESK)
    assert page_of(own) in page
    assert page_of(other) not in page


@pytest.mark.parametrize("typed", ["%", "___", "' or 1=1 --", "%00x", "💥💥💥", "x" * 254, "\\\\\\", "۱۲۳۴۵۶۷"])
def test_rubbish_finds_nobody_and_breaks_nothing(typed: str, desk: Client) -> None:
    UserFactory()
    assert "voorbeeld.nl</span>" not in find(desk, typed)


def test_too_long_is_refused(desk: Client) -> None:
    assert "errorlist" in find(desk, "x" * 5000)


def test_list_costs_the_same_for_few_and_many(desk: Client, django_assert_max_num_queries: object) -> None:
    for _ in range(15):
        UserFactory(first_name="Karel", organisation=OrganisationFactory())
    find(desk, "karel")
    assert User.objects.filter(first_name="Karel").count() == 15
    with django_assert_max_num_queries(13):
        desk.get(DESK)
