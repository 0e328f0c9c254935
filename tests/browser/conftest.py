from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, Response

from accounts.models import User
from tests.browser import chromium, page_tour
from tests.browser.screen import Screen
from tests.factories import EnvironmentFactory, UserFactory

# Playwright's loop runs in the thread that prepares the data; Django would take that for a mistake.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

# In Firefox, Playwright puts this style into the page for each picture; the policy refuses it, and rightly.
STYLE_OF_THE_CAMERA = base64.b64encode(hashlib.sha256(b"body {}").digest()).decode()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if chromium.path() is None:
        pytest.skip(chromium.MISSING)
    to_be_seen = browser_type_launch_args.get("headless") is False  # with --headed
    return {**browser_type_launch_args, **chromium.launch_args(windows=to_be_seen)}


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "nl-NL", "timezone_id": "Europe/Amsterdam"}


class Watch:
    """Everything that a page does behind the screen and should not."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.hosts: set[str] = set()
        self.others: set[str] = set()  # hosts that a visitor may be led to

    def over(self, context: BrowserContext) -> None:
        context.on("page", self.follow)
        context.on("request", self.request)

    def follow(self, page: Page) -> None:
        page.on("console", self.console)
        page.on("pageerror", self.script)
        page.on("response", self.response)

    def console(self, message: ConsoleMessage) -> None:
        # An error page that was asked for is logged too; files that fail to load are seen in `response`.
        if message.type in ("error", "warning") and "the server responded with a status of" not in message.text:
            self.faults.append(f"console at {message.location.get('url')}: {message.text}")

    def script(self, error: Error) -> None:
        if STYLE_OF_THE_CAMERA not in error.message:
            self.faults.append(f"error in a script: {error}")

    def request(self, request: Request) -> None:
        if request.url.startswith("http"):
            self.hosts.add(urlsplit(request.url).netloc)

    def response(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and response.request.resource_type != "document"):
            self.faults.append(f"{response.status} at {response.url}")


@pytest.fixture
def watch(context: BrowserContext, live_server: Any) -> Iterator[Watch]:
    """Fails any browser test with an error in the console or a request to another host."""
    watching = Watch()
    watching.over(context)
    yield watching
    assert watching.faults == []
    assert watching.hosts <= {urlsplit(live_server.url).netloc} | watching.others


@pytest.fixture
def screen(transactional_db: None, live_server: Any, watch: Watch, page: Page) -> Screen:
    page.set_default_timeout(10_000)
    return Screen(page, live_server.url)


@pytest.fixture
def elsewhere(screen: Screen, watch: Watch, new_context: Callable[..., BrowserContext]) -> Callable[..., Screen]:
    """Makes another browser, which shares nothing with the first: a thief's, a colleague's, one's own at home."""

    def make(**options: Any) -> Screen:
        context = new_context(**options)
        watch.over(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        return Screen(page, screen.portal)

    return make


@pytest.fixture
def at_its_address(settings: Any, live_server: Any) -> None:
    """A passkey belongs to the address at which it was made, and the portal knows its own from `PUBLIC_URL`."""
    settings.PUBLIC_URL = live_server.url


@pytest.fixture
def employee(screen: Screen) -> User:
    """Somebody with a password alone."""
    person = UserFactory(email=page_tour.EMPLOYEE)
    EnvironmentFactory(name="Bomen en groen", slug="bomen-en-groen", people=[person])
    return person


@pytest.fixture
def verified(screen: Screen) -> User:
    """Somebody with a second step, and with every right."""
    person = UserFactory(email=page_tour.VERIFIED, superuser=True, with_totp=True)
    EnvironmentFactory(name="Wegen en bruggen", slug="wegen-en-bruggen", people=[person])
    return person
