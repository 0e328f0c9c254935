"""What a person does at the screen and with the phone: find things by the words on them, and never look behind."""

from __future__ import annotations

import io
import re
import time
from http.cookies import Morsel
from typing import Any

import pyotp
import zxingcpp
from django.conf import settings
from PIL import Image
from playwright.sync_api import Error, Locator, Page, expect

from accounts import limits
from accounts.models import User
from accounts.two_factor import devices
from accounts.two_factor.totp.flows import provisioning_uri
from tests.browser import words
from tests.codes import phone
from tests.conftest import Browser, sign_in
from tests.factories import PASSWORD

ACTIVATE = "Activeer Twee-Staps-Authenticatie"
CODES_HEADING = "Je herstelcodes voor Mijn Assetmaps"
SET_UP = "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/"
CHALLENGE = "/inloggen/verificatie/"
SECONDS = int(limits.TOTP_STEP.total_seconds())
UNHURRIED = 10  # seconds between reading a code and having it judged

expect.set_options(timeout=15_000)  # a machine that does a lot at once needs more than Playwright's five seconds


class Screen:
    """In Dutch or in English. Whoever uses it says every word in Dutch, see `tests.browser.words`."""

    def __init__(self, page: Page, portal: str, language: str = "nl") -> None:
        self.page, self.portal, self.language = page, portal, language
        if language != settings.LANGUAGE_CODE:
            self.forget_visitor()

    def forget_visitor(self) -> None:
        """A browser that was never here, but for its language: nobody is signed in, and no form has a token."""
        self.page.context.clear_cookies()
        if self.language != settings.LANGUAGE_CODE:
            # Browsers take a cookie named __Host- only from https; they send it to localhost all the same.
            there = {"url": self.portal.replace("http:", "https:"), "secure": True}
            name = settings.LANGUAGE_COOKIE_NAME
            self.page.context.add_cookies([{"name": name, "value": self.language, **there}])

    def words(self, dutch: str, *, exact: bool = False) -> str | re.Pattern[str]:
        """What stands on this screen where a Dutch one has these words."""
        return dutch if self.language == "nl" else words.english(dutch, exact=exact)

    def open(self, address: str) -> None:
        try:
            self.page.goto(f"{self.portal}{address}")
        except Error as reason:  # a page that goes on by itself went first
            if not any(words_of in str(reason) for words_of in ("ERR_ABORTED", "interrupted by another navigation")):
                raise  # Chromium says the first, Firefox the second
            self.page.wait_for_load_state()
            self.page.goto(f"{self.portal}{address}")

    @property
    def address(self) -> str:
        return self.page.url.removeprefix(self.portal)

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.words(text, exact=True))

    def says(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(self.words(text))

    def shows(self, value: str) -> None:
        """Something that is in no language: a number, an address."""
        expect(self.page.locator("main")).to_contain_text(value)

    def button(self, name: str, *, exact: bool = True) -> Locator:
        return self.page.get_by_role("button", name=self.words(name, exact=exact), exact=exact)

    def field(self, label: str, *, exact: bool = False) -> Locator:
        return self.page.get_by_label(self.words(label, exact=exact), exact=exact)

    def text(self, text: str) -> Locator:
        return self.page.get_by_text(self.words(text))

    def press(self, name: str) -> None:
        self.button(name).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=self.words(name)).first.click()

    @property
    def gear(self) -> Locator:
        return self.page.get_by_role("banner").get_by_role("link", name=self.words("Persoonlijke Gegevens"))

    @property
    def code(self) -> Locator:
        return self.field("Code van 6 cijfers")

    def ask(self, method: str, address: str) -> tuple[str, str]:
        """Ask for an address as a script on the open page would, its token included: where it led, and the text."""
        token = self.page.locator("[name=csrfmiddlewaretoken]").first.input_value()
        script = """async ([method, address, token]) => {
            const answer = await fetch(address, {method, headers: {"X-CSRFToken": token}});
            return [new URL(answer.url).pathname, await answer.text()];
        }"""
        came_to, text = self.page.evaluate(script, [method, address, token])
        return came_to, text

    @property
    def scrolls_sideways(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")

    def give_password(self, address: str, password: str = PASSWORD) -> None:
        self.open("/inloggen/")
        self.field("E-mailadres").fill(address)
        self.field("Wachtwoord", exact=True).fill(password)
        self.press("Inloggen")

    def give_code(self, code: str) -> None:
        """Six digits go on by themselves where the page does that; else the button is pressed."""
        expect(self.code).to_be_editable()  # not while the code before this one is being judged
        self.page.wait_for_load_state()  # the script is there, if there is one
        by_itself = self.code.get_attribute("data-sends-itself") is not None and len(code) == limits.TOTP_DIGITS
        if by_itself:
            with self.page.expect_navigation():  # a click would wait for it by itself
                self.code.fill(code)
        else:
            self.code.fill(code)
            self.press("Bevestigen")

    def sign_in(self, address: str, code: str | None = None) -> None:
        self.give_password(address)
        if code is not None:
            self.give_code(code)
        expect(self.button("Uitloggen").first).to_be_visible()  # staff without environments begin in the administration

    def open_signed_in(self, address: str, code: str | None = None) -> None:
        """Mijn Omgevingen of somebody whose sign-in is not what the test is about.

        The flow is that of the pages, with the cookies and the name of this browser, but no page is shown.
        """
        agent = self.page.evaluate("navigator.userAgent")
        visitor = Browser(headers={"user-agent": agent, "accept-language": self.page.evaluate("navigator.language")})
        for cookie in self.page.context.cookies():
            visitor.cookies[cookie["name"]] = cookie["value"]
        sign_in(visitor, User.objects.get(email=address), code=code)
        self.page.context.add_cookies([self._cookie(each) for each in visitor.cookies.values() if each.value])
        self.open("/")
        self.heading("Mijn Omgevingen")

    def _cookie(self, sent: Morsel[str]) -> Any:
        made = {"name": sent.key, "value": sent.value, "url": self.portal.replace("http:", "https:"), "secure": True}
        lasts = {"expires": time.time() + int(sent["max-age"])} if sent["max-age"] else {}
        return made | lasts | {"httpOnly": True, "sameSite": "Lax"}

    def confirm_identity(self, code: str | None = None, password: str = PASSWORD) -> None:
        self.heading("Bevestig dat jij het bent")
        self.field("Wachtwoord", exact=True).fill(password)
        if code is not None:
            self.field("Code van 6 cijfers, of een herstelcode").fill(code)
        self.press("Bevestigen")

    def sign_out(self) -> None:
        self.press("Uitloggen")
        self.heading("Inloggen")

    def begin_set_up(self) -> None:
        self.gear.click()
        self.heading("Persoonlijke Gegevens")
        self.press(ACTIVATE)
        expect(self.code).to_be_visible()

    def activate(self) -> Phone:
        """From Mijn Omgevingen to the recovery codes of a second step that is on; returns the phone that scanned."""
        self.begin_set_up()
        phone = Phone.scan(self.page)
        self.give_code(phone.unused())
        self.heading(CODES_HEADING)
        self.says("Twee-staps-authenticatie staat aan")
        return phone

    @property
    def recovery_codes(self) -> list[str]:
        """The codes on the sheet, if there is one on the page."""
        sheet = self.page.get_by_role("region", name=self.words("Je herstelcodes"))
        return sheet.get_by_role("listitem").all_inner_texts()


class Phone:
    """An authenticator app: knows what its camera saw on the screen, and nothing else."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.app = pyotp.parse_uri(uri)
        self.step = 0  # the newest time step whose code was given away

    @classmethod
    def of(cls, person: User) -> Phone:
        """The phone of somebody who set the second step up earlier."""
        device = devices.authenticator_of(person)
        assert device is not None
        return cls(provisioning_uri(person, phone(device).secret))

    @classmethod
    def scan(cls, page: Page) -> Phone:
        """What the camera sees; on a screen as narrow as a phone the QR code is unfolded first."""
        fold = page.locator(".scan__fold-qr:not([open]) summary:visible")
        if fold.count():
            fold.click()
        return cls(cls.read(cls.picture(page)).text)

    @staticmethod
    def picture(page: Page) -> Image.Image:
        return Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled")))

    @staticmethod
    def read(picture: Image.Image) -> zxingcpp.Barcode:
        found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
        assert len(found) == 1, f"{len(found)} QR codes on the screen"
        return found[0]

    def shows(self, seconds: int = 0) -> str:
        """The code on the display, or the one that it will show ``seconds`` from now."""
        return self.app.at(int(time.time()) + seconds)

    def unused(self) -> str:
        """The earliest code that the portal still takes and that this was not asked for before.

        Three codes are good at any moment, so a test has three before it must wait. The oldest is left alone when it is
        about to turn.
        """
        now, left = divmod(time.time(), SECONDS)
        oldest = int(now) - 1 if SECONDS - left > UNHURRIED else int(now)
        self.step = max(self.step + 1, oldest)
        time.sleep(max(0, (self.step - 1) * SECONDS - time.time()))
        return self.app.at(self.step * SECONDS)
