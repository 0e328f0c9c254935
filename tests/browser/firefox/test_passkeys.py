"""Passkeys in Firefox, which has the list below the address field, and tells devices nothing of what was removed."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import Browser, Error, Page, Playwright, expect

from accounts.models import User
from accounts.throttling import known_browsers
from accounts.two_factor.models import Passkey
from tests.browser import out_of_band
from tests.browser.conftest import Watch
from tests.browser.firefox import browser as firefox
from tests.browser.firefox.marionette import Marionette
from tests.browser.firefox.virtual_authenticator import Device
from tests.browser.keyboard import Keyboard
from tests.browser.page_tour import EMPLOYEE, VERIFIED
from tests.browser.screen import CHALLENGE, Phone, Screen
from tests.factories import PasskeyFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DETAILS = "/persoonlijke-gegevens/"
ADD = "/persoonlijke-gegevens/passkeys/toevoegen/"
STOPPED = "Het is niet gelukt:"
BY_PASSKEY = "Inloggen met vingerafdruk, gezicht of pincode"


@pytest.fixture(autouse=True)
def at_its_address(settings: Any, live_server: Any) -> None:
    """A passkey belongs to the address at which it was made, and the portal knows its own from `PUBLIC_URL`."""
    settings.PUBLIC_URL = live_server.url


@pytest.fixture
def new_device(browser: Browser, marionette: Marionette) -> Iterator[Callable[..., Device]]:
    """Makes virtual authenticators; after the test none is left in the browser, which serves the next test too."""
    made: list[Device] = []

    def make(*transport: Any, **options: Any) -> Device:
        made.append(Device(marionette, *transport, **options))
        return made[-1]

    yield make
    for each in made:
        if not each.is_lost:
            each.be_lost()


def of_nobody() -> dict[str, Any]:
    """A passkey that the portal never heard of, as left on a device by somebody whose account is gone."""
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return {
        "credentialId": to_text(os.urandom(32)),
        "isResidentCredential": True,
        "rpId": "localhost",
        "privateKey": to_text(secret),
        "userHandle": to_text(os.urandom(64)),
        "signCount": 0,
    }


def to_text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def make_passkey(screen: Screen) -> None:
    screen.open(ADD)
    screen.press("Maak een passkey")
    screen.page.wait_for_url(lambda address: ADD not in address)


def passkeys_on(screen: Screen) -> list[str]:
    screen.open(DETAILS)
    rows = screen.page.get_by_role("region", name=BY_PASSKEY).get_by_role("listitem")
    return [row.locator("strong").inner_text() for row in rows.all()]


def watch_what_is_said(page: Page) -> None:
    """Everything that a screen reader hears from the status line, in `said`."""
    page.evaluate("""() => {
        window.said = [];
        const line = document.querySelector("[data-passkey-said]");
        new MutationObserver(() => line.textContent && said.push(line.textContent)).observe(line, {childList: true});
    }""")


def choose_below_address(screen: Screen) -> None:
    """Arrow down opens Firefox's list, and again takes the first in it; Tab chooses that, or goes on without a list.
    Nothing on the page tells when the list is open, so a busy machine gets more time with each try."""
    expect(screen.button(BY_PASSKEY)).to_be_visible()  # its script is there
    for pause in (300, 600, 1200, 2400, 4800):  # milliseconds
        screen.field("E-mailadres").focus()
        screen.page.keyboard.press("ArrowDown")
        screen.page.wait_for_timeout(pause)
        screen.page.keyboard.press("ArrowDown")
        screen.page.keyboard.press("Tab")
        try:
            screen.page.wait_for_url(f"{screen.portal}/", timeout=1_000 + 2 * pause)
        except Error:
            continue
        return
    raise AssertionError("Firefox lists no passkey below the address field")


def test_employee_makes_a_passkey_by_keyboard_and_signs_in_with_it(
    screen: Screen, employee: User, new_device: Callable[..., Device]
) -> None:
    mine, hands = new_device(), Keyboard(screen)
    screen.open_signed_in(EMPLOYEE)
    screen.open(DETAILS)
    hands.press("Instellen op dit apparaat")
    expect(screen.button("Maak een passkey")).to_be_focused()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(lambda address: ADD not in address)
    assert len(mine.credentials) == len(passkeys_on(screen)) == 1
    screen.sign_out()
    screen.give_password(EMPLOYEE)
    assert screen.address == CHALLENGE
    expect(screen.button("Gebruik je passkey")).to_be_focused()
    screen.page.keyboard.press("Enter")
    screen.heading("Mijn Omgevingen")
    as_second_factor = Passkey.objects.get().last_used_at
    screen.sign_out()
    choose_below_address(screen)
    screen.heading("Mijn Omgevingen")
    screen.says("Bomen en groen")
    as_whole_sign_in = Passkey.objects.get().last_used_at
    assert as_second_factor is not None
    assert as_whole_sign_in is not None
    assert as_second_factor < as_whole_sign_in
    older = mine.credentials[0] | {"signCount": 1}
    mine.be_lost()
    new_device().keep(older)  # a copy, that did not count along
    screen.sign_out()
    screen.press(BY_PASSKEY)
    expect(screen.page.get_by_role("alert")).to_contain_text("We weigeren deze passkey")


def test_passkey_is_fresh_proof_and_is_renamed_and_refused_once_removed(
    screen: Screen, verified: User, new_device: Callable[..., Device]
) -> None:
    phone, mine = Phone.of(verified), new_device()
    screen.open_signed_in(VERIFIED, phone.unused())
    make_passkey(screen)
    screen.open(ADD)
    screen.press("Maak een passkey")
    expect(screen.page.get_by_role("status").filter(has_text="Dit apparaat heeft al een passkey")).to_be_visible()
    (name,) = passkeys_on(screen)
    screen.follow(f"Naam wijzigen {name}")
    screen.field("Naam").fill("Laptop van het werk")
    screen.press("Opslaan")
    assert passkeys_on(screen) == ["Laptop van het werk"]
    out_of_band.let_proof_grow_old(screen)
    screen.follow("Verwijderen Laptop van het werk")
    screen.heading("Bevestig dat jij het bent")
    screen.press("Gebruik je passkey")
    screen.heading("Passkey verwijderen")
    copy = mine.credentials[0]
    screen.press("Verwijderen")
    assert passkeys_on(screen) == []
    mine.be_lost()
    screen.sign_out()
    expect(screen.button(BY_PASSKEY)).to_have_count(0)
    # As in a browser that used it, when it is removed in another one.
    screen.page.context.add_cookies([{"name": known_browsers.PASSKEY, "value": "1", "url": screen.page.url}])
    screen.page.reload()
    screen.press(BY_PASSKEY)
    expect(screen.page.get_by_role("status").filter(has_text=STOPPED)).to_be_visible()
    new_device().keep(copy)  # of the removal no device heard, so this one goes on offering it
    screen.press(BY_PASSKEY)
    expect(screen.page.get_by_role("alert")).to_contain_text("We kennen deze passkey niet meer")
    screen.sign_in(VERIFIED, phone.unused())
    expect(screen.text("Volgende keer sneller inloggen?")).to_be_visible()


def test_who_cancels_or_has_no_passkey_here_hears_so_and_uses_the_app(
    screen: Screen, verified: User, new_device: Callable[..., Device]
) -> None:
    phone, mine = Phone.of(verified), new_device()
    screen.open_signed_in(VERIFIED, phone.unused())
    make_passkey(screen)
    key = mine.credentials[0]
    mine.be_lost()
    screen.sign_out()
    screen.give_password(VERIFIED)
    button = screen.button("Gebruik je passkey")
    watch_what_is_said(screen.page)
    for number, (options, holds) in enumerate(
        [({}, None), ({}, of_nobody()), ({"consents": False}, key), ({"verifies": False}, key)], start=1
    ):
        at_hand = new_device("usb", **options)
        if holds:
            at_hand.keep(holds)
        button.click()
        screen.page.wait_for_function(f"said.length === {2 * number}")  # where to look, and that it was stopped
        assert screen.page.evaluate("said.at(-1)").startswith(STOPPED), (options, holds)
        expect(button).to_be_focused()
        expect(button).to_be_enabled()
        at_hand.be_lost()
    screen.text("Gebruik de code uit je app").click()
    screen.give_code(phone.unused())
    screen.heading("Mijn Omgevingen")


def test_firefox_without_passkeys_shows_no_button_for_one_and_the_other_ways(
    screen: Screen, verified: User, watch: Watch, playwright: Playwright, browser_context_args: dict[str, Any]
) -> None:
    """As an organisation switches it off for its people. It is read when Firefox starts, so one more is started."""
    PasskeyFactory(user=verified)
    started = playwright.firefox.launch(**firefox.launch_args({"security.webauth.webauthn": False}))
    context = started.new_context(**browser_context_args)
    watch.over(context)
    without = Screen(context.new_page(), screen.portal)
    without.give_password(VERIFIED)
    assert without.page.evaluate("typeof PublicKeyCredential") == "undefined"
    without.says("Deze browser kan geen passkey gebruiken.")
    expect(without.button("Gebruik je passkey")).to_be_hidden()
    expect(without.code).to_be_focused()
    without.give_code(Phone.of(verified).unused())
    without.heading("Mijn Omgevingen")
    without.open(ADD)
    without.says("Deze browser kan geen passkey maken.")
    expect(without.button("Maak een passkey")).to_be_hidden()
    started.close()
