"""Here every fixture of the browser tests drives Firefox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.browser.firefox import browser as firefox
from tests.browser.firefox.marionette import Marionette
from tests.browser.firefox.virtual_authenticator import PREFERENCES


@pytest.fixture(scope="session")
def marionette() -> Iterator[Marionette]:
    """Closed after the browser, whose session would end with it."""
    protocol = Marionette()
    yield protocol
    protocol.close()


@pytest.fixture(scope="session")
def browser(playwright: Playwright, marionette: Marionette) -> Iterator[Browser]:
    if firefox.path() is None:
        pytest.skip(firefox.MISSING)
    expect.set_options(timeout=20_000)  # milliseconds: Firefox is slow on a busy machine
    started = playwright.firefox.launch(**firefox.launch_args(PREFERENCES, marionette=marionette.port))
    yield started
    started.close()
