"""Browsers in which what happens after a commit does happen, though the whole example is rolled back."""

from __future__ import annotations

from django.http import HttpRequest
from django.test import TestCase
from django.test.client import ClientHandler

from accounts.models import User
from accounts.throttling.known_browsers import COOKIE, KnownBrowsers
from tests.conftest import Browser

ONLY_POST = "/persoonlijke-gegevens/herstelcodes/bij-de-hand/"
HANDLER = ClientHandler(enforce_csrf_checks=False)  # one for all: each would look at every static file first


class Window(Browser):
    """A browser at an address of its own. What is to happen after a commit happens after each request, though all of it
    is rolled back in the end.

    ``showed_passkey``: did its session show one, or may it have? Never True where it showed a code only."""

    showed_passkey = False

    def __init__(self, place: str, **options: object) -> None:
        super().__init__(headers={"user-agent": "Testbrowser"}, REMOTE_ADDR=place, **options)
        self.handler = HANDLER

    def request(self, **request: object) -> object:
        with TestCase.captureOnCommitCallbacks(execute=True):
            return super().request(**request)

    def copy(self, place: str) -> Window:
        """The same cookies, in the browser of somebody else."""
        other = Window(place)
        other.cookies.load({name: morsel.value for name, morsel in self.cookies.items()})
        other.showed_passkey = self.showed_passkey
        return other


def is_in(window: Window) -> bool:
    """Is it signed in fully? Asked of a page that takes no GET: who may not come there is led away before it says so,
    and nothing is rendered in thousands of looks."""
    return window.get(ONLY_POST).status_code == 405


def is_known(window: Window, person: User) -> bool:
    """Does its cookie still count as that of a known browser?"""
    request = HttpRequest()
    request.COOKIES = {name: morsel.value for name, morsel in window.cookies.items() if name == COOKIE}
    return bool(KnownBrowsers.of(request).bucket_of(person))
