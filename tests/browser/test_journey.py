"""The journey of the user manual, by somebody who sees only the screen and holds a phone."""

from __future__ import annotations

import re
import time

import pytest
import qrcode
from playwright.sync_api import Browser, expect

from accounts import limits
from accounts.active_sessions.store import digest_of
from accounts.models import User
from tests.browser import journeys
from tests.browser.addresses import some_closed_addresses
from tests.browser.out_of_band import session_cookie
from tests.browser.page_tour import EMPLOYEE as ADDRESS
from tests.browser.page_tour import VERIFIED
from tests.browser.screen import CHALLENGE, CODES_HEADING, SET_UP, Phone, Screen
from tests.codes import code_of, wrong_code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_whole_journey_of_the_manual(screen: Screen, employee: User) -> None:
    phone, used = journeys.whole(screen)
    assert phone.app.issuer == "Assetmaps"
    assert phone.app.name == ADDRESS
    screen.sign_out()
    screen.give_password(ADDRESS)
    screen.give_code(used)
    screen.heading("Verificatiecode")
    screen.says("Deze code is al gebruikt")


def test_code_of_the_activation_does_not_sign_in(screen: Screen, employee: User) -> None:
    screen.open_signed_in(ADDRESS)
    screen.begin_set_up()
    code = Phone.scan(screen.page).shows()
    screen.give_code(code)
    screen.sign_out()
    screen.give_password(ADDRESS)
    screen.give_code(code)
    screen.says("Deze code is al gebruikt")


def test_gear_stands_at_the_top_left_where_the_manual_says(screen: Screen, employee: User) -> None:
    screen.open_signed_in(ADDRESS)
    for width in (360, 1280, 1920):
        screen.page.set_viewport_size({"width": width, "height": 800})
        place = screen.gear.locator("svg").bounding_box()
        assert place is not None
        assert place["x"] < 60, f"at {width}"
        assert place["y"] < 60, f"at {width}"


def name_of_session(screen: Screen) -> str:
    return digest_of(session_cookie(screen))[:16]


