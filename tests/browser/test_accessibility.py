"""Every page in every state: no finding of axe, no scrolling sideways, light and dark, on a phone and on a desk."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser import tour
from tests.browser.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 800})
LOOKS = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]

# In Django's own pages, not in ours.
DJANGO = {"color-contrast", "scrollable-region-focusable", "region", "heading-order"}


def findings(page: Page, options: dict | None = None) -> list[str]:
    response = Axe().run(page, options=options).response
    return [
        f"{finding['id']}: {node['html']} {node['failureSummary']}"
        for finding in response["violations"]
        for node in finding["nodes"]
    ]


def too_wide(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


@pytest.mark.parametrize("part", tour.ALL, ids=lambda part: part.__name__)
def test_page_hinders_nobody(screen: Screen, part: tour.Tour) -> None:
    tour.people()
    faults = []
    for name in part(screen):
        for size, scheme in LOOKS:
            screen.page.set_viewport_size(size)
            screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            look = f"{name} {size['width']} {scheme}"
            faults += [f"{look}: {finding}" for finding in findings(screen.page)]
            if too_wide(screen.page):
                faults.append(f"{look}: scrolls sideways")
    assert not faults, "\n".join(faults)
