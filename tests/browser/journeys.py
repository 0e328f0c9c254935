"""The journey of the user manual in every manner of going: each browser's tests walk these."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.keyboard import Keyboard
from tests.browser.page_tour import EMPLOYEE
from tests.browser.screen import ACTIVATE, CODES_HEADING, Phone, Screen
from tests.factories import PASSWORD

NARROW = {"width": 320, "height": 640}  # a desk at 400 % (WCAG 2.2, 1.4.10)


def whole(screen: Screen) -> tuple[Phone, str]:
    """Sign in, switch the second step on, sign out, sign in with a code; returns the phone and that code."""
    screen.sign_in(EMPLOYEE)
    screen.says("Bomen en groen")
    phone = screen.activate()
    screen.sign_out()
    screen.give_password(EMPLOYEE)
    screen.heading("Verificatiecode")
    code = phone.shows(30)
    screen.give_code(code)
    screen.heading("Mijn Omgevingen")
    return phone, code


def narrow(screen: Screen) -> None:
    """The same at 320 pixels, where no page may scroll sideways."""
    screen.page.set_viewport_size(NARROW)
    screen.open("/inloggen/")
    _fits(screen)
    screen.sign_in(EMPLOYEE)
    _fits(screen)
    screen.gear.click()
    screen.heading("Persoonlijke Gegevens")
    _fits(screen)
    screen.press(ACTIVATE)
    expect(screen.code).to_be_visible()
    _fits(screen)
    phone = Phone.scan(screen.page)
    _fits(screen)
    screen.give_code(phone.shows())
    screen.heading(CODES_HEADING)
    _fits(screen)
    screen.sign_out()
    screen.give_password(EMPLOYEE)
    screen.heading("Verificatiecode")
    _fits(screen)
    screen.give_code(phone.shows(30))
    screen.heading("Mijn Omgevingen")


def _fits(screen: Screen) -> None:
    assert not screen.scrolls_sideways, f"{screen.address} scrolls sideways"


def by_keyboard(screen: Screen) -> None:
    hands = Keyboard(screen)
    _password_by_keyboard(screen, hands)
    screen.heading("Mijn Omgevingen")
    hands.press("Direct naar de inhoud")
    expect(screen.page.locator("main")).to_be_focused()
    screen.open("/")
    hands.press("Persoonlijke Gegevens")
    screen.heading("Persoonlijke Gegevens")
    hands.press(ACTIVATE)
    expect(screen.page.get_by_role("img", name="QR-code")).to_be_visible()
    phone = Phone.scan(screen.page)
    _code_by_keyboard(screen, hands, phone.shows(), "Code van 6 cijfers uit de app")
    screen.heading(CODES_HEADING)
    screen.says("Twee-staps-authenticatie staat aan")
    screen.open("/")
    hands.press("Uitloggen")
    screen.heading("Inloggen")
    _password_by_keyboard(screen, hands)
    screen.heading("Verificatiecode")
    _code_by_keyboard(screen, hands, phone.shows(30))
    screen.heading("Mijn Omgevingen")


def _password_by_keyboard(screen: Screen, hands: Keyboard) -> None:
    screen.open("/inloggen/")
    expect(screen.page.get_by_label("E-mailadres")).to_be_focused()
    screen.page.keyboard.type(EMPLOYEE)
    hands.type("Wachtwoord", PASSWORD)
    screen.page.keyboard.press("Enter")


def _code_by_keyboard(screen: Screen, hands: Keyboard, code: str, label: str = "Code van 6 cijfers") -> None:
    """The field may have the focus from the start, and then Tab would lead away from it."""
    if hands.name() != label:
        hands.go_to(label)
    screen.page.keyboard.type(code)  # the sixth digit sends it
