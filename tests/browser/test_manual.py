"""The manual shows the screens as they are, on paper too, and its squares can be read."""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Callable

import pytest
import zxingcpp
from PIL import Image, ImageStat
from playwright.sync_api import expect

from accounts.models import User
from accounts.two_factor.totp import stores
from tests.browser import manual
from tests.browser.screen import Screen

HELP = "/hulp/twee-staps-authenticatie/"
STEPS = len(json.loads(manual.LIST.read_text())["nl"])

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("language", manual.LANGUAGES)
def test_pictures_show_the_words_of_today(screen: Screen, employee: User, language: str) -> None:
    made = json.loads(manual.LIST.read_text())[language]
    screen.page.set_viewport_size(manual.VIEWPORT)
    today = {
        step.name: manual.words(screen.page, manual.frame(screen.page, step))
        for step in manual.walk(screen, employee, language)
    }
    pictured = {name: facts["words"] for name, facts in made.items()}
    assert today == pictured, "the screens changed: run `python -m tests.browser.screenshots --manual`"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_squares_of_the_stores_can_be_read(screen: Screen, scheme: str) -> None:
    screen.page.emulate_media(color_scheme=scheme)
    screen.open(HELP)
    shot = screen.page.locator(".stores").screenshot(animations="disabled")
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(shot)), formats=zxingcpp.BarcodeFormat.QRCode)
    assert sorted(code.text for code in found) == sorted(store.address for store in stores.every())


@pytest.mark.parametrize("scripts", [True, False])
def test_paper_gets_the_light_picture_of_each_step_without_scrolling_or_scripts(
    elsewhere: Callable[..., Screen], scripts: bool
) -> None:
    screen = elsewhere(java_script_enabled=scripts, color_scheme="dark")
    screen.open(HELP)
    screen.page.emulate_media(media="print")
    assert screen.page.locator(".shot").count() == STEPS
    for shot in screen.page.locator(".shot").all():
        expect(shot.locator("img").filter(visible=True)).to_have_count(1)
        assert shot.locator("img").filter(visible=True).evaluate("it => it.complete && it.naturalWidth > 0")
    for picture in pictures(screen.page.pdf()):
        assert ImageStat.Stat(picture.convert("L")).median[0] > 150, "a dark picture on white paper"


def pictures(pdf: bytes) -> list[Image.Image]:
    """One of each step, known by their width, as Chromium writes them: rows of RGB, deflated."""
    widths = {round(1.5 * size["width"]) for size in (manual.VIEWPORT, manual.DESK)}
    form = rb"/Subtype /Image\s+/Width (\d+)\s+/Height (\d+)[^>]*/Length (\d+)>>\s*stream\r?\n"
    found = []
    for match in re.finditer(form, pdf):
        width, height, length = (int(number) for number in match.groups())
        if width in widths:
            rows = zlib.decompress(pdf[match.end() : match.end() + length])
            found.append(Image.frombytes("RGB", (width, height), rows))
    assert len(found) == STEPS
    return found


def test_phone_gets_links_to_the_stores_instead_of_squares_that_it_cannot_scan(
    elsewhere: Callable[..., Screen],
) -> None:
    screen = elsewhere(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    screen.open(HELP)
    assert screen.page.locator(".store").count() == len(stores.every())
    for store in screen.page.locator(".store").all():
        expect(store.get_by_role("link")).to_be_visible()
        expect(store.get_by_role("img")).to_be_hidden()


SHIFT = """new Promise(tell => {
    let sum = 0;
    new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; })
        .observe({type: "layout-shift", buffered: true});
    setTimeout(() => tell(sum), 300);
})"""


def test_nothing_moves_while_the_manual_loads(screen: Screen) -> None:
    screen.page.set_viewport_size({"width": 360, "height": 740})
    screen.open(HELP)
    screen.page.wait_for_load_state("networkidle")
    screen.page.locator("#support").scroll_into_view_if_needed()
    assert screen.page.evaluate(SHIFT) == 0
