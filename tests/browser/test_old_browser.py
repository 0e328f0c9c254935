"""A browser that is too old is told so. No old browser runs here: what it does is simulated, and each test says how."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from accounts.models import User
from tests.browser.screen import Screen

NOTICE = ".old-browser"


# ASVS 3.7.5
@pytest.mark.parametrize("size", [{"width": 360, "height": 740}, {"width": 1280, "height": 800}])
def test_browser_of_today_reads_nothing_about_it(screen: Screen, employee: User, size: dict[str, int]) -> None:
    scripts: list[str] = []
    screen.page.on("request", lambda request: scripts.append(request.url))
    screen.page.set_viewport_size(size)
    screen.open_signed_in(employee.email)
    for address in ("/", "/persoonlijke-gegevens/", "/hulp/twee-staps-authenticatie/"):
        screen.open(address)
        assert screen.page.locator(NOTICE).count() == 1
        expect(screen.page.locator(NOTICE)).to_be_hidden()
        assert "te oud" not in screen.page.locator("body").aria_snapshot()
    screen.page.emulate_media(media="print")
    expect(screen.page.locator(NOTICE)).to_be_hidden()
    assert any(name.endswith("session.js") for name in scripts)
    assert not any(name.endswith("old-browser.js") for name in scripts)


# ASVS 3.7.5
def test_browser_that_does_not_understand_the_style_sheet_is_told(screen: Screen) -> None:
    """Stands for one that knows no @supports, grid or variables: it leaves the rule out, which is done here by hand."""

    def as_understood(route: Route) -> None:
        answer = route.fetch()
        rule = "@supports (display: grid) and (color: var(--ink))"
        assert rule in answer.text()
        route.fulfill(response=answer, body=answer.text().replace(rule, "@supports (display: what-it-does-not-know)"))

    screen.page.route("**/assetmaps*.css", as_understood)
    screen.open("/inloggen/")
    expect(screen.page.get_by_text("Je browser is te oud voor Mijn Assetmaps.")).to_be_visible()
    assert not screen.scrolls_sideways


# ASVS 3.7.5
def test_browser_without_modules_is_told(screen: Screen) -> None:
    """Stands for one that runs what modern ones skip: the page is sent without the word that makes them skip it."""

    def without_modules(route: Route) -> None:
        answer = route.fetch()
        assert answer.text().count("<script nomodule ") == 1
        body = answer.text().replace("<script nomodule ", "<script ").replace('type="module"', 'type="unknown"')
        route.fulfill(response=answer, body=body)

    screen.page.route("**/inloggen/", without_modules)
    screen.open("/inloggen/")
    expect(screen.page.get_by_text("Je browser is te oud voor Mijn Assetmaps.")).to_be_visible()
    screen.page.get_by_label("E-mailadres").fill("a@voorbeeld.nl")  # and nothing is refused
