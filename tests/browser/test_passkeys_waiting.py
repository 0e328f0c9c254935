"""What the script does while a passkey is waited for, and when it fails: the question that grows old, no connection,
what a device refuses, a passkey that is of no use any more."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Request, expect

from accounts.models import User
from accounts.two_factor.models import Passkey, RecoveryCodeSet
from tests.browser.conftest import Watch
from tests.browser.page_tour import EMPLOYEE, VERIFIED
from tests.browser.passkeys import ADD, make
from tests.browser.screen import Phone, Screen
from tests.browser.test_passkey_offers import WITHOUT_ASKING
from tests.browser.virtual_authenticator import Device

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("at_its_address"),
]

BUTTON = "Inloggen met vingerafdruk, gezicht of pincode"
# `asked`: what the page asked of the browser; the first `refusals` of those that wait for somebody are refused.
WATCHED = """
    window.asked = [];
    let refusals = %d;
    for (const name of ["get", "create"]) {
        const {credentials} = navigator, real = credentials[name].bind(credentials);
        credentials[name] = async (request) => {
            asked.push({waits: request.mediation === "conditional", timeout: request.publicKey.timeout});
            if (request.mediation && refusals-- > 0) throw new DOMException("", "NotAllowedError");
            return real(request);
        };
    }
"""


@pytest.fixture
def touchless(screen: Screen, employee: User) -> Device:
    """With a passkey, which nobody touches yet; its owner is before the page to sign in."""
    device = Device(screen.page)
    screen.open_signed_in(EMPLOYEE)
    make(screen)
    device.be_touched(False)
    screen.sign_out()
    return device


@pytest.fixture
def questions(screen: Screen) -> list[str]:
    """The questions that the page to sign in fetched."""
    fetched: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/opties/"):
            fetched.append(request.url)

    screen.page.on("request", note)
    return fetched


def until(screen: Screen, happened: str) -> None:
    """Playwright's own way to wait evaluates text in the page, which the policy forbids."""
    for _ in range(200):
        if screen.page.evaluate(happened):
            return
        time.sleep(0.05)
    raise AssertionError(happened)


def said(screen: Screen) -> Locator:
    return screen.page.locator("[data-passkey-said]")


def test_question_that_the_browser_refuses_at_first_is_asked_again(
    screen: Screen, touchless: Device, questions: list[str]
) -> None:
    screen.open("/wachtwoord-vergeten/")  # where nothing asks
    questions.clear()
    touchless.be_touched(True)
    screen.page.add_init_script(WATCHED % 2)
    screen.open("/inloggen/")
    screen.heading("Mijn Omgevingen")
    assert len(questions) == 3


def test_question_that_is_refused_each_time_is_asked_four_times(
    screen: Screen, touchless: Device, questions: list[str]
) -> None:
    screen.page.clock.install()
    screen.page.add_init_script(WATCHED % 100)
    screen.open("/inloggen/")
    for times in range(1, 5):
        until(screen, f"asked.length === {times}")
        screen.page.clock.run_for(1_500)
    screen.page.clock.run_for(60_000)
    assert len(questions) == 4
    expect(said(screen)).to_be_empty()


@pytest.mark.parametrize("sign", ["pointerdown", "focus", "visibilitychange"])
def test_question_of_yesterday_is_renewed_when_somebody_is_there_again(
    screen: Screen, touchless: Device, questions: list[str], sign: str
) -> None:
    screen.page.clock.install()
    screen.open("/inloggen/")
    screen.page.wait_for_load_state("networkidle")
    come = f"({'document' if sign == 'visibilitychange' else 'window'}).dispatchEvent(new Event('{sign}'))"
    screen.page.evaluate(come)
    screen.page.clock.run_for(2_000)
    assert len(questions) == 1, "that one is fresh"
    touchless.be_touched(True)
    screen.page.clock.set_system_time(timezone.now() + timedelta(hours=10))  # no timer ran: the laptop slept
    screen.page.evaluate(come)
    screen.page.clock.run_for(2_000)
    screen.heading("Mijn Omgevingen")
    assert len(questions) == 2


def test_button_stands_below_the_other_and_works_after_a_sign_in_in_another_tab(
    screen: Screen, touchless: Device
) -> None:
    screen.page.add_init_script(WATCHED % 100)
    screen.open("/inloggen/")
    places = [screen.button(name, exact=True).bounding_box() for name in ("Inloggen", BUTTON)]
    forgotten = screen.page.get_by_role("link", name="Wachtwoord vergeten?").bounding_box()
    tops = [place["y"] for place in [*places, forgotten] if place]
    assert tops == sorted(tops)
    assert len(tops) == 3
    other = Screen(screen.page.context.new_page(), screen.portal)
    other.give_password(EMPLOYEE)
    other.text("Gebruik een herstelcode").wait_for()
    other.press("Stoppen en terug naar inloggen")
    other.heading("Inloggen")
    other.page.close()
    touchless.be_touched(True)
    screen.press(BUTTON)
    screen.heading("Mijn Omgevingen")


