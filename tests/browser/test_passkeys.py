"""Passkeys in a real browser, with virtual authenticators: the whole way, and what goes wrong on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.two_factor.models import Passkey
from tests.browser import out_of_band
from tests.browser.keyboard import Keyboard
from tests.browser.page_tour import EMPLOYEE, VERIFIED
from tests.browser.passkeys import ADD, DETAILS, STOPPED, make, passkeys_on
from tests.browser.screen import CHALLENGE, Phone, Screen
from tests.browser.virtual_authenticator import Device, Transport
from tests.factories import PasskeyFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("at_its_address"),
]


def watch_what_is_said(page: Page) -> None:
    """Everything that a screen reader hears from the status line, in `said`."""
    page.evaluate("""() => {
        window.said = [];
        const line = document.querySelector("[data-passkey-said]");
        new MutationObserver(() => line.textContent && said.push(line.textContent)).observe(line, {childList: true});
    }""")


def test_employee_makes_a_passkey_by_keyboard_and_signs_in_with_it(screen: Screen, employee: User) -> None:
    device, hands = Device(screen.page), Keyboard(screen)
    screen.open_signed_in(EMPLOYEE)
    screen.open(DETAILS)
    hands.press("Instellen op dit apparaat")
    expect(screen.button("Maak een passkey")).to_be_focused()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(lambda address: ADD not in address)
    assert len(device.credentials) == len(passkeys_on(screen)) == 1
    device.be_touched(False)  # else the page to sign in signs in at once
    screen.sign_out()
    screen.give_password(EMPLOYEE)
    assert screen.address == CHALLENGE
    device.be_touched(True)
    expect(screen.button("Gebruik je passkey")).to_be_focused()
    screen.page.keyboard.press("Enter")
    screen.heading("Mijn Omgevingen")
    screen.press(
        "Uitloggen"
    )  # and from the list below the address field, whose choice is made for us: nothing is typed
    screen.heading("Mijn Omgevingen")
    expect(screen.page.get_by_role("alert")).to_have_count(0)
    assert Passkey.objects.get().last_used_at


def test_page_to_sign_in_fetches_nothing_for_passkeys_until_somebody_is_there(screen: Screen) -> None:
    mouse, asked = screen.page.mouse, []
    screen.page.on("request", lambda request: asked.append(request.url))
    screen.open("/wachtwoord-vergeten/")
    mouse.move(200, 200)
    screen.open("/inloggen/")  # under a mouse at rest, of which Chromium may tell the new page
    mouse.move(200, 200)
    screen.page.wait_for_load_state("networkidle")
    assert not [address for address in asked if "passkey" in address]
    with screen.page.expect_request("**/opties/"):
        mouse.move(260, 200, steps=2)
    screen.open("/inloggen/")
    with screen.page.expect_request("**/opties/"):
        screen.page.keyboard.press("Tab")


def test_who_cancels_hears_so_and_uses_the_app_or_tries_again(screen: Screen, verified: User) -> None:
    phone = Phone.of(verified)
    device = Device(screen.page)
    screen.open_signed_in(VERIFIED, phone.unused())
    make(screen)
    device.be_touched(False)
    screen.sign_out()
    screen.give_password(VERIFIED)
    expect(screen.code).to_be_hidden()
    device.be_recognised(False)  # the browser ends its dialog itself, as it does when somebody presses Cancel
    device.be_touched(True)
    watch_what_is_said(screen.page)
    screen.press("Gebruik je passkey")
    expect(screen.page.get_by_role("status").filter(has_text=STOPPED)).to_be_visible()
    assert len(screen.page.evaluate("said")) == 2, "first where to look, then that it was stopped"
    expect(screen.button("Gebruik je passkey")).to_be_focused()
    screen.text("Gebruik de code uit je app").click()
    screen.give_code(phone.unused())
    screen.heading("Mijn Omgevingen")


def test_pressing_twice_asks_and_sends_once_and_back_begins_anew(screen: Screen, employee: User) -> None:
    Device(screen.page)
    screen.open_signed_in(EMPLOYEE)
    sent: list[str] = []
    screen.page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    screen.open(ADD)
    screen.button("Maak een passkey").dblclick()
    screen.page.wait_for_url(lambda address: ADD not in address)
    assert [address.endswith(ADD) for address in sent] == [True]
    screen.page.go_back()
    screen.press("Maak een passkey")
    expect(screen.page.get_by_role("status").filter(has_text="Dit apparaat heeft al een passkey")).to_be_visible()
    assert len(passkeys_on(screen)) == 1


def test_key_in_a_usb_port_serves_beside_the_device_itself_and_stops_when_removed(
    screen: Screen, employee: User
) -> None:
    device = Device(screen.page)
    screen.open_signed_in(EMPLOYEE)
    make(screen)
    device.be_touched(False)
    key = device.beside("usb")
    make(screen)
    assert len(passkeys_on(screen)) == 2
    newest = Passkey.objects.latest("pk")
    screen.open(f"/persoonlijke-gegevens/passkeys/{newest.pk}/naam/")
    screen.field("Naam").fill("Sleutel aan mijn sleutelbos")
    screen.press("Opslaan")
    assert "Sleutel aan mijn sleutelbos" in passkeys_on(screen)
    key.be_touched(False)
    screen.sign_out()
    screen.give_password(EMPLOYEE)
    key.be_touched(True)
    screen.press("Gebruik je passkey")
    screen.heading("Mijn Omgevingen")
    assert Passkey.objects.latest("last_used_at") == newest
    key.be_touched(False)
    screen.sign_out()
    button = screen.button("Inloggen met vingerafdruk, gezicht of pincode")  # offered where a passkey was used
    expect(button).to_be_visible()
    key.be_touched(True)
    button.click()
    screen.heading("Mijn Omgevingen")
    screen.open(DETAILS)
    screen.follow("Verwijderen Sleutel aan mijn sleutelbos")
    screen.press("Verwijderen")
    assert len(passkeys_on(screen)) == 1
    key.comes_to_hold()  # the browser was told, so that the key offers it no more
    device.comes_to_hold(EMPLOYEE)
    User.objects.update(email="anders@voorbeeld.nl")
    screen.open(DETAILS)
    device.comes_to_hold("anders@voorbeeld.nl")


@pytest.mark.parametrize("lacks", [{"verifies": False}, {"keeps": False}], ids=["no finger or PIN", "keeps nothing"])
@pytest.mark.parametrize("transport", ["internal", "usb"])
def test_device_that_can_do_less_makes_no_passkey(
    screen: Screen, employee: User, transport: Transport, lacks: dict[str, bool]
) -> None:
    Device(screen.page, transport, **lacks)
    screen.open_signed_in(EMPLOYEE)
    screen.open(ADD)
    screen.press("Maak een passkey")
    expect(screen.page.locator("[data-passkey-said]")).to_contain_text(STOPPED)
    assert not Passkey.objects.exists()


def test_passkey_is_fresh_proof(screen: Screen, employee: User) -> None:
    Device(screen.page)
    screen.open_signed_in(EMPLOYEE)
    make(screen)
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    screen.heading("Bevestig dat jij het bent")
    screen.press("Gebruik je passkey")
    screen.heading("E-mailadres wijzigen")


def test_page_that_was_open_for_long_takes_a_fresh_challenge(screen: Screen, employee: User) -> None:
    Device(screen.page)
    screen.page.clock.install()
    screen.open_signed_in(EMPLOYEE)
    screen.open(ADD)
    old = screen.page.locator("[name=ceremony]").input_value()
    screen.page.clock.fast_forward("04:30")
    with screen.page.expect_request(lambda request: request.method == "POST") as sent:
        screen.press("Maak een passkey")
    screen.page.wait_for_url(lambda address: ADD not in address)
    assert old not in (sent.value.post_data or "")
    assert len(passkeys_on(screen)) == 1


def test_page_to_sign_in_works_after_a_long_time_and_in_every_tab(screen: Screen, employee: User) -> None:
    device = Device(screen.page)
    screen.page.clock.install()
    screen.open_signed_in(EMPLOYEE)
    make(screen)
    for second_tab in (False, True):
        device.be_touched(False)
        screen.sign_out()
        with screen.page.expect_response("**/opties/"):
            screen.open("/inloggen/?next=/persoonlijke-gegevens/")
        if second_tab:
            other = Screen(screen.page.context.new_page(), screen.portal)
            Device(other.page).learn(device.credentials[0])
            other.open("/inloggen/")
            other.heading("Mijn Omgevingen")
        device.be_touched(True)
        screen.page.clock.fast_forward("04:30")  # what was asked is over soon, so it is asked anew
        screen.heading("Persoonlijke Gegevens")
        screen.page.go_back()
        screen.heading("Persoonlijke Gegevens")


def test_who_lost_the_device_gets_in_with_a_recovery_code_and_removes_its_passkey(
    screen: Screen, employee: User
) -> None:
    lost = Device(screen.page)
    screen.open_signed_in(EMPLOYEE)
    make(screen)
    screen.open("/persoonlijke-gegevens/herstelcodes/")
    codes = screen.recovery_codes
    lost.be_lost()
    screen.sign_out()
    screen.give_password(EMPLOYEE)
    screen.follow("Gebruik een herstelcode")
    screen.field("Herstelcode").fill(codes[0])
    screen.press("Bevestigen")
    screen.heading("Nieuwe passkey maken?")
    new = lost.beside("internal")
    make(screen)
    assert len(new.credentials) == 1
    first = Passkey.objects.earliest("pk")
    screen.open(DETAILS)
    screen.follow(f"Verwijderen {first.name}")
    screen.press("Verwijderen")
    assert [each.pk for each in Passkey.objects.all()] != [first.pk]
    assert len(passkeys_on(screen)) == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["without WebAuthn", "without JavaScript"])
def test_browser_without_passkeys_offers_the_other_ways(
    screen: Screen, verified: User, elsewhere: Callable[..., Screen], scripts: bool
) -> None:
    PasskeyFactory(user=verified)
    old = elsewhere(java_script_enabled=scripts)
    old.page.add_init_script("delete window.PublicKeyCredential")
    old.give_password(VERIFIED)
    old.says("Deze browser kan geen passkey gebruiken." if scripts else "Hiervoor moet JavaScript aanstaan")
    expect(old.button("Gebruik je passkey")).to_be_hidden()
    old.give_code(Phone.of(verified).unused())
    old.heading("Mijn Omgevingen")