def test_password_alone_opens_no_page(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    screen.heading("Verificatiecode")
    for name, address in some_closed_addresses(verified, name_of_session(screen)):
        screen.open(address)
        assert screen.address.startswith("/inloggen/"), f"{name} at {address} came to {screen.address}"
        screen.heading("Inloggen" if screen.address != CHALLENGE else "Verificatiecode")


def test_password_alone_posts_to_no_page(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    for name, address in some_closed_addresses(verified, name_of_session(screen)):
        came_to, answer = screen.ask("POST", address)
        assert came_to.startswith("/inloggen/"), f"{name} at {address}"
        assert "Wegen en bruggen" not in answer
        assert VERIFIED not in answer


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_qr_code_is_black_on_white_with_room_around_it_because_phones_read_nothing_else(
    screen: Screen, employee: User, scheme: str
) -> None:
    screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    screen.open_signed_in(ADDRESS)
    screen.begin_set_up()
    place = screen.page.get_by_role("img", name="QR-code").bounding_box()
    assert place is not None
    picture = Phone.picture(screen.page).convert("L")
    code = Phone.read(picture)
    corners = [(point.x, point.y) for point in (code.position.top_left, code.position.bottom_right)]
    (left, top), (right, bottom) = corners
    count = modules(code.text)
    assert place["width"] == place["height"] >= 200
    assert place["width"] % (count + 8) == 0, "the edges of the modules blur"
    shades = {shade for _count, shade in picture.crop((left, top, right, bottom)).getcolors()}
    assert shades == {0, 255}, "a pixel that is neither black nor white"
    module = (right - left) / count
    room = 4 * module - 1  # a pixel for the edge of the first module
    for x, y in [(left - room, top), (left, top - room), (right + room, bottom), (right, bottom + room)]:
        assert picture.getpixel((round(x), round(y))) >= 250, f"not white at {x}, {y}"
    assert picture.getpixel((round(left + module / 2), round(top + module / 2))) <= 5


def modules(text: str) -> int:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return code.modules_count


def test_phone_of_360_pixels_needs_no_scrolling_sideways_and_its_qr_code_reads(screen: Screen, employee: User) -> None:
    screen.page.set_viewport_size({"width": 360, "height": 740})
    screen.open_signed_in(ADDRESS)
    assert not screen.scrolls_sideways
    screen.begin_set_up()
    assert not screen.scrolls_sideways
    screen.page.get_by_text("Toon de QR-code").click()
    assert not screen.scrolls_sideways
    assert Phone.scan(screen.page).app.name == ADDRESS


def test_journey_needs_no_javascript(screen: Screen, employee: User, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False, locale="nl-NL") as context:
        journeys.whole(Screen(context.new_page(), screen.portal))


def test_journey_goes_by_keyboard_alone(screen: Screen, employee: User) -> None:
    journeys.by_keyboard(screen)


def test_journey_fits_in_320_pixels(screen: Screen, employee: User) -> None:
    journeys.narrow(screen)


def test_back_button_after_signing_out_shows_no_page_of_before_and_no_browser_error(
    screen: Screen, employee: User
) -> None:
    screen.sign_in(ADDRESS)
    screen.gear.click()
    screen.heading("Persoonlijke Gegevens")
    screen.sign_out()
    screen.page.go_back()
    screen.heading("Inloggen")
    assert screen.address.startswith("/inloggen/")


def test_back_button_after_a_refused_code_shows_no_browser_error(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    screen.give_code(wrong_code_of(verified))
    screen.says("Deze code klopt niet")
    screen.page.go_back()
    assert not screen.page.url.startswith("chrome-error:")
    assert screen.page.get_by_role("heading", level=1).text_content() in ("Inloggen", "Verificatiecode")


def test_back_button_in_the_set_up_shows_the_same_qr_code(screen: Screen, employee: User) -> None:
    screen.open_signed_in(ADDRESS)
    screen.begin_set_up()
    before = Phone.scan(screen.page).uri
    screen.give_code("000")
    screen.says("Een code heeft precies 6 cijfers")
    assert Phone.scan(screen.page).uri == before
    screen.page.go_back()
    screen.open(SET_UP)
    assert Phone.scan(screen.page).uri == before


def put_in_silence(screen: Screen, code: str) -> None:
    """As if typed before the script was there: the button is still to be pressed."""
    screen.code.evaluate("(field, code) => { field.value = code; }", code)


def test_double_click_on_confirm_is_one_code(screen: Screen, employee: User) -> None:
    screen.open_signed_in(ADDRESS)
    screen.begin_set_up()
    put_in_silence(screen, Phone.scan(screen.page).shows())
    screen.page.get_by_role("button", name="Bevestigen").dblclick()
    screen.heading(CODES_HEADING)
    screen.says("Twee-staps-authenticatie staat aan. Vanaf nu")


def test_double_click_on_confirm_while_signing_in_is_one_code(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    put_in_silence(screen, code_of(verified))
    screen.page.get_by_role("button", name="Bevestigen").dblclick()
    screen.heading("Mijn Omgevingen")


def test_wrong_code_is_explained_at_its_field_and_announced(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    screen.give_code(wrong_code_of(verified))
    expect(screen.code).to_have_attribute("aria-invalid", "true")
    expect(screen.code).to_have_accessible_description(re.compile("Deze code klopt niet"))
    expect(screen.page.get_by_role("alert")).to_contain_text("Deze code klopt niet")
    expect(screen.code).to_have_value("")
    expect(screen.code).to_be_focused()


def test_cookies_are_out_of_reach_and_all_but_one_end_with_the_browser(screen: Screen, employee: User) -> None:
    screen.sign_in(ADDRESS)
    cookies = {cookie["name"]: cookie for cookie in screen.page.context.cookies()}
    assert set(cookies) == {"__Host-session", "__Host-csrf", "__Host-known"}
    for cookie in cookies.values():
        assert cookie["httpOnly"]
        assert cookie["secure"]
        assert cookie["sameSite"] == "Lax"
    assert cookies["__Host-session"]["expires"] == cookies["__Host-csrf"]["expires"] == -1
    # It opens nothing: it only keeps the wrong codes of strangers away from the owner.
    lasts = cookies["__Host-known"]["expires"] - time.time()
    assert lasts == pytest.approx(limits.KNOWN_BROWSER.total_seconds(), abs=60)


def test_cookie_of_a_known_browser_replaces_neither_password_nor_code(screen: Screen, verified: User) -> None:
    screen.sign_in(VERIFIED, code_of(verified))
    screen.page.context.clear_cookies(name=re.compile("session|csrf"))
    assert [cookie["name"] for cookie in screen.page.context.cookies()] == ["__Host-known"]
    screen.open("/")
    screen.heading("Inloggen")
    screen.give_password(VERIFIED)
    screen.heading("Verificatiecode")


def test_secret_can_be_copied_because_a_phone_cannot_scan_itself(screen: Screen, employee: User) -> None:
    screen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.open_signed_in(ADDRESS)
    screen.begin_set_up()
    phone = Phone.scan(screen.page)
    screen.page.set_viewport_size({"width": 360, "height": 740})
    screen.press("Kopiëren")
    expect(screen.page.get_by_role("button", name="Gekopieerd")).to_be_visible()
    assert screen.page.evaluate("navigator.clipboard.readText()") == phone.app.secret
    assert screen.page.get_by_role("link", name="Open de app").get_attribute("href") == phone.uri


def test_styles_and_scripts_really_load(screen: Screen) -> None:
    screen.open("/inloggen/")
    colour = "getComputedStyle(document.querySelector('header')).backgroundColor"
    assert screen.page.evaluate(colour) == "rgb(18, 63, 69)"
    expect(screen.page.get_by_role("button", name="Toon")).to_be_visible()
