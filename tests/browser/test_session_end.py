"""Before a session ends the page says so, and once it has ended it shows nothing any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.active_sessions.models import Session
from accounts.active_sessions.store import expiry
from accounts.models import User
from environments.models import Environment
from tests.browser import portal
from tests.browser.conftest import Watch
from tests.browser.findings import axe
from tests.browser.screen import Phone, Screen
from tests.browser.test_accessibility import LOOKS

STAY, WARNED = "Blijf ingelogd", "Je sessie loopt bijna af"


def warning(page: Page) -> Locator:
    return page.locator("dialog.session")


def let_pass(*, seen: timedelta = timedelta(), started: timedelta = timedelta()) -> None:
    """As if the person was last seen, and signed in, so much earlier; the page's clock is moved by the test itself."""
    for row in Session.objects.filter(signed_in=True):
        row.seen_at, row.started_at = row.seen_at - seen, row.started_at - started
        row.expires_at = expiry(row.started_at, row.seen_at)
        row.save()


def idle(screen: Screen, minutes: int) -> None:
    """Nothing happens for so long, neither at the server nor on this page."""
    screen.page.wait_for_load_state()  # else the script begins to count after the time has passed
    let_pass(seen=timedelta(minutes=minutes))
    screen.page.clock.fast_forward(minutes * 60_000)
    screen.page.clock.run_for(10_000)


@pytest.fixture
def at_work(screen: Screen, employee: User) -> Screen:
    screen.page.clock.install()
    screen.open_signed_in(employee.email)
    return screen


def test_warning_takes_the_focus_and_one_press_keeps_the_session(at_work: Screen) -> None:
    idle(at_work, 26)
    expect(warning(at_work.page)).to_be_hidden()
    idle(at_work, 2)
    dialog = at_work.page.get_by_role("alertdialog", name=WARNED)
    expect(dialog).to_contain_text("Over 2 min word je uitgelogd")
    expect(at_work.page.get_by_role("button", name=STAY)).to_be_focused()
    at_work.page.keyboard.press("Enter")
    expect(warning(at_work.page)).to_be_hidden()
    expect(at_work.page.get_by_text("Je blijft ingelogd.")).to_be_attached()
    assert Session.objects.get(signed_in=True).seen_at > timezone.now() - timedelta(minutes=1)
    idle(at_work, 26)
    expect(warning(at_work.page)).to_be_hidden()


def test_who_is_typing_is_warned_without_losing_the_place(at_work: Screen) -> None:
    at_work.gear.click()
    at_work.page.wait_for_load_state()
    field = at_work.page.get_by_label("Voornaam")
    field.fill("Half een na")
    idle(at_work, 28)
    expect(warning(at_work.page)).to_be_visible()
    expect(
        at_work.page.get_by_role("status").filter(has_text=f"{WARNED}. Over 2 min")
    ).to_be_attached()  # and a screen reader says it
    expect(field).to_be_focused()
    at_work.page.keyboard.type("am ")
    expect(field).to_have_value("Half een naam ")
    expect(warning(at_work.page)).to_be_visible()
    at_work.press(STAY)
    expect(warning(at_work.page)).to_be_hidden()
    expect(field).to_have_value("Half een naam ")


def test_page_that_was_left_hides_what_it_showed_and_leads_back(at_work: Screen, employee: User) -> None:
    at_work.open("/persoonlijke-gegevens/?van=hier")
    idle(at_work, 31)
    at_work.heading("Je sessie is beëindigd")
    at_work.says("Er gebeurde een tijdje niets")
    expect(at_work.page.get_by_role("banner").get_by_role("link")).to_have_text(["Mijn Assetmaps"])
    assert employee.email not in at_work.page.content()
    assert at_work.page.title() == "Je sessie is beëindigd · Mijn Assetmaps"
    at_work.page.get_by_role("link", name="Inloggen").click()
    assert at_work.address == "/inloggen/?next=%2Fpersoonlijke-gegevens%2F%3Fvan%3Dhier"


def test_laptop_that_slept_shows_nothing_when_it_wakes_without_network(
    at_work: Screen, employee: User, watch: Watch
) -> None:
    at_work.gear.click()
    at_work.page.wait_for_load_state()
    at_work.page.context.set_offline(True)
    at_work.page.clock.fast_forward(31 * 60_000)
    at_work.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    at_work.heading("Je sessie is beëindigd")
    assert employee.email not in at_work.page.content()
    assert [fault for fault in watch.faults if "ERR_INTERNET_DISCONNECTED" not in fault] == []
    watch.faults.clear()


def test_clock_that_is_set_back_stretches_nothing(at_work: Screen) -> None:
    at_work.page.wait_for_load_state()
    let_pass(seen=timedelta(minutes=31))
    at_work.page.clock.set_system_time(timezone.now() - timedelta(hours=1))
    at_work.page.clock.fast_forward(31 * 60_000)
    at_work.page.clock.run_for(10_000)
    at_work.heading("Je sessie is beëindigd")


