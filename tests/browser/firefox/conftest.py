"""Here every fixture of the browser tests drives Firefox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.browser.firefox import browser as firefox


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    if firefox.path() is None:
        pytest.skip(firefox.MISSING)
    expect.set_options(timeout=20_000)  # milliseconds: Firefox is slow on a busy machine
    started = playwright.firefox.launch(**firefox.launch_args())
    yield started
    started.close()
