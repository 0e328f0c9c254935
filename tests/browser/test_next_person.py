"""What the next person at the same computer finds of the one before: nothing, and signing out is quick."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from accounts.audit.origin import Origin
from accounts.models import User
from environments.administration import flows as upkeep
from tests.browser.conftest import Watch
from tests.browser.screen import Screen
from tests.factories import EnvironmentFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIRST, NEXT = "eerste@voorbeeld.nl", "volgende@voorbeeld.nl"


@pytest.fixture
def address_of_picture(screen: Screen) -> str:
    """Of the environment that the first person opens, who is signed in and sees it."""
    person = UserFactory(email=FIRST)
    UserFactory(email=NEXT)
    environment = EnvironmentFactory(name="Bomen", people=[person])
    drawn = io.BytesIO()
    Image.new("RGB", (400, 400), "green").save(drawn, "PNG")
    assert (
        upkeep.set_picture(environment.pk, drawn.getvalue(), actor=User.objects.first(), origin=Origin())
        is upkeep.Outcome.SAVED
    )
    screen.open_signed_in(FIRST)
    tile = screen.page.locator("img.tile__picture")
    expect(tile).to_have_js_property("complete", True)
    return str(tile.evaluate("image => image.currentSrc"))


def test_picture_is_shown_from_the_cache_to_its_owner_only(screen: Screen, address_of_picture: str) -> None:
    def type_of_answer() -> str:
        return str(screen.page.goto(address_of_picture).headers["content-type"])

    with screen.page.expect_response(address_of_picture) as asked_again:
        screen.page.reload()
    # The browser has it, asked, and was told that it may still show it.
    assert asked_again.value.request.sizes()["responseBodySize"] == 0
    expect(screen.page.locator("img.tile__picture")).not_to_have_js_property("naturalWidth", 0)
    screen.sign_out()
    assert type_of_answer().startswith("text/html")
    screen.heading("Inloggen")
    screen.sign_in(NEXT)
    expect(screen.page.locator("img.tile__picture")).to_have_count(0)
    assert screen.page.goto(address_of_picture).status == 404


def test_back_after_signing_out_shows_nothing(screen: Screen, address_of_picture: str) -> None:
    screen.sign_out()
    screen.page.go_back()
    screen.heading("Inloggen")
    expect(screen.text("Bomen")).to_have_count(0)


def test_signing_out_empties_no_cache(screen: Screen, address_of_picture: str, watch: Watch) -> None:
    """Emptying one with 30,000 files takes 9 seconds, in which the browser waits with the page."""
    screen.sign_out()
    screen.heading("Inloggen")
    kept = screen.page.evaluate(
        "fetch('/static/js/session.js', {cache: 'only-if-cached', mode: 'same-origin'})"
        ".then(answer => answer.status, () => 'not in the cache')"
    )
    assert kept == 200, "which only the page before had"
