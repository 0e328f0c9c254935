"""Nothing jumps while a page loads, nor while it is read to its end."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from accounts.audit.origin import Origin
from accounts.models import User
from environments.administration import flows as upkeep
from environments.models import Environment
from tests.browser.screen import SET_UP, Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HELP = "/hulp/twee-staps-authenticatie/"
DETAILS = "/persoonlijke-gegevens/"

# Every shift since the page began, and those while it is read to its end, when pictures further down come in.
SHIFTS = """async () => {
    const found = [];
    const name = ({node}) => node?.outerHTML?.slice(0, 80) ?? node?.nodeName;
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) found.push(`${entry.value} ${entry.sources.map(name).join()}`);
    }).observe({type: "layout-shift", buffered: true});
    for (let top = 0; top < document.body.scrollHeight; top += innerHeight) {
        scrollTo({top, behavior: "instant"});
        await new Promise(resolve => setTimeout(resolve, 60));
    }
    await new Promise(resolve => setTimeout(resolve, 300));
    return found;
}"""


@pytest.fixture(params=[360, 1280])
def wide(request: pytest.FixtureRequest, screen: Screen) -> Screen:
    screen.page.set_viewport_size({"width": request.param, "height": 800})
    return screen


@pytest.fixture
def with_picture(employee: User) -> User:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((900, 600)).convert("RGB").save(file, "JPEG")
    assert (
        upkeep.set_picture(Environment.objects.get().pk, file.getvalue(), actor=User.objects.first(), origin=Origin())
        is upkeep.Outcome.SAVED
    )
    return employee


def shifts(screen: Screen, address: str) -> list[str]:
    screen.open(address)
    screen.page.wait_for_load_state("networkidle")
    return screen.page.evaluate(SHIFTS)


def test_nothing_jumps_for_a_visitor(wide: Screen) -> None:
    assert shifts(wide, "/inloggen/") == []


def test_nothing_jumps_for_an_employee(wide: Screen, with_picture: User) -> None:
    wide.open_signed_in(with_picture.email)
    expect(wide.page.locator("img.tile__picture")).to_be_visible()
    assert {address: shifts(wide, address) for address in ("/", DETAILS)} == {"/": [], DETAILS: []}
    wide.begin_set_up()
    assert shifts(wide, SET_UP) == []


def test_measuring_sees_a_jump(screen: Screen) -> None:
    """Else the tests above could not fail."""
    screen.open(HELP)
    screen.page.wait_for_timeout(600)  # after the first half second nothing counts as done by hand
    screen.page.evaluate("document.querySelector('main').style.setProperty('padding-top', '300px')")
    assert screen.page.evaluate(SHIFTS) != []
