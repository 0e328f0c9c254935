"""What a screen reader reads out, in its order: kept as text beside this file, so that a change is seen and chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FOLDER = Path(__file__).resolve().parent / "reading"
PAGES = {
    "signed_out": ("inloggen", "inloggen-geweigerd"),
    "second_step": ("verificatiecode", "verificatiecode-geweigerd"),
    "signed_in": ("mijn-omgevingen", "persoonlijke-gegevens", "persoonlijke-gegevens-opgeslagen"),
    "with_recovery_codes": ("herstelcodes-nieuw",),
}
ADDRESSES = re.compile(r"\n *- /url: .*")
CODES = re.compile(r"\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b")


def read_aloud(screen: Screen, part: str) -> Iterator[tuple[str, str]]:
    from tests.browser import tour

    for name in getattr(tour, part)(screen):
        if name in PAGES[part]:
            text = ADDRESSES.sub("", screen.page.locator("main").aria_snapshot())
            yield name, CODES.sub("XXXX-XXXX-XXXX-XXXX", text) + "\n"


@pytest.mark.parametrize("part", PAGES)
def test_page_is_read_out_as_it_was_agreed(screen: Screen, part: str) -> None:
    from tests.browser import tour

    tour.people()
    read = dict(read_aloud(screen, part))
    assert tuple(read) == PAGES[part]
    assert read == {name: (FOLDER / f"{name}.txt").read_text(encoding="utf-8") for name in read}
