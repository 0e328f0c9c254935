"""Every page in every state: no finding of axe, no scrolling sideways, light and dark, on a phone and on a desk.

In Dutch in every look, with every rule of axe on the desk in the dark; in English, where the words are other and the
colours are not, in one: a narrow one, with every rule but the colours. ``make accessibility`` does both in all of them,
and more.
"""

from __future__ import annotations

import pytest

from tests.browser import findings, page_tour, portal, wrong_language
from tests.browser.conftest import Watch
from tests.browser.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(size, scheme) for size in ("360", "1280") for scheme in portal.SCHEMES]

WHOLE_LOOK = LOOKS[-1]  # with every rule of axe; in the others what a look can spoil
IN_ADMINISTRATION = [LOOKS[0], LOOKS[-1]]  # Django's own pages are ours in their colours only
BUT_FOR_COLOURS = {"rules": {"color-contrast": {"enabled": False}}}  # half of axe's time


@pytest.mark.parametrize("part", page_tour.ALL, ids=lambda part: part.__name__)
def test_page_hinders_nobody(screen: Screen, watch: Watch, part: page_tour.Tour) -> None:
    page_tour.people()
    faults: list[str] = []
    for name in part(screen):
        ours = part not in page_tour.IN_ADMINISTRATION
        for look in LOOKS if ours else IN_ADMINISTRATION:
            how = {} if look == WHOLE_LOOK else findings.BY_LOOK if ours else findings.BY_COLOURS
            faults += [f"{name} {look}: {fault}" for fault in in_look(screen, watch, look, how)]
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


def in_look(screen: Screen, watch: Watch, look: tuple[str, str], how: dict) -> list[str]:
    size, scheme = look
    screen.page.set_viewport_size(portal.viewport(size))
    screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    return judged(screen, watch, how)


def judged(screen: Screen, watch: Watch, how: dict) -> list[str]:
    before = list(watch.faults)
    found = findings.axe(screen.page, how)
    watch.faults[:] = before  # axe tries inline styles, which the policy refuses
    return [*found, "scrolls sideways"] if screen.scrolls_sideways else found
