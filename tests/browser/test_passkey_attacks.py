"""Passkeys in a real browser where somebody means harm, or a key is not what it seems."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts import limits
from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.support.models import Kind
from accounts.two_factor.models import FormerPasskey, Passkey
from tests.accounts.support.desk_pages import act
from tests.browser.conftest import Watch
from tests.browser.page_tour import EMPLOYEE
from tests.browser.passkeys import ADD, make
from tests.browser.screen import Screen
from tests.browser.virtual_authenticator import Device
from tests.conftest import mails
from tests.factories import PasskeyFactory, UserFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("at_its_address"),
]

SIGN_IN = "/inloggen/met-passkey/"


@pytest.fixture
def key(screen: Screen, employee: User) -> Device:
    """The employee's, with a passkey, in a browser where nobody is signed in. Nobody touches it yet."""
    found = Device(screen.page)
    screen.open_signed_in(EMPLOYEE)
    make(screen)
    found.be_touched(False)
    screen.page.context.clear_cookies()
    Session.objects.all().delete()
    return found


def causes() -> list[str]:
    return [str(one.detail["cause"]) for one in AuditEntry.objects.filter(event="passkey_refused").order_by("pk")]


def post(page: Page, fields: dict[str, str], times: int = 1) -> None:
    """As a script on the page to sign in would, so many at once."""
    script = """async ([address, fields, times]) => {
        const csrfmiddlewaretoken = document.querySelector("[name=csrfmiddlewaretoken]").value;
        const body = new URLSearchParams({csrfmiddlewaretoken, ...fields});
        const one = () => fetch(address, {method: "POST", body, redirect: "manual"});
        await Promise.all(Array.from({length: times}, one));
    }"""
    page.evaluate(script, [SIGN_IN, fields, times])


ASK = """async ({options, ceremony}) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = await navigator.credentials.get({publicKey}).catch((error) => error.name);
    return {ceremony, credential: credential.toJSON ? JSON.stringify(credential) : credential};
}"""
OPTIONS = """async () => (await fetch("/inloggen/met-passkey/opties/")).json()"""


def test_one_answer_lets_one_in_and_no_copy_of_it(
    screen: Screen, key: Device, elsewhere: Callable[..., Screen]
) -> None:
    screen.open("/inloggen/")
    cookies = [
        {"name": one["name"], "value": one["value"], "url": screen.portal.replace("http:", "https:"), "secure": True}
        for one in screen.page.context.cookies()
    ]
    told = screen.page.evaluate(OPTIONS)
    key.be_touched(True)
    answer = screen.page.evaluate(ASK, told)
    post(screen.page, answer, times=3)
    assert Session.objects.filter(signed_in=True).count() == 1
    assert causes() == ["used"] * 2
    screen.open("/")
    screen.heading("Mijn Omgevingen")
    thief = elsewhere()
    thief.page.context.add_cookies(cookies)  # everything that was in the browser then
    thief.open("/inloggen/")
    post(thief.page, answer)
    assert causes() == ["used"] * 3
    thief.open("/")
    thief.heading("Inloggen")


@pytest.fixture
def imitation(watch: Watch, elsewhere: Callable[..., Screen]) -> Callable[[str], Page]:
    """A page of somebody else at an address. Nothing is asked of a network: the browser is given the page."""

    def make(address: str) -> Page:
        def answer(route: Route) -> None:
            route.fulfill(body="<!doctype html><title>Inloggen</title>", content_type="text/html")

        page = elsewhere().page
        page.route(f"{address}/**", answer)
        watch.others.add(address.partition("//")[2])
        page.goto(f"{address}/inloggen/")
        return page

    return make


