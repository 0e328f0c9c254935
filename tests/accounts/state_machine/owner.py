"""The owner, who has all means of the account, reads their mail and reports what they did not do themselves."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import timedelta

from accounts.support.models import Kind as Help
from tests.accounts.sso.browsing import sign_in_there
from tests.accounts.state_machine import passkeys
from tests.accounts.state_machine.desk import Desk
from tests.accounts.state_machine.model import (
    ADDRESS_LINK,
    CANCEL_HELP,
    CANCEL_SUPPORT,
    NEXT_CODE,
    NOT_ME,
    PASSWORD_LINK,
    RECOVERY_LINK,
    Account,
    BreachError,
    Kind,
    Phone,
)
from tests.accounts.state_machine.window import Window, is_in
from tests.pages import ACTIVATE, CODE, CONFIRM, SIGN_IN, groups_of_the_secret, text
from tests.passkey_doors import ADD

FORGOTTEN, SET_NEW = "/wachtwoord-vergeten/", "/wachtwoord-instellen/"
CHANGE_PASSWORD, CHANGE_ADDRESS = "/persoonlijke-gegevens/wachtwoord/", "/persoonlijke-gegevens/e-mailadres/"
NEW_CODES = "/persoonlijke-gegevens/herstelcodes/nieuw/"
RECOVERY_CODE, BRIDGE_CODE = "/inloggen/herstelcode/", "/inloggen/code-van-support/"
CODES = re.compile(r"\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b")
AN_HOUR = timedelta(minutes=61)
Between = Callable[[], None]  # what the thief does between two steps of the owner


def nothing() -> None: ...


class Owner:
    """``home``: the browser that the owner uses every day."""

    def __init__(self, account: Account, desk: Desk) -> None:
        self.account, self.desk = account, desk
        self.home = self.first = Window("192.0.2.1")
        self.passwords = 0
        self.sign_in(self.home)

    def new_password_text(self) -> str:
        self.passwords += 1
        return f"zin nummer {self.passwords} van de eigenaar"

    # In a browser.

    def sign_in(self, window: Window, *, by_recovery_code: bool = False) -> bool:
        """With everything the owner has. Whether that opened the account."""
        account = self.account
        account.clock.turn(NEXT_CODE)
        if account.provider and account.connection:
            sign_in_there(window, account.provider, account.connection)
            return is_in(window)
        answer = window.post(SIGN_IN, {"username": account.person.email, "password": account.password})
        if answer.status_code == 302 and answer.url == CODE and by_recovery_code and account.recovery_codes:
            self._post(window, RECOVERY_CODE, {"code": account.recovery_codes.pop()})
        elif answer.status_code == 302 and answer.url == CODE:
            self._show_factor(window, CODE, device_can="1")
        return is_in(window) or (account.demanded and self._meets_demand(window))

    def _meets_demand(self, window: Window) -> bool:
        """Show the passkey, or add one, where the session is led to the page that asks for that."""
        page = getattr(window.get("/"), "url", "")
        if page.startswith(passkeys.PROOF):
            passkeys.show(window, self.account.device, page)
        elif page == ADD:
            self.link_passkey(window)
        return is_in(window)

    def _post(self, window: Window, page: str, fields: dict[str, str]) -> None:
        self.account.used[page] = fields
        window.post(page, fields)

    def _show_factor(self, window: Window, page: str, **more: str) -> None:
        """A code of the app that the account asks for, which the owner finds on the phone by its name; or a passkey,
        of who has no app."""
        own = {phone.secret: phone for phone in self.account.phones}
        for device in self.account.apps():
            if phone := own.get(device.secret()):
                self._post(window, page, {"code": phone.code(), "device": str(device.pk), **more})
                return
        self.account.used |= passkeys.show(window, self.account.device, page)

    def at_home(self) -> bool:
        """Signed in at home, with fresh proof; signs in anew if need be."""
        if is_in(self.home):
            self.account.clock.turn(NEXT_CODE)
            asked = self.home.get(CHANGE_PASSWORD)
            if asked.status_code == 200:
                return True
            self._show_factor(self.home, asked.url, password=self.account.password)
            if self.home.get(CHANGE_PASSWORD).status_code == 200:
                self._leave_session()  # proved anew: under a new key
                return True
        self.sign_out()
        return self.sign_in(self.home)

    def _leave_session(self) -> None:
        """A copy of the first session is void with it; one of the first day lives on beside sessions elsewhere."""
        self.account.void = self.account.void or self.home is self.first

    def sign_in_anew(self) -> None:
        """In a second browser, and goes on there; the session in the first one runs on."""
        self.home = Window("192.0.2.1")
        self.sign_in(self.home)

    def sign_in_by_passkey(self) -> None:
        """Nothing but the passkey, in a browser of its own."""
        window, device = Window("192.0.2.4"), self.account.device
        mine = passkeys.known(device, self.account.person, alone=True)
        passkeys.sign_in(window, device, mine)
        if is_in(window) != bool(mine):
            raise BreachError("a passkey of the owner that counts does not sign in, or another does")

    def use_recovery_code(self) -> None:
        self.sign_in(Window("192.0.2.4"), by_recovery_code=True)

    def sign_out(self) -> None:
        self.home.post("/uitloggen/")
        self._leave_session()

    def change_password(self) -> None:
        new = self.new_password_text()
        typed = {"old_password": self.account.password, "new_password1": new, "new_password2": new}
        if self.at_home() and self.home.post(CHANGE_PASSWORD, typed).status_code == 302:
            self._took_password(new)

    def _took_password(self, new: str) -> None:
        if self.account.person.check_password(new):
            self.account.password = new

    def link_phone(self, window: Window, *, replaces: str = "") -> bool:
        """Scan the QR code with a new phone and type its first code."""
        window.post(ACTIVATE, {"replaces": replaces} if replaces else {})
        secret = groups_of_the_secret(text(window.get(CONFIRM)))
        if not secret:
            return False
        phone = Phone(base64.b32decode(secret))
        window.post(CONFIRM, {"code": phone.code()})
        if phone.secret not in [device.secret() for device in self.account.apps()]:
            return False
        self.account.phones.append(phone)  # the old one stays in a drawer: a report may bring it back
        self._keep_codes(text(window.get("/persoonlijke-gegevens/herstelcodes/")))
        return True

    def replace_phone(self) -> None:
        if self.at_home() and (mine := self.account.apps()):
            self.link_phone(self.home, replaces=str(mine[0].pk))

    def add_phone(self) -> None:
        if self.at_home():
            self.link_phone(self.home)

    def add_passkey(self) -> None:
        """One, which the device has once only: it refuses a second one for the same account."""
        if self.at_home():
            self.link_passkey(self.home)

    def let_browser_make_passkey(self) -> None:
        """After a sign-in with a code, on a device that can."""
        self.sign_in_anew()
        passkeys.add_unasked(self.home, self.account.device, self.account.person)

    def link_passkey(self, window: Window) -> bool:
        if not passkeys.add(window, self.account.device, self.account.person):
            return False
        self._keep_codes(text(window.get("/persoonlijke-gegevens/herstelcodes/")))
        return True

    def remove_passkey(self) -> None:
        if self.at_home() and (mine := passkeys.known(self.account.device, self.account.person)):
            passkeys.remove(self.home, self.account.person, which=mine)

    def remove_app(self) -> None:
        """From then on a passkey is all there is, if there is one; the last factor stays."""
        if self.at_home() and (mine := self.account.apps()):
            self.home.post(f"/persoonlijke-gegevens/twee-staps-authenticatie/{mine[0].pk}/verwijderen/")

    def make_recovery_codes(self) -> None:
        if self.at_home() and self.home.post(NEW_CODES).status_code == 302:
            self._keep_codes(text(self.home.get("/persoonlijke-gegevens/herstelcodes/")))

    def _keep_codes(self, page: str) -> None:
        if found := CODES.findall(page):
            self.account.recovery_codes = found

    def change_address(self) -> None:
        """To another mailbox of the owner, from which the link is opened."""
        new = f"eigenaar{len(self.account.addresses)}@voorbeeld.nl"
        if not self.at_home():
            return
        self.account.addresses.add(new)
        self.home.post(CHANGE_ADDRESS, {"email": new})
        if link := self.account.newest_link(ADDRESS_LINK, {new}):
            self.home.get(link)
            self.home.post(ADDRESS_LINK)

    def ask_administrator_for_address(self) -> None:
        """The same, without being signed in."""
        new = f"eigenaar{len(self.account.addresses)}@voorbeeld.nl"
        self.account.addresses.add(new)
        self.desk.set_address(new)

    # By mail.

    def choose_password_by_mail(self, between: Between = nothing) -> bool:
        """ "Wachtwoord vergeten?", with the newest link in the mailbox. Once more an hour later, when others used up
        the mails of this hour."""
        return self._choose_by_mail(between) or self._choose_by_mail(between, after=AN_HOUR)

    def _choose_by_mail(self, between: Between, after: timedelta = timedelta()) -> bool:
        self.account.clock.turn(after)
        address, window = self.account.person.email, Window("192.0.2.2")
        window.post(FORGOTTEN, {"email": address})
        between()
        link = self.account.newest_link(PASSWORD_LINK, self.account.addresses)
        if link is None or window.get(link).status_code != 302:
            return False
        new = self.new_password_text()
        between()
        window.post(SET_NEW, {"new_password1": new, "new_password2": new})
        between()
        self._took_password(new)
        self.account.forgotten = self.account.forgotten or self.account.password == new
        return self.account.password == new

    def report_what_was_not_mine(self) -> None:
        """Go through the mail: cancel what support was asked, and report the rest."""
        unexpected = [mail for mail in self.account.collect() if mail.by == "thief"]
        for mail in unexpected:
            for part in (CANCEL_SUPPORT, CANCEL_HELP, NOT_ME):
                link = mail.link(part)
                if link and mail.to in self.account.addresses:
                    Window("192.0.2.2").post(link, {"answer": "do"})
                    self.account.reported = True

    # With support.

    def ask_support(self, kind: Help) -> bool:
        """Call, prove who it is, and link a new phone with what support gives; or make a passkey, where one is required
        or was all there was."""
        window, words = Window("192.0.2.3"), self.desk.words_from(self.account.addresses)
        code = self.desk.help(kind, words=words, is_owner=True)
        if kind is Help.RESET and (link := self.account.newest_link(RECOVERY_LINK, self.account.addresses)):
            window.get(link)
        window.post(SIGN_IN, {"username": self.account.person.email, "password": self.account.password})
        if code:
            self._post(window, BRIDGE_CODE, {"code": code})
        by_passkey = self.account.demanded or self.account.kind is Kind.PASSKEY
        return is_in(window) or (self.link_passkey(window) if by_passkey else self.link_phone(window))

    def come_back(self, between: Between = nothing) -> str:
        """Everything the documents offer, the least first. Which way it was; empty when none opened the account."""
        between()
        if self.sign_in(Window("192.0.2.4")):
            return "signed in"
        if self._signs_in_somewhere(between):
            return "a known browser or a recovery code"
        between()
        self.report_what_was_not_mine()
        if self.choose_password_by_mail(between) and self._signs_in_somewhere(between):
            return "new password by mail"
        if self.account.kind is Kind.PROVIDER:
            return ""
        self.desk.look_at_reports()
        for kind in (Help.BRIDGE_CODE, Help.RESET):
            self.choose_password_by_mail(between)
            if self.ask_support(kind) or self._signs_in_somewhere(between):
                return f"support: {kind.value}"
        return ""

    def _signs_in_somewhere(self, between: Between) -> bool:
        between()
        if self.sign_in(Window("192.0.2.4")):
            return True
        between()
        return self.sign_in(self.home) or self.sign_in(Window("192.0.2.4"), by_recovery_code=True)
