"""The star on a tile, and the key that can be switched off."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import limits
from accounts.models import User
from environments.models import Access, Preferences
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db

STAR = "/omgevingen/bomen/favoriet/"
NO_STAR = "/omgevingen/bomen/geen-favoriet/"


@pytest.fixture
def person() -> User:
    return UserFactory()


@pytest.fixture
def client(person: User) -> Client:
    EnvironmentFactory(slug="bomen", name="Bomen", people=[person, UserFactory()])
    return signed_in(person)


def stars() -> set[User]:
    return {access.user for access in Access.objects.filter(is_favourite=True)}


def test_star_is_the_persons_own_and_goes_on_and_off(person: User, client: Client) -> None:
    page = shown(client, "/")
    assert f'aria-pressed="false" aria-label="Favoriet: Bomen" formaction="{STAR}"' in page
    assert client.post(STAR).url == "/#omgeving-bomen"
    assert stars() == {person}
    assert f'aria-pressed="true" aria-label="Favoriet: Bomen" formaction="{NO_STAR}"' in shown(client, "/")
    client.post(NO_STAR)
    assert stars() == set()


def test_pressing_twice_is_as_good_as_once_because_each_button_says_what_it_wants(client: Client) -> None:
    client.post(STAR)
    client.post(STAR)
    assert len(stars()) == 1


def test_person_comes_back_to_the_same_search_and_page(client: Client) -> None:
    answer = client.post(STAR, {"zoek": "bo & men", "pagina": "3"})
    assert answer.url == "/?zoek=bo+%26+men&pagina=3#omgeving-bomen"
    assert client.post(STAR, {"zoek": "\x00", "pagina": "//elders.nl"}).url == "/#omgeving-bomen"


def test_script_gets_no_page_because_it_changes_the_star_itself(client: Client) -> None:
    answer = client.post(STAR, headers={"accept": "application/json"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(stars()) == 1


@pytest.mark.parametrize("address", [STAR, NO_STAR])
def test_looking_at_the_address_changes_nothing(client: Client, address: str) -> None:
    assert client.get(address).status_code == 405
    assert stars() == set()


def test_environment_of_another_gets_no_star_and_looks_like_none(client: Client) -> None:
    EnvironmentFactory(slug="van-een-ander", people=[UserFactory()])
    for slug in ("van-een-ander", "bestaat-niet"):
        for accept in ("text/html", "application/json"):
            answer = client.post(f"/omgevingen/{slug}/favoriet/", headers={"accept": accept})
            assert answer.status_code == 404
    assert stars() == set()


def test_key_can_be_switched_off_and_on_by_each_for_themselves(person: User, client: Client) -> None:
    EnvironmentFactory.create_batch(limits.ENVIRONMENTS_FEW, people=[person])
    assert 'aria-keyshortcuts="/"' in shown(client, "/")
    for _ in range(2):
        assert client.post("/sneltoets/uit/").url == "/"
    page = shown(client, "/")
    assert "data-slash" not in page
    assert "Zet de toets / aan" in page
    assert Preferences.objects.get().user == person
    client.post("/sneltoets/aan/")
    assert "data-slash" in shown(client, "/")
    assert client.get("/sneltoets/uit/").status_code == client.get("/sneltoets/aan/").status_code == 405
