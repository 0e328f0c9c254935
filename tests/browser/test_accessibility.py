"""Every page in every state: no finding of axe, no scrolling sideways, light and dark, on a phone and on a desk."""

from __future__ import annotations

from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page

from tests.browser import tour
from tests.browser.conftest import Watch
from tests.browser.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 800})
LOOKS = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]

# These two with every rule of axe; of Django's own pages only these, because they are ours in their colours only.
WHOLE_LOOKS = [LOOKS[0], LOOKS[-1]]

IN_ADMINISTRATION = (tour.administration, tour.demands, tour.support_desk)

# Django's table inside a form and the list with a search field in it; its own templates, which we leave as they are.
NOT_OURS = [[".inline-group"], [".select2-container"]]


# What another width or other colours can spoil; the rest of a page is the same in every look.
BY_LOOK = {"runOnly": ["color-contrast", "target-size"]}


def findings(page: Page, *, everything: bool) -> list[str]:
    try:
        return _findings(page, everything=everything)
    except Error:  # on a busy machine a page may give way to the next one in this very moment
        page.wait_for_load_state()
        return _findings(page, everything=everything)


def _findings(page: Page, *, everything: bool) -> list[str]:
    page.evaluate("document.getAnimations().forEach(animation => animation.finish())")  # or axe sees half a colour
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(Axe().axe_script)
    options = {"resultTypes": ["violations"], **({} if everything else BY_LOOK)}
    found = page.evaluate("([where, how]) => axe.run(where, how)", [{"exclude": NOT_OURS}, options])
    return [
        f"{finding['id']}: {node['html']} {node['failureSummary']}"
        for finding in found["violations"]
        for node in finding["nodes"]
    ]


def outline(page: Page, site: str) -> list[str]:
    """What is wrong with the headings, or with the title that a screen reader and the tab read out."""
    levels = [int(heading.evaluate("it => it.tagName[1]")) for heading in page.locator("h1, h2, h3, h4").all()]
    faults = [] if levels.count(1) == 1 and levels[0] == 1 else [f"headings {levels}"]
    if any(below > above + 1 for above, below in pairwise(levels)):
        faults.append(f"headings {levels} skip a level")
    heading, title = page.locator("h1").first.inner_text(), page.title()
    if title.lower() in (f"{heading} · mijn assetmaps".lower(), f"{heading} · beheer van assetmaps".lower()):
        return faults
    return [*faults, f"title {title} above {heading}"]


@pytest.mark.parametrize("part", tour.ALL, ids=lambda part: part.__name__)
def test_page_hinders_nobody(screen: Screen, watch: Watch, part: tour.Tour) -> None:
    tour.people()
    faults: list[str] = []
    for name in part(screen):
        for size, scheme in WHOLE_LOOKS if part in IN_ADMINISTRATION else LOOKS:
            screen.page.set_viewport_size(size)
            screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            look = f"{name} {size['width']} {scheme}"
            before = list(watch.faults)
            everything = (size, scheme) in WHOLE_LOOKS
            faults += [f"{look}: {finding}" for finding in findings(screen.page, everything=everything)]
            watch.faults[:] = before  # axe tries inline styles, which the policy refuses
            if screen.scrolls_sideways:
                faults.append(f"{look}: scrolls sideways")
        if part not in IN_ADMINISTRATION:
            site = "Beheer van Assetmaps" if part is tour.single_sign_on else "Mijn Assetmaps"
            faults += [f"{name}: {fault}" for fault in outline(screen.page, site)]
            screen.page.set_viewport_size({"width": 320, "height": 640})  # a desk at 400 % (WCAG 2.2, 1.4.10)
            faults += [f"{name} 320: scrolls sideways"] if screen.scrolls_sideways else []
    assert not faults, "\n".join(faults)
