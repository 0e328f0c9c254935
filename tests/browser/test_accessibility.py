"""Every page in every state: no finding of axe, no scrolling sideways, light and dark, on a phone and on a desk.

In Dutch in every look, with every rule of axe on the desk in the dark; of two looks with the same colours the second
is judged where it looks otherwise. In English, where the words are other and the colours are not, in one look: a narrow
one, with every rule but the colours. ``make accessibility`` does both in all of them, and more.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import findings, page_tour, portal, wrong_language
from tests.browser.conftest import Watch
from tests.browser.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW, WHOLE_LOOK = ("360", "light"), ("1280", "dark")  # the second with every rule of axe, the first with `BY_LOOK`
FIRST = [NARROW, WHOLE_LOOK]  # in their colours; the only ones for Django's own pages, ours in their colours only
LOOKS = [NARROW, ("1280", "light"), WHOLE_LOOK, ("360", "dark")]
BUT_FOR_COLOURS = {"rules": {"color-contrast": {"enabled": False}}}  # half of axe's time


@pytest.mark.parametrize("part", page_tour.ALL, ids=lambda part: part.__name__)
def test_page_hinders_nobody(screen: Screen, watch: Watch, part: page_tour.Tour) -> None:
    page_tour.people()
    faults: list[str] = []
    for name in part(screen):
        ours = part not in page_tour.IN_ADMINISTRATION
        for look in LOOKS if ours else FIRST:
            faults += [f"{name} {look}: {fault}" for fault in in_look(screen, watch, look, ours=ours)]
        faults += [f"{name}: {fault}" for fault in wrong_language.sentences(screen.page, "nl")]
        if ours:
            faults += [f"{name}: {fault}" for fault in findings.outline(screen.page)]
            screen.page.set_viewport_size(portal.viewport("320"))  # a desk at 400 % (WCAG 2.2, 1.4.10)
            faults += [f"{name} 320: scrolls sideways"] if screen.scrolls_sideways else []
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("part", page_tour.ALL, ids=lambda part: part.__name__)
def test_english_page_hinders_nobody_and_is_english(screen: Screen, watch: Watch, part: page_tour.Tour) -> None:
    page_tour.people()
    visitor = Screen(screen.page, screen.portal, "en")
    faults: list[str] = []
    visitor.page.set_viewport_size(portal.viewport("360" if part in page_tour.IN_ADMINISTRATION else "320"))
    for name in part(visitor):
        faults += [f"{name}: {fault}" for fault in judged(visitor, watch, BUT_FOR_COLOURS)]
        faults += [f"{name}: {fault}" for fault in wrong_language.sentences(visitor.page, "en")]
        if part not in page_tour.IN_ADMINISTRATION:
            faults += [f"{name}: {fault}" for fault in findings.outline(visitor.page)]
    assert not faults, "\n".join(faults)


def in_look(screen: Screen, watch: Watch, look: tuple[str, str], *, ours: bool) -> list[str]:
    size, scheme = look
    screen.page.set_viewport_size(portal.viewport(size))
    screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    before = list(watch.faults)
    if look in FIRST:
        narrow = findings.BY_LOOK if ours else findings.BY_COLOURS
        found = findings.axe(screen.page, {} if look == WHOLE_LOOK else narrow)
        findings.note_look(screen.page)
    else:
        found = findings.axe_where_other(screen.page, findings.BY_COLOURS)
    watch.faults[:] = before  # axe tries inline styles, which the policy refuses
    return [*found, "scrolls sideways"] if screen.scrolls_sideways else found


def judged(screen: Screen, watch: Watch, how: dict) -> list[str]:
    before = list(watch.faults)
    found = findings.axe(screen.page, how)
    watch.faults[:] = before
    return [*found, "scrolls sideways"] if screen.scrolls_sideways else found


ONLY_WIDE = """<html lang="nl"><title>x</title><style>
  p { color: #111; background: #fff } .pale { color: #999 } .wide { display: none }
  @media (min-width: 1000px) { .wide { display: block } .later { color: #aaa } }
</style>
<main><p class="pale">Overal</p><p class="wide pale">Alleen breed</p><p class="later">Breed in kleur</p></main>"""


def test_second_look_in_the_same_colours_is_judged_where_it_looks_otherwise(page: Page) -> None:
    page.set_viewport_size(portal.viewport("360"))
    page.set_content(ONLY_WIDE)
    (found,) = findings.axe(page, findings.BY_COLOURS)
    assert "Overal" in found
    findings.note_look(page)
    assert findings.axe_where_other(page, findings.BY_COLOURS) == []
    page.set_viewport_size(portal.viewport("1280"))
    shown, coloured = findings.axe_where_other(page, findings.BY_COLOURS)
    assert "Alleen breed" in shown
    assert "Breed in kleur" in coloured
