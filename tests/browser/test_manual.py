"""The manual shows the screens as they are, and its squares can be read."""

from __future__ import annotations

import io
import json

import pytest
import zxingcpp
from PIL import Image

from accounts.models import User
from assetmaps.manual import stores
from tests.browser import manual
from tests.browser.screen import Screen

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
    assert today == pictured, "the screens changed: run `make screenshots`"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_squares_of_the_stores_can_be_read(screen: Screen, scheme: str) -> None:
    screen.page.emulate_media(color_scheme=scheme)
    screen.open("/hulp/twee-staps-authenticatie/")
    shot = screen.page.locator(".stores").screenshot(animations="disabled")
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(shot)), formats=zxingcpp.BarcodeFormat.QRCode)
    assert sorted(code.text for code in found) == sorted(store.address for store in stores())
