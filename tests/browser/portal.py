"""The portal and a browser outside of pytest: for pictures, the accessibility table, and whoever else measures pages.

``prepare`` first; `tests.browser.page_tour` and what it imports can be imported only after it. Everything lives in a
throw-away database, so every secret on the screen is worthless.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.screen import Screen

SIZES = {"320": (320, 640), "360": (360, 740), "1280": (1280, 800)}
LANGUAGES = ("nl", "en")
SCHEMES = ("light", "dark")


@contextmanager
def portal() -> Iterator[str]:
    """The address of a portal that runs, with the tour's people in it."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        with running() as address:
            yield address


def prepare(folder: Path) -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in the thread that prepares the data
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'db.sqlite3'}"
    django.setup()


@contextmanager
def running() -> Iterator[str]:
    from django.core.management import call_command
    from pytest_django.live_server_helper import LiveServer

    from tests.browser import page_tour

    call_command("migrate", verbosity=0)
    page_tour.people()
    server = LiveServer("localhost")
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def browser(*more: str) -> Iterator[Browser]:
    """``more``: what Chromium is started with beside the usual."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        usual = chromium.launch_args()
        started = playwright.chromium.launch(**usual | {"args": [*usual["args"], *more]})
        yield started
        started.close()


def screen(started: Browser, address: str, language: str = "nl") -> Screen:
    """A visitor with a browser of their own."""
    from tests.browser.screen import Screen

    context = started.new_context(locale="nl-NL", timezone_id="Europe/Amsterdam", viewport=viewport("1280"))
    page = context.new_page()
    page.set_default_timeout(10_000)
    return Screen(page, address, language)


def viewport(size: str) -> dict:
    width, height = SIZES[size]
    return {"width": width, "height": height}
