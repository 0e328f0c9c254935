"""The set-up: six digits go on by themselves, once; on a phone the link to the app comes before the QR code."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.audit.models import AuditEntry
from accounts.models import User
from tests.browser.screen import Phone, Screen
from tests.browser.tour import EMPLOYEE, VERIFIED
from tests.codes import code_of, wrong_code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILL = """(field, code) => { for (const _ of [1, 2]) {
    field.value = code; field.dispatchEvent(new Event("input", {bubbles: true})); } }"""


def test_code_that_is_filled_in_by_a_script_goes_on_once(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    screen.page.wait_for_load_state()
    screen.code.evaluate(FILL, code_of(verified))
    screen.heading("Mijn Omgevingen")
    assert not AuditEntry.objects.filter(event="code_refused").exists(), "it was sent twice"


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


def test_phone_is_offered_the_app_first_and_a_desk_the_qr_code(screen: Screen, employee: User) -> None:
    screen.sign_in(EMPLOYEE)
    screen.begin_set_up()
    for width, link_first in ((1280, False), (360, True)):
        screen.page.set_viewport_size({"width": width, "height": 800})
        link = screen.page.get_by_role("link", name="Open de app").bounding_box()
        square = screen.page.get_by_role("img", name="QR-code").bounding_box()
        assert link
        assert square
        assert (link["y"] < square["y"]) is link_first
    expect(screen.page.get_by_text("Microsoft Authenticator:")).to_be_hidden()
    screen.page.get_by_label("Nee, nog niet").check()
    expect(screen.page.get_by_text("Microsoft Authenticator:")).to_be_visible()
    assert Phone.scan(screen.page)