def test_passkey_that_is_gone_is_taken_off_the_device_and_the_button_goes(screen: Screen, touchless: Device) -> None:
    Passkey.objects.all().delete()
    screen.page.wait_for_load_state("networkidle")  # its question waits already, for a touch that does not come
    touchless.be_touched(True)
    screen.press(BUTTON)
    screen.says("We kennen deze passkey niet meer.")
    expect(screen.page.get_by_role("link", name="Hoe verwijder ik een passkey van mijn apparaat?")).to_be_visible()
    expect(screen.button(BUTTON)).to_have_count(0)
    touchless.comes_to_hold()


def test_who_scans_a_code_slowly_has_all_the_time_that_the_server_gives(screen: Screen, employee: User) -> None:
    screen.page.clock.install()
    Device(screen.page)
    screen.page.add_init_script(WATCHED % 0)
    screen.open_signed_in(EMPLOYEE)
    screen.open(ADD)
    first = screen.page.locator("[name=ceremony]").input_value()
    screen.page.clock.fast_forward(15_000)
    screen.page.evaluate("""() => {
        const make = navigator.credentials.create;
        navigator.credentials.create = async (request) => {
            await make(request);
            throw new DOMException("", "AbortError");
        };
    }""")
    screen.press("Maak een passkey")
    expect(said(screen)).to_contain_text("Het is niet gelukt:")
    screen.page.clock.fast_forward(120_000)
    screen.press("Maak een passkey")
    until(screen, "asked.length === 2")
    young, renewed = [asked["timeout"] for asked in screen.page.evaluate("asked")]
    assert young <= 275_000 < 285_000 <= renewed < 291_000
    assert screen.page.locator("[name=ceremony]").input_value() != first


@pytest.mark.parametrize(
    ("name", "sentence", "is_wrong"),
    [
        ("NotAllowedError", "Het is niet gelukt: het is afgebroken", True),
        ("ConstraintError", "Dat lukt niet op dit apparaat.", True),
        ("UnknownError", "Het is niet gelukt. Probeer het opnieuw.", True),
        ("InvalidStateError", "Dit apparaat heeft al een passkey", False),
    ],
)
def test_who_makes_none_hears_why(screen: Screen, employee: User, name: str, sentence: str, is_wrong: bool) -> None:
    screen.open_signed_in(EMPLOYEE)
    screen.open(ADD)
    refused = f"Promise.reject(new DOMException('', '{name}'))"
    screen.page.evaluate(f"() => {{ navigator.credentials.create = () => {refused}; }}")
    screen.press("Maak een passkey")
    expect(said(screen)).to_contain_text(sentence)
    assert ("passkey__wrong" in str(said(screen).get_attribute("class"))) is is_wrong


def test_no_connection_is_said_and_is_no_fault_of_the_device(screen: Screen, touchless: Device, watch: Watch) -> None:
    screen.page.add_init_script(WATCHED % 100)  # so that only the button asks
    screen.open("/inloggen/")
    screen.page.wait_for_load_state("networkidle")
    screen.page.context.set_offline(True)
    screen.press(BUTTON)
    expect(said(screen)).to_have_text("Geen verbinding. Probeer het opnieuw.")
    screen.page.context.set_offline(False)
    touchless.be_touched(True)
    screen.press(BUTTON)
    screen.heading("Mijn Omgevingen")
    assert watch.faults
    assert all("INTERNET_DISCONNECTED" in fault for fault in watch.faults)
    watch.faults.clear()


def test_what_the_browser_makes_by_itself_keeps_the_focus_and_can_be_removed_at_once(
    screen: Screen, verified: User
) -> None:
    RecoveryCodeSet.objects.filter(user=verified).delete()
    Device(screen.page)
    screen.page.add_init_script(WITHOUT_ASKING)
    screen.page.add_init_script("""
        const made = navigator.credentials.create;
        navigator.credentials.create = async (request) => {
            await new Promise((go) => { window.go = go; });
            return made(request);
        };
    """)
    screen.sign_in(VERIFIED, Phone.of(verified).unused())
    until(screen, "Boolean(window.go)")
    screen.button("Later").focus()
    screen.page.evaluate("go()")
    made = screen.page.locator("[data-passkey-made]")
    expect(made).to_be_focused()
    expect(made.get_by_role("link", name="Bewaar je herstelcodes")).to_be_visible()
    made.get_by_role("link", name="Verwijder de passkey").click()
    screen.heading("Passkey verwijderen")
    screen.press("Verwijderen")
    screen.heading("Persoonlijke Gegevens")
    assert not Passkey.objects.exists()
