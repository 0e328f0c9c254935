"""The same sign-in by keyboard alone, without JavaScript, and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Watch
from tests.browser.keyboard import Keyboard
from tests.browser.screen import Screen
from tests.browser.sso.connection import ADDRESS, WAY, Agreement, find, is_signed_in_as

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_sign_in_goes_by_keyboard_alone(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    hands = Keyboard(screen)
    screen.open("/inloggen/")
    hands.press(WAY)
    screen.heading(WAY)
    expect(screen.page.get_by_label(ADDRESS)).to_be_focused()
    screen.page.keyboard.type(anna["email"])
    hands.press("Ga verder")
    screen.heading(town.organisation.slug)
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.press("Enter")  # the first account there is Anna's
    screen.heading("Mijn Omgevingen")


def test_own_page_of_the_organisation_goes_by_keyboard_alone(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    screen.open(town.entry)
    Keyboard(screen).press("Inloggen bij Gemeente Voorbeeld")
    town.choose(screen, anna)
    screen.heading("Mijn Omgevingen")


def test_wrong_address_is_explained_at_its_field_and_announced(screen: Screen, town: Agreement) -> None:
    find(screen, "iemand@elders.voorbeeld.nl")
    field = screen.page.get_by_label(ADDRESS)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(screen.page.get_by_role("alert")).to_contain_text("Bij dit adres kennen we geen zakelijk account.")
    expect(field).to_be_focused()


def test_whole_way_needs_no_javascript(screen: Screen, watch: Watch, town: Agreement, browser: Browser) -> None:
    anna, _ = town.employee("Anna Jansen")
    with browser.new_context(java_script_enabled=False, locale="nl-NL") as context:
        plain = Screen(context.new_page(), screen.portal)
        find(plain, anna["email"])
        town.choose(plain, anna)
        plain.heading("Mijn Omgevingen")
        is_signed_in_as(plain, anna["email"])
        plain.press("Uitloggen")
        plain.heading("Je bent uitgelogd")
        plain.press("Ook uitloggen bij Gemeente Voorbeeld")
        plain.press("Ja, log uit")
        plain.heading("Je bent uitgelogd")


def test_phone_of_360_pixels_needs_no_scrolling_sideways(screen: Screen, town: Agreement) -> None:
    town.change(missing_proof="refuse")
    anna, _ = town.employee("Anna Jansen", claims={"amr": ["pwd"]})
    screen.page.set_viewport_size({"width": 360, "height": 740})
    find(screen, "iemand@een-heel-lang-domein-van-een-samenwerkingsverband.nl")
    assert not screen.scrolls_sideways
    screen.open(town.entry)
    assert not screen.scrolls_sideways
    town.go_there(screen)
    town.choose(screen, anna)
    screen.heading("Inloggen is niet gelukt")
    assert not screen.scrolls_sideways
