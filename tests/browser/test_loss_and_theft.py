"""What a thief holds - an old session, the password, a place at the same desk - and how little it is worth."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.urls import reverse

from accounts.active_sessions.store import digest_of
from accounts.models import User
from tests.browser import out_of_band
from tests.browser.addresses import some_closed_addresses
from tests.browser.page_tour import DESK, EMPLOYEE, VERIFIED
from tests.browser.screen import Phone, Screen
from tests.codes import code_of, wrong_code_of
from tests.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEW_PASSWORD = "zeven lange gele banden"

Elsewhere = Callable[..., Screen]


def steal(victim: Screen, thief: Screen) -> Callable[[], None]:
    """Take the cookies of a browser as they are now. Returns how to put them into the thief's, as often as wanted."""
    loot = victim.page.context.cookies()

    def put_in() -> None:
        thief.page.context.clear_cookies()
        thief.page.context.add_cookies(loot)

    put_in()
    return put_in


def is_in(screen: Screen) -> bool:
    screen.open("/persoonlijke-gegevens/")
    return screen.address == "/persoonlijke-gegevens/"


def test_session_of_before_the_activation_opens_nothing_because_a_thief_may_have_it(
    screen: Screen, employee: User, elsewhere: Elsewhere
) -> None:
    thief = elsewhere()
    screen.open_signed_in(EMPLOYEE)
    put_in = steal(screen, thief)
    assert is_in(thief)
    session = digest_of(out_of_band.session_cookie(thief))[:16]
    screen.activate()
    User.objects.filter(pk=employee.pk).update(is_staff=True, is_superuser=True)
    put_in()
    thief.open("/persoonlijke-gegevens/")
    thief.heading("Inloggen")
    for name, address in some_closed_addresses(employee, session):
        for method in ("GET", "POST"):
            put_in()
            came_to, answer = thief.ask(method, address)
            assert came_to.startswith("/inloggen/"), f"{method} {name} at {address} came to {came_to}"
            assert EMPLOYEE not in answer
    assert is_in(screen)


def change_password(screen: Screen, person: User, elsewhere: Elsewhere) -> None:
    screen.open("/persoonlijke-gegevens/wachtwoord/")
    screen.page.get_by_label("Huidig wachtwoord").fill(PASSWORD)
    screen.page.get_by_label("Nieuw wachtwoord", exact=True).fill(NEW_PASSWORD)
    screen.page.get_by_label("Nieuw wachtwoord, nog een keer").fill(NEW_PASSWORD)
    screen.press("Wachtwoord wijzigen")
    screen.says("Je wachtwoord is gewijzigd.")


def sign_out(screen: Screen, person: User, elsewhere: Elsewhere) -> None:
    screen.sign_out()


def let_support_reset(screen: Screen, person: User, elsewhere: Elsewhere) -> None:
    colleague = UserFactory(email=DESK, in_support=True, with_totp=True)
    desk = elsewhere()
    desk.open_signed_in(DESK, code_of(colleague))
    desk.open(reverse("support_reset", args=[person.pk]))
    desk.page.get_by_label("Reden").fill("Telefoon gestolen, teruggebeld op het bekende nummer")
    desk.press("Oud apparaat loskoppelen")
    desk.page.get_by_text("Gedaan, met ontvangstnummer").wait_for()


@pytest.mark.parametrize("event", [change_password, sign_out, let_support_reset])
def test_stolen_session_ends_with(
    event: Callable[[Screen, User, Elsewhere], None], screen: Screen, verified: User, elsewhere: Elsewhere
) -> None:
    User.objects.filter(pk=verified.pk).update(is_staff=False, is_superuser=False)  # or support could not reset it
    thief = elsewhere()
    screen.open_signed_in(VERIFIED, code_of(verified))
    put_in = steal(screen, thief)
    assert is_in(thief)
    event(screen, verified, elsewhere)
    put_in()
    assert not is_in(thief)


def test_thief_with_the_password_waits_while_the_owner_signs_in_at_once(
    screen: Screen, verified: User, elsewhere: Elsewhere
) -> None:
    phone = Phone.of(verified)
    screen.sign_in(VERIFIED, phone.unused())
    screen.sign_out()
    thief = elsewhere()
    thief.give_password(VERIFIED)
    for _guess in range(5):
        thief.heading("Verificatiecode")
        thief.give_code(wrong_code_of(verified))
    thief.says("Er zijn te veel foute codes ingevuld.")
    # With the day, when the wait goes past midnight.
    assert re.search(
        r"Na (\d+ \w+ )?\d\d:\d\d uur kun je het opnieuw proberen", thief.page.locator("main").inner_text()
    )
    thief.give_code(code_of(verified, 30))
    thief.says("Er zijn te veel foute codes ingevuld.")
    assert not is_in(thief)
    screen.sign_in(VERIFIED, phone.unused())


def test_back_button_after_signing_out_shows_nothing_personal(screen: Screen, verified: User) -> None:
    screen.sign_in(VERIFIED, code_of(verified))
    screen.gear.click()
    screen.heading("Persoonlijke Gegevens")
    screen.sign_out()
    for _step in range(3):
        screen.page.go_back()
        screen.heading("Inloggen")
        for personal in (VERIFIED, "Wegen en bruggen", verified.last_name):
            assert personal not in screen.page.locator("body").inner_text()


def test_this_was_not_me_acts_on_the_answer_only_because_scanners_open_links_and_press_buttons(
    screen: Screen, employee: User, elsewhere: Elsewhere
) -> None:
    screen.open_signed_in(EMPLOYEE)
    screen.activate()
    at_home = elsewhere()
    at_home.open(out_of_band.mailed("dit-was-ik-niet"))
    at_home.heading("Was jij dit niet?")
    at_home.says("Twee-staps-authenticatie geactiveerd")
    assert is_in(screen)
    at_home.press("Bevestigen")  # as a scanner that presses buttons does
    at_home.says("Kies eerst een antwoord.")
    assert is_in(screen)
    at_home.field("Nee, dit was ik niet").check()
    at_home.press("Bevestigen")
    at_home.says("Je bent overal uitgelogd")
    assert not is_in(screen)
    at_home.open(out_of_band.mailed("dit-was-ik-niet"))
    at_home.says("De nieuwe authenticator-app werkt niet meer.")  # as long as nobody has looked


def test_owner_sees_the_session_of_another_browser_and_ends_it(
    screen: Screen, employee: User, elsewhere: Elsewhere
) -> None:
    other = elsewhere(user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
    other.open_signed_in(EMPLOYEE)
    screen.sign_in(EMPLOYEE)
    screen.gear.click()
    screen.follow("Actieve sessies")
    screen.heading("Actieve sessies")
    screen.page.get_by_role("listitem").filter(has_text="Firefox op Windows").get_by_role("button").click()
    screen.says("Die sessie is beëindigd.")
    assert not is_in(other)
    assert is_in(screen)


def test_request_for_help_can_be_taken_back_from_the_mail_because_a_thief_may_have_asked(
    screen: Screen, verified: User, elsewhere: Elsewhere
) -> None:
    screen.give_password(VERIFIED)
    screen.follow("Telefoon kwijt?")
    screen.press("Vraag support om hulp")
    screen.says("Mail support en geef dit kenmerk door:")
    owner = elsewhere()
    owner.open(out_of_band.mailed("hulpvraag-intrekken"))
    owner.field("Ja, annuleer het").check()
    owner.press("Bevestigen")
    owner.says("Je verzoek om hulp is geannuleerd.")
    screen.page.reload()
    screen.says("Geen herstelcodes?")