def test_imitation_of_the_page_to_sign_in_gets_nothing_that_opens(
    screen: Screen, key: Device, elsewhere: Callable[..., Screen], imitation: Callable[[str], Page]
) -> None:
    thief = elsewhere()
    thief.open("/inloggen/")
    told = thief.page.evaluate(OPTIONS)
    for address, cause in [("http://localhost:8053", "wrong"), ("http://127.0.0.1:8053", None)]:
        page = imitation(address)
        lured = Device(page)
        lured.learn(key.credentials[0])
        answer = page.evaluate(ASK, told)
        if cause is None:
            assert answer["credential"] == "SecurityError"  # another host: the browser itself refuses
            continue
        post(thief.page, answer)
        assert causes() == [cause]
    thief.open("/")
    thief.heading("Inloggen")
    assert not Session.objects.filter(signed_in=True)


def at_the_code_page(screen: Screen, key: Device) -> None:
    key.be_touched(False)
    screen.page.context.clear_cookies()
    screen.give_password(EMPLOYEE)
    key.be_touched(True)


def refused(screen: Screen, words: str) -> None:
    screen.press("Gebruik je passkey")
    expect(screen.page.get_by_role("alert")).to_contain_text(words)


def test_device_that_lies_or_was_copied_opens_nothing_and_the_owner_hears_of_a_copy(
    screen: Screen, key: Device
) -> None:
    at_the_code_page(screen, key)
    for lie in ("signature", "presence", "verification"):
        key.answer_wrongly(**{lie: True})
        refused(screen, "Je passkey is niet geaccepteerd.")
    key.answer_wrongly()
    copy = key.credentials[0]
    screen.press("Gebruik je passkey")
    screen.heading("Mijn Omgevingen")
    key.forget()
    key.learn(copy | {"signCount": 0})
    at_the_code_page(screen, key)
    refused(screen, "er misschien een kopie van is")
    assert causes() == ["wrong"] * 3
    assert AuditEntry.objects.filter(event="passkey_count_fell").count() == 1
    assert [mail.to for mail in mails() if "kopie" in mail.body] == [[EMPLOYEE]]


def test_passkey_that_is_refused_when_it_is_made_does_not_stay_on_the_device(screen: Screen, employee: User) -> None:
    made_by = Device(screen.page)
    made_by.answer_wrongly(verification=True)
    screen.open_signed_in(EMPLOYEE)
    screen.open(ADD)
    screen.press("Maak een passkey")
    expect(screen.page.get_by_role("alert")).to_contain_text("Je passkey is niet geaccepteerd.")
    made_by.comes_to_hold()
    assert not Passkey.objects.exists()


def test_passkey_of_somebody_else_is_no_second_factor(screen: Screen, key: Device) -> None:
    """Also when the page is changed so that the browser offers it."""
    somebody = UserFactory(email="ander@voorbeeld.nl")
    PasskeyFactory(user=somebody)
    screen.give_password(somebody.email)
    screen.page.evaluate("""() => {
        const form = document.querySelector("[data-passkey]"), options = JSON.parse(form.dataset.options);
        form.dataset.options = JSON.stringify({...options, allowCredentials: []});
    }""")
    key.be_touched(True)
    refused(screen, "We kennen deze passkey niet")
    assert causes() == ["unknown_passkey"]
    assert len(key.credentials) == 1, "it still works for its owner"


def test_passkey_that_a_reset_removed_goes_from_the_device_once_it_cannot_come_back(
    screen: Screen, key: Device, employee: User
) -> None:
    act(Kind.RESET, employee, UserFactory(in_support=True))
    key.be_touched(True)
    for days_ago, left in [(0, [EMPLOYEE]), (limits.NOT_ME_LINK.days, [])]:
        FormerPasskey.objects.update(ended_at=timezone.now() - timedelta(days=days_ago))
        screen.open("/inloggen/")
        screen.page.keyboard.press("Tab")  # from the list below the address field, whose choice is made for us
        expect(screen.page.get_by_role("alert")).to_contain_text("We kennen deze passkey niet meer.")
        key.comes_to_hold(*left)
    expect(screen.field("Wachtwoord", exact=True)).to_be_editable()
