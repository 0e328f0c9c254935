"""The attacker, who has one stolen means, any number of browsers, and a script that repeats requests."""

from __future__ import annotations

import base64
from datetime import timedelta

from accounts import limits
from accounts.support.models import Kind as Help
from tests.accounts.state_machine import passkeys
from tests.accounts.state_machine.desk import Desk
from tests.accounts.state_machine.model import (
    ADDRESS_LINK,
    CANCEL_HELP,
    CANCEL_SUPPORT,
    NOT_ME,
    PASSWORD_LINK,
    RECOVERY_LINK,
    Account,
    Means,
    Phone,
)
from tests.accounts.state_machine.owner import (
    BRIDGE_CODE,
    CHANGE_ADDRESS,
    CHANGE_PASSWORD,
    FORGOTTEN,
    NEW_CODES,
    SET_NEW,
)
from tests.accounts.state_machine.window import Window
from tests.codes import wrong_code_of
from tests.pages import ACTIVATE, CODE, CONFIRM, SIGN_IN, groups_of_the_secret, text
from tests.passkeys_client import Device

OWN_ADDRESS = "dief@elders.nl"
OWN_PASSWORD = "de lange zin van de dief"
LAST_WINDOWS = 3  # looked at after every step


class Thief:
    """``stolen``: a copy of the owner's browser, for whom that is the means; ``presses_on``: what is done again and
    again between the owner's steps."""

    def __init__(self, account: Account, desk: Desk, home: Window) -> None:
        self.account, self.desk = account, desk
        self.windows: list[Window] = []
        self.stolen = home.copy("203.0.113.1") if account.means is Means.SESSION else None
        self.password = account.password if account.means is Means.PASSWORD else ""
        self.phone = account.phones[0] if account.means is Means.PHONE and account.phones else None
        self.mailboxes = set(account.addresses) if account.means is Means.MAILBOX else set()
        self.code_of_support = ""
        self.device = Device()
        self.presses_on: set[str] = set()
        self._places = 0

    def window(self) -> Window:
        """A fresh one, from a network that nobody has counted yet."""
        self._places += 1
        made = Window(f"203.0.113.{self._places % 200 + 10}")
        self.windows = [*self.windows, made][-LAST_WINDOWS:]
        return made

    # Without anything.

    def ask_for_a_link(self, times: int = 1) -> None:
        self.presses_on.add("ask_for_a_link")
        for _ in range(times):
            self.window().post(FORGOTTEN, {"email": self.account.person.email})

    def guess_passwords(self) -> None:
        """Until the waits are as long as they get."""
        self.presses_on.add("guess_password")
        for wait in (0, 0, 0, 0, 0, 1, 1, 3, 5, 9, 17, 33, 61):
            self.account.clock.turn(timedelta(minutes=wait))
            self.guess_password()

    def guess_password(self) -> None:
        self.window().post(SIGN_IN, {"username": self.account.person.email, "password": "een gegokte lange zin"})

    def press_on(self) -> None:
        """Once more what was done before: a thief does not stop because the owner has begun."""
        self.account.act("thief")
        if "guess_password" in self.presses_on:
            self.guess_password()
        if "sign_in" in self.presses_on:
            self.sign_in()
        self.use_own_passkey()
        if "ask_for_a_link" in self.presses_on:
            self.ask_for_a_link(limits.RESET_MAILS)
        self.account.act("owner")

    # With a password, the own or one that was set by mail.

    def sign_in(self) -> Window:
        self.presses_on.add("sign_in")
        window = self.window()
        window.post(SIGN_IN, {"username": self.account.person.email, "password": self.password})
        return window

    def sign_in_too_often(self) -> None:
        """More sign-ins than there may be sessions."""
        for _ in range(limits.SESSIONS_AT_ONCE + 1):
            self.sign_in()

    def guess_codes(self, times: int = limits.CODE_FREE_FAILURES) -> None:
        if self.account.apps():
            wrong, window = wrong_code_of(self.account.person), self.sign_in()
            for _ in range(times):
                window.post(CODE, {"code": wrong})

    def guess_and_have_it_lifted(self) -> None:
        """Round after round, each followed by a call: "I typed it wrongly, can you lift the wait?"."""
        before = -1
        while before < self.account.judged_guesses() <= limits.CODE_CAP + limits.CODE_FREE_FAILURES:
            before = self.account.judged_guesses()
            self.guess_codes()
            self.desk.help(Help.LIFT_WAIT)

    def replay(self) -> None:
        """What the owner typed a moment ago, read over the shoulder."""
        window = self.sign_in()
        for page, posted in self.account.used.items():
            window.post(page, posted)

    def try_an_early_code(self) -> None:
        """A guess that is told to be a few minutes early is typed again when its time has come."""
        if not self.account.phones:
            return
        early, ahead = self.account.phones[0].code(ahead=limits.TOTP_STEP * 6), limits.TOTP_STEP * 6
        self.sign_in().post(CODE, {"code": early})
        self.account.clock.turn(ahead)
        self.sign_in().post(CODE, {"code": early})

    def type_code_of_the_phone(self) -> None:
        if self.phone:
            window = self.sign_in()
            window.post(CODE, {"code": self.phone.code()})

    def ask_for_help(self) -> None:
        self.sign_in().post("/inloggen/telefoon-kwijt/")

    def ask_for_the_link_again(self) -> None:
        self.sign_in().post("/inloggen/nieuwe-telefoon/")

    # With a mailbox.

    def choose_password_by_mail(self, *, asks: bool = True) -> None:
        window = self.window()
        if asks:
            window.post(FORGOTTEN, {"email": self.account.person.email})
        link = self.account.newest_link(PASSWORD_LINK, self.mailboxes)
        if link and window.get(link).status_code == 302:
            window.post(SET_NEW, {"new_password1": OWN_PASSWORD, "new_password2": OWN_PASSWORD})
            if self.account.person.check_password(OWN_PASSWORD):
                self.password, self.account.forgotten = OWN_PASSWORD, True

    def follow_recovery_link(self) -> None:
        """Of a reset: open it, show the password, and link the own phone."""
        if link := self.account.newest_link(RECOVERY_LINK, self.mailboxes):
            window = self.window()
            window.get(link)
            window.post(SIGN_IN, {"username": self.account.person.email, "password": self.password})
            self.link_own_device(window)

    def press(self, part: str) -> None:
        """The answer "no, this was not me" to every mail in the mailbox, and the like."""
        for mail in list(self.account.collect()):
            link = mail.link(part)
            if link and mail.to in self.mailboxes:
                self.window().post(link, {"answer": "do"})

    def report(self) -> None:
        self.press(NOT_ME)

    def cancel(self) -> None:
        self.press(CANCEL_SUPPORT)
        self.press(CANCEL_HELP)

    # With support.

    def call(self, kind: Help) -> None:
        """As if it were the owner; reads the words out who can read the mailbox."""
        words = self.desk.words_from(self.mailboxes) if self.mailboxes else None
        self.code_of_support = self.desk.help(kind, words=words) or self.code_of_support

    def use_code_of_support(self) -> None:
        window = self.sign_in()
        window.post(BRIDGE_CODE, {"code": self.code_of_support})
        self.link_own_device(window)

    # In a session.

    def link_own_device(self, window: Window) -> None:
        """A passkey and a phone: whatever the page takes."""
        passkeys.add(window, self.device, self.account.person)
        self.link_own_phone(window)

    def link_own_phone(self, window: Window) -> None:
        window.post(ACTIVATE)
        if secret := groups_of_the_secret(text(window.get(CONFIRM))):
            window.post(CONFIRM, {"code": Phone(base64.b32decode(secret)).code()})

    def use_own_passkey(self) -> None:
        """Once it was bound to the account."""
        if self.device.credentials:
            passkeys.sign_in(self.window(), self.device)

    def take_over(self, window: Window) -> None:
        """Bind to the account whatever it lets one bind."""
        passkeys.add_unasked(window, self.device, self.account.person)
        self.link_own_device(window)
        typed = {"new_password1": OWN_PASSWORD, "new_password2": OWN_PASSWORD}
        window.post(CHANGE_PASSWORD, {"old_password": self.password, **typed})
        if self.account.person.check_password(OWN_PASSWORD):
            self.password = OWN_PASSWORD
        self.move_address(window)
        window.post(NEW_CODES)
        if not self.account.opens_by_itself:
            passkeys.remove(window, self.account.person)

    def move_address(self, window: Window) -> None:
        window.post(CHANGE_ADDRESS, {"email": OWN_ADDRESS})
        if link := self.account.newest_link(ADDRESS_LINK, {OWN_ADDRESS}):
            window.get(link)
            window.post(ADDRESS_LINK)
