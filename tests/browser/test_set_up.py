"""The set-up: six digits go on by themselves, once; on a phone the link to the app comes before the QR code."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Route, expect

from accounts.audit.models import AuditEntry
from accounts.models import User
from tests.browser.page_tour import EMPLOYEE, VERIFIED
from tests.browser.screen import Phone, Screen
from tests.codes import code_of, wrong_code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILL = """(field, code) => { for (const _ of [1, 2]) {
    field.value = code; field.dispatchEvent(new Event("input", {bubbles: true})); } }"""


def test_code_that_is_filled_in_by_a_script_goes_on_once(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    screen.page.wait_for_load_state()
    screen.code.evaluate(FILL, code_of(verified))
    screen.heading("Mijn Omgevingen")
    assert not AuditEntry.objects.filter(event="code_refused").exists(), "it was sent twice"


def sent(screen: Screen) -> list[str]:
    """Which codes the page sends from now on, of which none arrives."""
    codes: list[str] = []

    def stop(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        codes.append(parse_qs(route.request.post_data or "")["code"][0])
        return route.fulfill(status=204)

    screen.page.route("**/*", stop)
    return codes


@pytest.fixture
def asked(screen: Screen, verified: User) -> Screen:
    screen.give_password(VERIFIED)
    expect(screen.code).to_have_attribute("data-sends-itself", "")
    return screen


def test_code_that_is_pasted_with_spaces_goes_on_once(asked: Screen) -> None:
    codes = sent(asked)
    asked.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    asked.page.evaluate("navigator.clipboard.writeText(' 123 456 ')")
    asked.code.press("ControlOrMeta+V")
    asked.page.wait_for_timeout(500)
    assert [code.replace(" ", "") for code in codes] == ["123456"]


def test_code_is_not_sent_while_an_input_method_composes_it(asked: Screen) -> None:
    codes = sent(asked)
    asked.code.focus()
    keys = asked.page.context.new_cdp_session(asked.page)
    keys.send("Input.imeSetComposition", {"text": "123456", "selectionStart": 6, "selectionEnd": 6})
    expect(asked.code).to_have_value("123456")
    asked.page.wait_for_timeout(300)
    assert codes == []
    keys.send("Input.insertText", {"text": "123456"})
    asked.page.wait_for_timeout(500)
    assert codes == ["123456"]


def test_digit_in_the_middle_is_mended_before_anything_is_sent(asked: Screen) -> None:
    codes = sent(asked)
    asked.code.press_sequentially("12945")
    for key in ("ArrowLeft", "ArrowLeft", "Backspace", "3"):
        asked.code.press(key)
    asked.page.wait_for_timeout(300)
    assert codes == []
    asked.code.press("End")
    asked.code.press("6")
    asked.page.wait_for_timeout(500)
    assert codes == ["123456"]


def test_deleting_a_seventh_digit_sends_nothing(asked: Screen) -> None:
    codes = sent(asked)
    asked.code.evaluate("field => { field.value = '1234567'; }")
    asked.code.press("End")
    asked.code.press("Backspace")
    asked.page.wait_for_timeout(500)
    assert codes == []


def test_code_that_the_browser_kept_is_not_sent_after_the_back_button(asked: Screen, verified: User) -> None:
    asked.give_code(wrong_code_of(verified))
    asked.says("Deze code klopt niet")
    asked.follow("Gebruik een herstelcode")
    asked.heading("Herstelcode")
    codes = sent(asked)
    asked.page.go_back()
    asked.heading("Verificatiecode")
    asked.page.wait_for_timeout(500)
    assert codes == []
    assert AuditEntry.objects.filter(event="code_refused").count() == 1


def test_page_that_comes_back_alive_waits_for_somebody_to_type(asked: Screen) -> None:
    codes = sent(asked)
    asked.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    asked.code.evaluate(FILL, "123456")
    asked.page.wait_for_timeout(500)
    assert codes == []
    asked.code.fill("")
    asked.code.press_sequentially("654321")
    asked.page.wait_for_timeout(500)
    assert codes == ["654321"]


def test_phone_with_a_wrong_clock_is_explained_and_each_code_counts_once(asked: Screen, verified: User) -> None:
    asked.give_code(code_of(verified, seconds=300))
    asked.says("De klok van je telefoon loopt 5 minuten voor")
    asked.page.wait_for_load_state()
    asked.code.evaluate(FILL, code_of(verified, seconds=300))  # the password manager does not know
    asked.page.wait_for_timeout(500)
    assert AuditEntry.objects.filter(event="code_refused").count() == 1


def test_code_of_another_app_costs_one_attempt_each_time_it_is_typed(asked: Screen, verified: User) -> None:
    for times in (1, 2):
        asked.code.press_sequentially(wrong_code_of(verified))
        expect(asked.page.get_by_role("alert")).to_contain_text("Deze code klopt niet")
        expect(asked.code).to_have_value("")
        expect(asked.code).to_be_focused()
        assert AuditEntry.objects.filter(event="code_refused").count() == times


def test_refused_code_is_not_sent_again_before_somebody_types(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    screen.give_code(wrong_code_of(verified))
    screen.says("Deze code klopt niet")
    screen.page.wait_for_load_state()
    screen.code.evaluate(FILL, wrong_code_of(verified))
    screen.page.wait_for_timeout(500)
    assert AuditEntry.objects.filter(event="code_refused").count() == 1
    screen.code.fill("")
    screen.code.press_sequentially(code_of(verified))
    screen.heading("Mijn Omgevingen")


def test_phone_is_offered_the_app_first_and_a_desk_the_qr_code(screen: Screen, employee: User) -> None:
    screen.open_signed_in(EMPLOYEE)
    screen.begin_set_up()
    for width, link_first in ((1280, False), (360, True)):
        screen.page.set_viewport_size({"width": width, "height": 800})
        link = screen.page.get_by_role("link", name="Open de app").bounding_box()
        square = screen.page.get_by_role("img", name="QR-code").bounding_box()
        assert link
        assert square
        assert (link["y"] < square["y"]) is link_first
    expect(screen.page.get_by_text("Microsoft Authenticator:")).to_be_hidden()
    screen.page.get_by_label("Nee, nog niet").check()
    expect(screen.page.get_by_text("Microsoft Authenticator:")).to_be_visible()
    assert Phone.scan(screen.page)


def test_who_holds_the_phone_meets_the_link_first_for_the_eye_and_for_the_focus(
    screen: Screen, employee: User, elsewhere: Callable[..., Screen]
) -> None:
    """By touch alone: at this width a desk has the QR code first."""
    size = {"width": 820, "height": 1100}
    held = elsewhere(has_touch=True, is_mobile=True, viewport=size)
    for each, link_first in ((held, True), (elsewhere(viewport=size), False)):
        each.open_signed_in(EMPLOYEE)
        each.begin_set_up()
        link = each.page.get_by_role("link", name="Open de app")
        square = each.page.get_by_role("img", name="QR-code")
        assert (link.bounding_box()["y"] < square.bounding_box()["y"]) is link_first
        each.page.get_by_label("Nee, nog niet").focus()
        stops = []
        while "Lukt scannen niet?" not in (stops or [""])[-1]:
            each.page.keyboard.press("Tab")
            stops.append(each.page.evaluate("document.activeElement.textContent.trim()"))
            assert len(stops) < 10
        assert stops[-2] == "Open de app", "right before what follows it on the page"
    held.page.set_viewport_size({"width": 360, "height": 740})
    order = "(link, square) => link.compareDocumentPosition(square) & Node.DOCUMENT_POSITION_FOLLOWING"
    pair = (held.page.get_by_role("link", name="Open de app"), held.page.get_by_role("img", name="QR-code"))
    assert pair[0].bounding_box()["y"] < pair[1].bounding_box()["y"]
    assert pair[0].evaluate(order, pair[1].element_handle())
    assert not held.scrolls_sideways


def test_first_phone_needs_no_name_and_the_bar_shows_how_far_one_is(screen: Screen, employee: User) -> None:
    screen.open_signed_in(EMPLOYEE)
    screen.begin_set_up()
    expect(screen.page.get_by_label("Naam van dit apparaat")).to_have_count(0)
    present = screen.page.locator(".progress [aria-current=step]")
    expect(present).to_have_text("De app")
    screen.page.get_by_label("Nee, nog niet").check()
    expect(present).to_have_text("De app")
    screen.page.get_by_role("link", name="Naar stap 2").click()
    expect(present).to_have_text("Koppelen")
    screen.code.focus()
    expect(present).to_have_text("De code")
