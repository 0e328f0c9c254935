"""The main menu and the side menu of the administration: each link leads to a page that opens, and one is the place."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.active_sessions.requested_page import REQUESTED_PAGE
from accounts.models import User
from tests.codes import code_of
from tests.factories import PASSWORD, EnvironmentFactory, UserFactory
from tests.pages import CODE, SIGN_IN, browser, half_signed_in, shown, signed_in, text

pytestmark = pytest.mark.django_db

MAIN = "Hoofdmenu"
SIDE = "Beheer"


def links(page: str, menu: str) -> dict[str, tuple[str, str]]:
    """Name of each link in the menu: its address, and how it is marked."""
    part = re.search(rf'<nav [^>]*aria-label="{menu}">(.*?)</nav>', page, re.DOTALL)
    found = re.findall(r'<a href="([^"]*)"(?: aria-current="(\w+)")?>([^<]*)</a>', part[1]) if part else []
    return {name: (address, mark) for address, mark, name in found}


def test_employee_finds_only_my_environments() -> None:
    employee = UserFactory(with_totp=True)
    EnvironmentFactory(people=[employee])
    assert links(shown(signed_in(employee), "/"), MAIN) == {"Mijn Omgevingen": ("/", "page")}


def test_administrator_without_the_desk_finds_the_administration() -> None:
    found = links(shown(signed_in(UserFactory(staff=True, with_totp=True)), "/persoonlijke-gegevens/"), MAIN)
    assert found == {"Mijn Omgevingen": ("/", ""), "Beheer": ("/beheer/", "")}


def test_support_worker_finds_the_desk_which_is_marked_there() -> None:
    client = signed_in(UserFactory(in_support=True, with_totp=True))
    found = links(shown(client, "/beheer/support/goedkeuringen/"), MAIN)
    assert [(name, mark) for name, (_, mark) in found.items()] == [
        ("Mijn Omgevingen", ""),
        ("Beheer", ""),
        ("Supportdesk", "true"),
    ]


@pytest.mark.parametrize("traits", [{"superuser": True}, {"in_support": True}], ids=str)
def test_every_link_of_the_side_menu_opens_a_page_where_it_is_marked(traits: dict[str, bool]) -> None:
    client = signed_in(UserFactory(with_totp=True, **traits))
    menu = links(shown(client, "/beheer/"), SIDE)
    assert menu["Start"] == ("/beheer/", "page")
    for name, (address, _) in menu.items():
        response = client.get(address)
        assert response.status_code == 200, name
        marked = {other: mark for other, (_, mark) in links(text(response), SIDE).items() if mark}
        assert marked == {name: "page"}


def test_a_page_below_a_link_marks_it_as_the_place() -> None:
    boss = UserFactory(superuser=True, with_totp=True)
    found = links(shown(signed_in(boss), f"/beheer/accounts/user/{boss.pk}/change/"), SIDE)
    assert [name for name, (_, mark) in found.items() if mark] == ["Personen"]


def test_who_is_signed_out_sees_no_menu(client: Client) -> None:
    assert links(shown(client, "/inloggen/"), MAIN) == {}


def test_staff_without_a_verified_second_factor_see_no_way_to_the_administration() -> None:
    page = shown(signed_in(UserFactory(staff=True)), "/persoonlijke-gegevens/")
    assert "/beheer/" not in page


def begins_at(person: User, target: str = "") -> str:
    """Where the person stands after signing in."""
    client = half_signed_in(person, next=target)
    return client.post(CODE, {"code": code_of(person)}, follow=True).request["PATH_INFO"]


def test_staff_without_environments_begin_where_they_work() -> None:
    support, boss = UserFactory(in_support=True, with_totp=True), UserFactory(superuser=True, with_totp=True)
    assert begins_at(support) == "/beheer/support/"
    assert begins_at(boss) == "/beheer/"


def test_page_that_was_asked_for_and_own_environments_come_first() -> None:
    support, employee = UserFactory(in_support=True, with_totp=True), UserFactory(with_totp=True)
    assert begins_at(support, "/persoonlijke-gegevens/sessies/") == "/persoonlijke-gegevens/sessies/"
    assert begins_at(employee) == "/"
    other = UserFactory(in_support=True, with_totp=True)
    EnvironmentFactory(people=[other])
    assert begins_at(other) == "/"


def test_new_member_of_staff_begins_there_after_the_set_up() -> None:
    worker = UserFactory(in_support=True)
    client = browser()
    client.post(SIGN_IN, {"username": worker.email, "password": PASSWORD}, follow=True)
    assert client.session[REQUESTED_PAGE] == "/begin/"