def test_other_tab_that_was_busy_is_believed_and_tabs_agree(at_work: Screen) -> None:
    other = Screen(at_work.page.context.new_page(), at_work.portal)
    other.open("/")
    with at_work.page.expect_response("**/sessie/"), other.page.expect_response("**/sessie/"):
        idle(at_work, 28)  # the clock is that of both tabs
    expect(warning(at_work.page)).to_be_visible()
    other.open("/")
    expect(warning(at_work.page)).to_be_hidden()
    with at_work.page.expect_response("**/sessie/"), other.page.expect_response("**/sessie/"):
        idle(at_work, 28)
    for tab in (at_work, other):
        expect(warning(tab.page)).to_be_visible()
    other.press(STAY)
    for tab in (at_work, other):
        expect(warning(tab.page)).to_be_hidden()


def test_tab_that_is_looked_at_after_signing_out_in_another_shows_nothing(at_work: Screen, employee: User) -> None:
    at_work.gear.click()
    at_work.page.wait_for_load_state()
    other = Screen(at_work.page.context.new_page(), at_work.portal)
    other.open("/")
    other.sign_out()
    at_work.page.clock.fast_forward(2 * 60_000)
    at_work.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    at_work.heading("Je sessie is beëindigd")
    assert employee.email not in at_work.page.content()


def test_overall_end_is_announced_and_no_button_promises_more(at_work: Screen) -> None:
    let_pass(started=timedelta(hours=11, minutes=52))
    at_work.open("/")
    at_work.page.clock.run_for(10_000)
    dialog = warning(at_work.page)
    ends = timezone.localtime(Session.objects.get(signed_in=True).started_at + timedelta(hours=12))
    expect(dialog).to_contain_text(f"Om {ends:%H:%M} moet je opnieuw inloggen")
    expect(dialog.get_by_role("button", name=STAY)).to_be_hidden()
    at_work.press("Sluiten")
    at_work.page.clock.run_for(60_000)
    expect(dialog).to_be_hidden()
    let_pass(started=timedelta(minutes=8))
    at_work.page.clock.run_for(8 * 60_000)
    at_work.heading("Je sessie is beëindigd")


def test_administration_warns_by_its_own_limit(screen: Screen, verified: User) -> None:
    screen.page.clock.install()
    screen.open_signed_in(verified.email, Phone.of(verified).unused())
    screen.open("/beheer/")
    idle(screen, 13)
    expect(screen.page.get_by_role("alertdialog", name=WARNED)).to_contain_text("Over 2 min")
    screen.press(STAY)
    expect(warning(screen.page)).to_be_hidden()
    idle(screen, 16)
    screen.heading("Je sessie is beëindigd")
    screen.page.get_by_role("link", name="Inloggen").click()
    screen.heading("Inloggen")  # although the rest of the portal was still open
    screen.says("Je bent uitgelogd omdat er een tijdje niets gebeurde.")


@pytest.mark.parametrize("typing", [True, False], ids=["typing", "reading"])
def test_warning_and_what_follows_hinder_nobody(at_work: Screen, typing: bool) -> None:
    at_work.gear.click()
    if typing:
        at_work.page.get_by_label("Voornaam").focus()
    for minutes, shown in ((28, warning(at_work.page)), (4, at_work.page.locator(".session-ended"))):
        idle(at_work, minutes)
        expect(shown).to_be_visible()
        for size, scheme in LOOKS:
            at_work.page.set_viewport_size(portal.viewport(size))
            at_work.page.emulate_media(color_scheme=scheme)
            assert axe(at_work.page) == []
            assert not at_work.scrolls_sideways
        at_work.page.set_viewport_size({"width": 320, "height": 480})
        assert not at_work.scrolls_sideways
        expect(at_work.page.get_by_role("button", name=STAY).or_(shown.get_by_role("link"))).to_be_in_viewport()


def test_page_works_without_javascript(
    employee: User, elsewhere: Callable[..., Screen], watch: object, screen: Screen
) -> None:
    plain = elsewhere(java_script_enabled=False)
    plain.open_signed_in(employee.email)
    expect(warning(plain.page)).to_be_hidden()
    assert Environment.objects.get().name in plain.page.content()


def test_time_for_the_code_that_is_over_is_told_before_a_code_is_typed_in_vain(screen: Screen, verified: User) -> None:
    screen.page.clock.install()
    screen.give_password(verified.email)
    screen.heading("Verificatiecode")
    screen.page.wait_for_load_state()
    notice = screen.page.get_by_role("status").filter(has_text="De tijd voor deze stap is voorbij.")
    screen.page.clock.fast_forward(4 * 60_000)
    screen.page.clock.run_for(5_000)
    expect(notice).to_be_hidden()
    screen.page.clock.fast_forward(60_000)
    screen.page.clock.run_for(5_000)
    expect(notice).to_be_visible()
    notice.get_by_role("link", name="Opnieuw inloggen").click()
    screen.heading("Inloggen")
