"""After a sign-in with password and code a passkey is offered; some browsers make one by themselves."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.two_factor.models import Passkey
from tests.browser.page_tour import VERIFIED
from tests.browser.passkeys import passkeys_on
from tests.browser.screen import Phone, Screen
from tests.browser.virtual_authenticator import Device
from tests.conftest import mails

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("at_its_address"),
]


def test_offer_comes_after_password_and_code_on_a_device_that_can_and_never_again_when_refused(
    screen: Screen, verified: User
) -> None:
    phone = Phone.of(verified)
    Device(screen.page)
    offer = screen.text("Volgende keer sneller inloggen?")
    screen.sign_in(VERIFIED, phone.unused())
    screen.heading("Mijn Omgevingen")
    expect(offer).to_be_visible()
    screen.press("Niet meer vragen")
    expect(offer).to_have_count(0)
    screen.sign_out()
    screen.sign_in(VERIFIED, phone.unused())
    screen.heading("Mijn Omgevingen")
    expect(offer).to_have_count(0)


# Chromium makes one by itself in the password manager of a Google account only, and nowhere while it has virtual
# authenticators. So the word "conditional" is taken off on the way to one, which answers as that manager does: nobody
# was there, and nobody was verified. Where that is required it makes none (W3C, section 5.1.3). All else is as it is.
WITHOUT_ASKING = """
    const {credentials} = navigator, create = credentials.create.bind(credentials);
    credentials.create = async ({mediation, ...request}) => {
        window.mediation = mediation;
        const {userVerification} = request.publicKey.authenticatorSelection;
        if (userVerification === "required") throw new DOMException("nobody is asked", "ConstraintError");
        await window.held;
        return create(request);
    };
"""


def test_browser_makes_one_by_itself_after_password_and_code(screen: Screen, verified: User) -> None:
    device = Device(screen.page)
    device.answer_wrongly(presence=True, verification=True)
    screen.page.add_init_script(WITHOUT_ASKING)
    screen.sign_in(VERIFIED, Phone.of(verified).unused())
    expect(screen.text("Dit apparaat heeft nu een passkey")).to_be_visible()
    assert (screen.address, screen.page.evaluate("mediation")) == ("/", "conditional")
    expect(screen.button("Later")).to_have_count(0)
    made = Passkey.objects.get(user=verified)
    assert AuditEntry.objects.get(event="passkey_added").detail["name"] == made.name
    told_by_mail = [mail for mail in mails() if f"passkey “{made.name}” toegevoegd" in mail.body]
    assert [mail.to for mail in told_by_mail] == [[VERIFIED]], (made.name, [mail.body for mail in mails()])
    screen.gear.click()
    screen.says("Je passkey werkt.")
    assert passkeys_on(screen) == [made.name]
    device.comes_to_hold(VERIFIED)  # the page told the browser which ones count
    device.answer_wrongly()
    device.be_touched(False)
    screen.sign_out()
    screen.give_password(VERIFIED)
    device.be_touched(True)
    screen.press("Gebruik je passkey")
    screen.heading("Mijn Omgevingen")
    screen.press("Uitloggen")  # once used after the password it is the whole sign-in
    screen.heading("Mijn Omgevingen")
    assert len(device.credentials) == 1


def test_one_that_comes_too_late_is_not_said_to_work_and_does_not_stay(screen: Screen, verified: User) -> None:
    device = Device(screen.page)
    screen.page.add_init_script(WITHOUT_ASKING + "window.held = new Promise((done) => { window.go_on = done; });")
    screen.sign_in(VERIFIED, Phone.of(verified).unused())
    screen.page.wait_for_function("window.mediation")
    second_tab = Screen(screen.page.context.new_page(), screen.portal)
    second_tab.open("/")
    second_tab.press("Niet meer vragen")
    expect(second_tab.text("Volgende keer sneller inloggen?")).to_have_count(0)
    with screen.page.expect_response("**/toevoegen/"):
        screen.page.evaluate("go_on()")
    device.comes_to_hold()
    expect(screen.text("Dit apparaat heeft nu een passkey")).to_be_hidden()
    assert not Passkey.objects.exists()
