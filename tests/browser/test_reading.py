"""What a screen reader reads out, in its order: kept as text beside this file, so that a change is seen and chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.browser.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parent.parent.parent
AGREED = ROOT / "tests" / "browser" / "reading"
NEW = ROOT / "var" / "reading"
PAGES = {
    "signed_out": ("inloggen", "inloggen-geweigerd"),
    "second_step": ("verificatiecode", "verificatiecode-geweigerd"),
    "set_up": ("instellen", "instellen-geweigerd"),
    "signed_in": ("mijn-omgevingen", "persoonlijke-gegevens", "persoonlijke-gegevens-opgeslagen"),
    "with_recovery_codes": ("herstelcodes-nieuw",),
}
ADDRESSES = re.compile(r"\n *- /url: .*")
CODES = re.compile(r"\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b")


def read_aloud(screen: Screen, part: str) -> Iterator[tuple[str, str]]:
    from tests.browser import page_tour

    for name in getattr(page_tour, part)(screen):
        if name in PAGES[part]:
            screen.page.wait_for_load_state()  # what the scripts add is read out too
            text = ADDRESSES.sub("", screen.page.locator("main").aria_snapshot())
            yield name, CODES.sub("XXXX-XXXX-XXXX-XXXX", text) + "\n"
        if name == PAGES[part][-1]:
            return


@pytest.mark.parametrize("part", PAGES)
def test_page_is_read_out_as_it_was_agreed(screen: Screen, part: str) -> None:
    from tests.browser import page_tour

    page_tour.people()
    read = dict(read_aloud(screen, part))
    assert tuple(read) == PAGES[part]
    different = [line for name, text in read.items() for line in difference(name, text)]
    assert not different, f"If this is right: cp {NEW}/*.txt {AGREED}/\n" + "\n".join(different)


def difference(name: str, text: str) -> list[str]:
    """From what was agreed to what is read out now; that is laid down beside it, to be taken over."""
    agreed = AGREED / f"{name}.txt"
    before = agreed.read_text(encoding="utf-8") if agreed.exists() else ""
    if text != before:
        NEW.mkdir(parents=True, exist_ok=True)
        (NEW / agreed.name).write_text(text, encoding="utf-8")
    return list(unified_diff(before.splitlines(), text.splitlines(), f"{name}, agreed", f"{name}, now", lineterm=""))
