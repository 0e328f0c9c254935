"""Draws the icons for browsers and phones anew from static/img/icon.svg: `make icons`. The results are committed."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium

FOLDER = Path(__file__).resolve().parent.parent.parent / "static" / "img"
BRAND = "#123f45"
# Name, width, part of the width that the drawing takes, ground. A phone cuts a maskable icon to a shape of its own and
# keeps the middle four fifths; iOS paints what is transparent black.
ICONS = (
    ("icon-192.png", 192, 1, "transparent"),
    ("icon-512.png", 512, 1, "transparent"),
    ("icon-maskable-512.png", 512, 0.66, BRAND),
    ("apple-touch-icon.png", 180, 0.8, BRAND),
)
FAVICON = (16, 32, 48)
COLOURS = 64  # of a drawing with two colours and the shades at its edges


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_args(windows=True))
        for name, width, part, ground in ICONS:
            _small(_drawn(browser, width, part, ground)).save(FOLDER / name, optimize=True)
        largest = _drawn(browser, max(FAVICON), 1, "transparent")
        others = [_drawn(browser, width, 1, "transparent") for width in FAVICON[:-1]]
        largest.save(FOLDER / "favicon.ico", sizes=[(width, width) for width in FAVICON], append_images=others)
        browser.close()


def _drawn(browser: Browser, width: int, part: float, ground: str) -> Image.Image:
    page = browser.new_page(viewport={"width": width, "height": width})
    svg = (FOLDER / "icon.svg").read_text().replace("<svg ", f'<svg width="{width * part}" ', 1)
    style = f"body {{ margin: 0; height: 100vh; display: grid; place-items: center; background: {ground} }}"
    page.set_content(f"<style>{style}</style>{svg}")
    picture = Image.open(io.BytesIO(page.screenshot(omit_background=True)))
    page.close()
    return picture


def _small(picture: Image.Image) -> Image.Image:
    return picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)


if __name__ == "__main__":
    main()
