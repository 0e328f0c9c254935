"""The time of the set-up: said calmly, seen before it is over, and given anew to whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from accounts import limits
from accounts.models import User
from accounts.two_factor.models import Authenticator
from tests.browser.keyboard import Keyboard
from tests.browser.page_tour import EMPLOYEE
from tests.browser.screen import ACTIVATE, Phone, Screen
from tests.pages import DETAILS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MORE = "Geef me meer tijd"


@pytest.fixture
def setting_up(screen: Screen, employee: User) -> Screen:
    screen.page.clock.install()
    screen.open_signed_in(EMPLOYEE)
    screen.begin_set_up()
    leave(10, screen)
    return screen


def leave(minutes: int, screen: Screen) -> None:
    """So many minutes are left on the page, as long before the end of the session."""
    begun = timezone.now() - limits.PENDING_AUTHENTICATOR + timedelta(minutes=minutes, seconds=1)
    Authenticator.objects.update(created_at=begun)
    screen.page.reload()
    screen.page.wait_for_load_state()


def said(screen: Screen) -> Locator:
    return screen.page.locator("[data-time-said]")


def let_pass(screen: Screen, minutes: float) -> None:
    screen.page.clock.run_for(int(minutes * 60_000))


def test_said_at_five_two_and_one_minutes_and_at_no_other(setting_up: Screen) -> None:
    heard = []
    for _minute in range(9):
        let_pass(setting_up, 1)
        heard.append(said(setting_up).inner_text())
    five, two, one = (f"Je hebt nog ongeveer {left}." for left in ("5 minuten", "2 minuten", "1 minuut"))
    assert heard == ["", "", "", "", five, five, five, two, one]
    expect(setting_up.page.locator("[data-time-shown]")).to_have_text(one)


def test_time_is_seen_when_it_is_nearly_over_and_not_before(setting_up: Screen) -> None:
    more = setting_up.button(MORE)
    expect(more).to_be_hidden()
    let_pass(setting_up, 4.9)
    expect(more).to_be_hidden()
    let_pass(setting_up, 0.3)
    expect(more).to_be_in_viewport(ratio=1)


def test_once_it_is_over_nothing_is_left_that_would_mislead(setting_up: Screen) -> None:
    setting_up.code.focus()
    let_pass(setting_up, 10.1)
    expect(setting_up.code).to_be_hidden()
    expect(setting_up.page.get_by_role("img", name="QR-code")).to_be_hidden()
    expect(setting_up.text("Lukt scannen niet?")).to_be_hidden()
    expect(said(setting_up)).to_have_text("")
    notice = setting_up.page.locator("[data-time-over]")
    expect(notice).to_have_attribute("role", "status")
    expect(notice).to_contain_text("De QR-code is verlopen.")
    expect(notice.locator(":focus")).to_have_count(1)  # the field that had it is gone
    Authenticator.objects.update(created_at=timezone.now() - timedelta(minutes=31))
    setting_up.press("Begin opnieuw")
    assert Phone.scan(setting_up.page)


def test_clock_that_is_set_back_does_not_stretch_the_time(setting_up: Screen) -> None:
    let_pass(setting_up, 9)
    setting_up.page.evaluate("Date.now = () => 0")
    let_pass(setting_up, 1.1)
    expect(setting_up.page.locator("[data-time-over]")).to_contain_text("De QR-code is verlopen.")


def test_keyboard_alone_opens_the_stores_and_gets_more_time(screen: Screen, employee: User) -> None:
    screen.open_signed_in(EMPLOYEE)
    screen.begin_set_up()
    leave(4, screen)
    hands = Keyboard(screen)
    hands.press("Nog geen app?")
    expect(screen.page.get_by_role("link", name="voor iPhone")).to_be_visible()
    hands.press(MORE)
    screen.says("Je hebt weer 30 minuten.")
    assert Authenticator.objects.get().extensions == 1
    hands.go_to("Code van 6 cijfers uit de app")
    screen.page.keyboard.type(Phone.scan(screen.page).shows())
    screen.says("Twee-staps-authenticatie staat aan")


def test_enter_in_the_code_confirms_and_asks_for_no_more_time(screen: Screen, employee: User) -> None:
    screen.open_signed_in(EMPLOYEE)
    screen.begin_set_up()
    screen.code.fill("123")
    screen.code.press("Enter")
    screen.says("Een code heeft precies 6 cijfers")
    assert Authenticator.objects.get().extensions == 0


@pytest.mark.parametrize("language", ["nl", "en"])
def test_without_a_script_more_time_and_the_code_work_in_both_languages(
    screen: Screen, employee: User, elsewhere: Callable[..., Screen], language: str
) -> None:
    User.objects.update(language=language)
    page = elsewhere(java_script_enabled=False).page
    plain = Screen(page, screen.portal, language)
    plain.open_signed_in(EMPLOYEE)
    plain.open(DETAILS)
    plain.press(ACTIVATE)
    expect(plain.text("Na het zesde cijfer")).to_be_hidden()
    plain.says("Deze QR-code werkt tot")
    plain.press(MORE)
    plain.shows("Je hebt weer 30 minuten." if language == "nl" else "You have 30 minutes again.")
    plain.code.fill(Phone.scan(page).shows())
    plain.press("Bevestigen")
    plain.says("Twee-staps-authenticatie staat aan")


def test_minutes_are_counted_in_english_too(setting_up: Screen) -> None:
    setting_up.press("English")
    let_pass(setting_up, 8.1)
    expect(said(setting_up)).to_have_text("You have about 2 minutes left.")
