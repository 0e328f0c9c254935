"""A lost phone, a new phone, a second device: nobody needs support, and nobody goes on without showing who they are."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.browser import out_of_band
from tests.browser.keyboard import Keyboard
from tests.browser.page_tour import EMPLOYEE, VERIFIED
from tests.browser.screen import Phone, Screen
from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEW_PASSWORD = "zeven lange gele banden"


def use_recovery_code(screen: Screen, code: str) -> None:
    screen.give_password(EMPLOYEE)
    screen.follow("Gebruik een herstelcode")
    screen.page.get_by_label("Herstelcode").fill(code)
    screen.press("Bevestigen")
    screen.heading("Nieuwe telefoon koppelen?")


def link_phone(screen: Screen, name: str = "") -> Phone:
    """Scan the code that is on the screen with another phone, and confirm it."""
    expect(screen.page.get_by_role("img", name="QR-code")).to_be_visible()
    phone = Phone.scan(screen.page)
    if name:
        screen.page.get_by_label("Naam van dit apparaat").fill(name)
    screen.give_code(phone.unused())
    screen.says("Het nieuwe apparaat werkt.")
    return phone


def check_that_only_the_new_phone_works(screen: Screen, old: Phone, new: Phone, address: str) -> None:
    screen.sign_out()
    screen.give_password(address)
    screen.give_code(old.unused())
    screen.says("Deze code is van")
    screen.give_code(new.unused())
    screen.heading("Mijn Omgevingen")


def test_who_lost_the_phone_gets_in_with_a_recovery_code_and_links_a_new_one(screen: Screen, employee: User) -> None:
    screen.open_signed_in(EMPLOYEE)
    lost = screen.activate()
    codes = screen.recovery_codes
    screen.sign_out()
    use_recovery_code(screen, codes[0].lower().replace("-", ""))
    screen.says("Je hebt nog 9 herstelcodes over.")
    screen.press("Nieuwe telefoon koppelen")
    new = link_phone(screen)
    assert screen.recovery_codes == [], "the codes that are left stay valid, so there are no new ones"
    check_that_only_the_new_phone_works(screen, lost, new, EMPLOYEE)
    screen.sign_out()
    use_recovery_code(screen, codes[1])


def test_new_phone_asks_for_proof_and_goes_on_without_another_click(screen: Screen, verified: User) -> None:
    old = Phone.of(verified)
    screen.open_signed_in(VERIFIED, old.unused())
    screen.gear.click()
    out_of_band.let_proof_grow_old(screen)
    screen.press("Nieuwe telefoon (Telefoon)")
    screen.confirm_identity(old.unused())
    new = link_phone(screen)
    check_that_only_the_new_phone_works(screen, old, new, VERIFIED)


def test_old_phone_works_until_the_new_one_is_confirmed(screen: Screen, verified: User) -> None:
    old = Phone.of(verified)
    screen.open_signed_in(VERIFIED, old.unused())
    screen.gear.click()
    screen.press("Nieuwe telefoon (Telefoon)")
    screen.says("De oude telefoon werkt tot je de nieuwe hebt bevestigd.")
    screen.sign_out()
    screen.sign_in(VERIFIED, old.unused())


def test_password_that_was_typed_survives_the_question_for_proof(screen: Screen, verified: User) -> None:
    phone = Phone.of(verified)
    screen.open_signed_in(VERIFIED, phone.unused())
    screen.open("/persoonlijke-gegevens/wachtwoord/")
    screen.page.get_by_label("Huidig wachtwoord").fill(PASSWORD)
    screen.page.get_by_label("Nieuw wachtwoord", exact=True).fill(NEW_PASSWORD)
    screen.page.get_by_label("Nieuw wachtwoord, nog een keer").fill(NEW_PASSWORD)
    out_of_band.let_proof_grow_old(screen)
    screen.press("Wachtwoord wijzigen")
    screen.confirm_identity(phone.unused())
    screen.says("Je wachtwoord is gewijzigd.")
    screen.sign_out()
    screen.give_password(VERIFIED, NEW_PASSWORD)
    screen.heading("Verificatiecode")


def test_page_that_asks_for_proof_goes_by_keyboard_alone(screen: Screen, verified: User) -> None:
    phone, hands = Phone.of(verified), Keyboard(screen)
    screen.open_signed_in(VERIFIED, phone.unused())
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    screen.heading("Bevestig dat jij het bent")
    expect(screen.page.get_by_label("Wachtwoord", exact=True)).to_be_focused()
    screen.page.keyboard.type(PASSWORD)
    hands.type("Code van 6 cijfers, of een herstelcode", phone.unused())
    hands.press("Bevestigen")
    screen.heading("E-mailadres wijzigen")


def test_wrong_proof_says_what_was_wrong_and_keeps_the_door_closed(screen: Screen, verified: User) -> None:
    phone = Phone.of(verified)
    screen.open_signed_in(VERIFIED, phone.unused())
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    screen.confirm_identity("000000", password="een ander wachtwoord")
    screen.says("Dit wachtwoord klopt niet.")
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    screen.confirm_identity(phone.unused())
    screen.heading("E-mailadres wijzigen")


def test_second_device_signs_in_by_its_name_and_stops_when_removed(screen: Screen, verified: User) -> None:
    phone = Phone.of(verified)
    screen.open_signed_in(VERIFIED, phone.unused())
    screen.gear.click()
    screen.press("Nog een apparaat toevoegen")
    tablet = link_phone(screen, name="Tablet")
    screen.sign_out()
    screen.give_password(VERIFIED)
    screen.page.get_by_label("Welk apparaat?").select_option("Tablet")
    screen.give_code(tablet.unused())
    screen.heading("Mijn Omgevingen")
    screen.gear.click()
    screen.follow("Verwijderen Tablet")
    screen.heading("Apparaat verwijderen")
    screen.press("Verwijderen")
    screen.says("“Tablet” is verwijderd.")
    screen.sign_out()
    screen.give_password(VERIFIED)
    expect(screen.page.get_by_label("Welk apparaat?")).to_have_count(0)
    screen.give_code(tablet.unused())
    screen.says("Deze code is van “Tablet”")
    screen.give_code(phone.unused())
    screen.heading("Mijn Omgevingen")
