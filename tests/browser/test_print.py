"""On paper stands what is known, not what can be pressed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.browser.screen import Screen


@pytest.mark.parametrize(
    ("address", "stays", "leaves"),
    [
        ("/", ["Bomen en groen"], [".find", ".star", ".keys"]),
        (
            "/persoonlijke-gegevens/",
            ["E-mailadres", "medewerker@voorbeeld.nl"],
            [".button", ".entries", ".not-on-paper"],
        ),
        ("/persoonlijke-gegevens/activiteit/", ["Ingelogd", "Wanneer"], []),
        ("/persoonlijke-gegevens/sessies/", ["Deze browser"], []),
    ],
)
def test_page_on_paper_has_its_content_and_no_buttons(
    screen: Screen, employee: User, address: str, stays: list[str], leaves: list[str]
) -> None:
    screen.open_signed_in(employee.email)
    screen.page.emulate_media(media="print", color_scheme="dark")
    screen.open(address)
    for words in stays:
        expect(screen.page.locator("main").get_by_text(words).first).to_be_visible()
    for name in [*leaves, ".top", ".bottom", ".skip", ".old-browser", ".session"]:
        for part in screen.page.locator(name).all():
            expect(part).to_be_hidden()
    # Dark letters on white, also for who looks at a dark screen.
    colours = "getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color"
    assert screen.page.evaluate(colours) == "rgb(255, 255, 255)rgb(0, 0, 0)"
