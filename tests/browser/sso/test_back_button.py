"""The back button around a sign-in at the provider, in the whole browser: it goes back to a page of another site."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser import chromium
from tests.browser.screen import Screen
from tests.browser.sso.connection import Agreement, is_signed_in_as

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(**chromium.launch_args(windows=True))
    yield started
    started.close()


def test_back_button_after_signing_in_shows_no_browser_error_and_changes_nothing(
    screen: Screen, town: Agreement
) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    screen.page.go_back()
    screen.heading(town.organisation.slug)  # theirs, which we cannot take away
    screen.page.go_back()
    screen.heading("Mijn Omgevingen")  # in place of our page with the button
    is_signed_in_as(screen, anna["email"])


def test_back_button_at_the_provider_and_a_second_try_work(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.go_there(screen)
    screen.heading(town.organisation.slug)
    screen.page.go_back()
    town.sign_in(screen, anna)
