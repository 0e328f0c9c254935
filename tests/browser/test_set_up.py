"""The set-up: six digits go on by themselves, once; everything it takes is in the first screen of laptop and phone."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from django.utils import timezone
from playwright.sync_api import FloatRect, Locator, Route, expect

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations.models import Membership, SecondStep
from tests.browser.keyboard import Keyboard
from tests.browser.page_tour import EMPLOYEE, VERIFIED
from tests.browser.screen import Phone, Screen
from tests.codes import code_of, wrong_code_of
from tests.factories import OrganisationFactory

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


LAPTOP = {"width": 1280, "height": 720}
PHONE = {"has_touch": True, "is_mobile": True, "viewport": {"width": 360, "height": 740}}


@pytest.fixture(params=["free", "demanded"])
def demand(request: pytest.FixtureRequest, employee: User) -> bool:
    if request.param == "demanded":
        town = OrganisationFactory(second_step=SecondStep.REQUIRED, required_from=timezone.localdate())
        Membership.objects.create(user=employee, organisation=town)
    return request.param == "demanded"


def open_set_up(screen: Screen, *, demanded: bool) -> Screen:
    """From the sign-in: with a demand nothing is to be pressed."""
    if demanded:
        screen.give_password(EMPLOYEE)
    else:
        screen.open_signed_in(EMPLOYEE)
        screen.begin_set_up()
    expect(screen.code).to_be_visible()
    return screen


def place(screen: Screen, part: Locator) -> FloatRect:
    """Where it is, in the first screen: nothing was scrolled, and it is seen as a whole."""
    box, size = part.bounding_box(), screen.page.viewport_size
    assert box, f"{part} is not shown"
    assert screen.page.evaluate("scrollY") == 0
    assert min(box["x"], box["y"]) >= 0, part
    assert box["y"] + box["height"] <= size["height"], f"{part} is below the first screen"
    assert box["x"] + box["width"] <= size["width"], part
    return box


def parts(screen: Screen) -> dict[str, Locator]:
    page = screen.page
    return {
        "square": page.get_by_role("img", name="QR-code"),
        "code": screen.code,
        "confirm": screen.button("Bevestigen"),
        "link": page.get_by_role("link", name="Open de app"),
        "key": page.locator("#secret"),
        "no app": page.get_by_text("Nog geen app?"),
    }


def test_first_screen_of_a_laptop_has_the_qr_code_and_beside_it_the_code(screen: Screen, demand: bool) -> None:
    screen.page.set_viewport_size(LAPTOP)
    on = parts(open_set_up(screen, demanded=demand))
    at = {name: place(screen, on[name]) for name in ("square", "code", "confirm", "no app")}
    how = place(screen, screen.text("Scan deze code met je authenticator-app"))
    for right in (how, at["code"], at["confirm"]):
        assert at["square"]["x"] + at["square"]["width"] < right["x"]
    assert how["y"] < at["code"]["y"] < at["confirm"]["y"]
    assert Phone.scan(screen.page)
    expect(on["key"]).to_be_hidden()
    screen.text("Lukt scannen niet?").click()
    expect(on["key"]).to_be_visible()
    expect(on["link"]).to_be_visible()


def test_first_screen_of_a_phone_has_the_link_first_then_the_key_then_the_code(
    elsewhere: Callable[..., Screen], demand: bool
) -> None:
    held = open_set_up(elsewhere(**PHONE), demanded=demand)
    on = parts(held)
    order = [
        on["link"],
        held.text("Gebeurt er niets? Kopieer de sleutel"),
        on["key"],
        held.button("Kopiëren"),
        on["no app"],
        on["code"],
    ]
    if not demand:  # else a sentence says why
        order.append(on["confirm"])
    heights = [place(held, part)["y"] for part in order]
    assert heights == sorted(heights)
    expect(on["square"]).to_be_hidden()
    assert Phone.scan(held.page).app.secret == on["key"].inner_text().replace(" ", "").replace("\n", "")
    assert not held.scrolls_sideways


def test_who_has_no_app_gets_the_two_stores_in_place(screen: Screen, employee: User, elsewhere: object) -> None:
    for each, squares in ((screen, True), (elsewhere(**PHONE), False), (elsewhere(java_script_enabled=False), True)):
        open_set_up(each, demanded=False)
        for store in each.page.locator(".store").all():
            expect(store).to_be_hidden()
        address = each.address
        each.text("Nog geen app?").click()
        assert each.page.locator(".store").count() == 2
        for store in each.page.locator(".store").all():
            expect(store.get_by_role("link")).to_be_visible()
            expect(store.get_by_role("img")).to_be_visible(visible=squares)  # a phone cannot scan itself
        assert each.address == address


def test_who_holds_a_tablet_meets_the_link_first_for_the_eye_and_for_the_focus(
    screen: Screen, employee: User, elsewhere: Callable[..., Screen]
) -> None:
    """By touch alone: at this width a desk has the QR code first, and the link folded away."""
    size = {"width": 820, "height": 1100}
    for each, by_touch in ((elsewhere(has_touch=True, is_mobile=True, viewport=size), True), (screen, False)):
        each.page.set_viewport_size(size)
        on = parts(open_set_up(each, demanded=False))
        expect(on["square"]).to_be_visible(visible=not by_touch)
        expect(on["link"]).to_be_visible(visible=by_touch)
        each.page.locator("h1").click()
        stops = []
        while "Bevestigen" not in stops:
            each.page.keyboard.press("Tab")
            stops.append(Keyboard(each).name())
            assert len(stops) < 10
        before = (
            ["Open de app", "Kopiëren", "Toon de QR-code"]
            if by_touch
            else ["Persoonlijke Gegevens", "Lukt scannen niet?"]
        )
        assert stops == [*before, "Nog geen app?", "Code van 6 cijfers uit de app", "Bevestigen"]


def test_first_phone_needs_no_name(screen: Screen, employee: User) -> None:
    open_set_up(screen, demanded=False)
    expect(screen.page.get_by_label("Naam van dit apparaat")).to_have_count(0)
