"""Every screen on sheets that a person can page through: ``make contact-sheet`` fills var/contact-sheet/.

Two languages, light and dark, on a phone and on a desk. Nothing of it is committed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.browser import portal

FOLDER = Path(__file__).resolve().parent.parent.parent / "var" / "contact-sheet"
LOOKS = [(size, scheme) for size in ("360", "1280") for scheme in portal.SCHEMES]
ON_A_SHEET = {"360": (6, 2), "1280": (3, 3)}  # so many beside and below each other
CELL = {"360": (300, 800), "1280": (620, 620)}
LABEL = 22


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=portal.LANGUAGES, help="only take the pictures in this language")
    language = parser.parse_args().language
    if language:
        take(language)
        return 0
    shutil.rmtree(FOLDER, ignore_errors=True)
    command = [sys.executable, "-m", "tests.browser.contact_sheet", "--language"]
    running = [subprocess.Popen([*command, language]) for language in portal.LANGUAGES]
    statuses = [process.wait() for process in running]
    if any(statuses):
        return 1
    sheets = [sheet for language in portal.LANGUAGES for look in LOOKS for sheet in make_sheets(language, *look)]
    (FOLDER / "index.html").write_text(index(sheets), encoding="utf-8")
    print(f"{len(list(FOLDER.glob('*/*.png')))} pictures on {len(sheets)} sheets: {FOLDER / 'index.html'}")
    return 0


def take(language: str) -> None:
    """One picture of every stop of the tour in every look, numbered in the order of the tour."""
    folder = FOLDER / language
    folder.mkdir(parents=True)
    with portal.portal() as address, portal.browser() as browser:
        from tests.browser import page_tour

        screen = portal.screen(browser, address, language)
        stops = (name for part in page_tour.ALL for name in part(screen))
        for number, name in enumerate(stops, 1):
            for size, scheme in LOOKS:
                screen.page.set_viewport_size(portal.viewport(size))
                screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                path = folder / f"{number:03}-{name}-{size}-{scheme}.png"
                screen.page.screenshot(path=path, full_page=True, animations="disabled")


def make_sheets(language: str, size: str, scheme: str) -> list[Path]:
    pictures = sorted((FOLDER / language).glob(f"*-{size}-{scheme}.png"))
    beside, below = ON_A_SHEET[size]
    made = []
    for start in range(0, len(pictures), beside * below):
        path = FOLDER / f"{language}-{size}-{scheme}-{start // (beside * below) + 1:02}.png"
        sheet(pictures[start : start + beside * below], size).save(path, optimize=True)
        made.append(path)
    return made


def sheet(pictures: list[Path], size: str) -> Image.Image:
    (beside, below), (width, height) = ON_A_SHEET[size], CELL[size]
    page = Image.new("RGB", (beside * (width + 10) + 10, below * (height + LABEL + 10) + 10), "#8d99a0")
    draw, letters = ImageDraw.Draw(page), ImageFont.load_default(14)
    for place, path in enumerate(pictures):
        left = 10 + place % beside * (width + 10)
        top = 10 + place // beside * (height + LABEL + 10)
        draw.text((left, top), path.stem.removesuffix(f"-{size}-light").removesuffix(f"-{size}-dark"), "black", letters)
        page.paste(small(path, width, height), (left, top + LABEL))
    return page


def small(path: Path, width: int, height: int) -> Image.Image:
    """The top of a long page; the whole one stands beside the sheets."""
    with Image.open(path) as picture:
        shown = picture.convert("RGB")
        shown = shown.resize((width, shown.height * width // shown.width), Image.Resampling.LANCZOS)
        return shown.crop((0, 0, width, min(height, shown.height)))


def index(sheets: list[Path]) -> str:
    figures = "\n".join(
        f'<figure id="{escape(path.stem)}"><figcaption>{escape(path.stem)}</figcaption>'
        f'<a href="{escape(path.name)}"><img src="{escape(path.name)}" alt="" loading="lazy"></a></figure>'
        for path in sheets
    )
    links = "\n".join(f'<li><a href="#{escape(path.stem)}">{escape(path.stem)}</a></li>' for path in sheets)
    style = "body{font:16px system-ui;margin:1rem}ul{columns:6}figure{margin:2rem 0}img{max-width:100%}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Every screen</title><style>{style}</style>'
        f"<h1>Every screen</h1><ul>{links}</ul>{figures}</html>"
    )


if __name__ == "__main__":
    sys.exit(main())
