"""The journey of the user manual in Firefox, which has its own ways with focus, forms and cookies."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from accounts.models import User
from tests.browser import journeys
from tests.browser.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_these_tests_really_drive_firefox(screen: Screen) -> None:
    assert "Firefox/" in screen.page.evaluate("navigator.userAgent")


def test_whole_journey_of_the_manual(screen: Screen, employee: User) -> None:
    journeys.whole(screen)


def test_journey_goes_by_keyboard_alone(screen: Screen, employee: User) -> None:
    journeys.by_keyboard(screen)


def test_journey_fits_in_320_pixels(screen: Screen, employee: User) -> None:
    journeys.narrow(screen)


def test_journey_needs_no_javascript(
    screen: Screen, employee: User, new_context: Callable[..., BrowserContext]
) -> None:
    """No script arrives. Switching JavaScript off would hold Playwright's own clicks up, which wait for a frame."""
    context = new_context()
    context.route(re.compile(r"\.js$"), lambda route: route.abort())
    plain = Screen(context.new_page(), screen.portal)
    plain.open("/inloggen/")
    expect(plain.page.get_by_label("Wachtwoord", exact=True)).to_be_visible()
    expect(plain.page.get_by_role("button", name="Toon")).to_have_count(0)  # a script would make it
    journeys.whole(plain)


def test_back_button_after_signing_out_shows_no_page_of_before(screen: Screen, employee: User) -> None:
    screen.sign_in(employee.email)
    screen.gear.click()
    screen.heading("Persoonlijke Gegevens")
    screen.sign_out()
    screen.page.go_back()
    screen.heading("Inloggen")
