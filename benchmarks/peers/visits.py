"""The same visits at the peers, through the pages that they have."""

from __future__ import annotations

from benchmarks.visits import Bare, Browser, UnexpectedAnswerError, code, secret_on


class TwoFactor(Bare):
    """django-two-factor-auth: its wizard answers the password with the page of the code itself."""

    sign_in_page = "/account/login/"
    account_page = "/account/two_factor/"

    def sign_in(self, browser: Browser, person: dict[str, str]) -> None:
        if self._password(browser, person):
            raise UnexpectedAnswerError("no code was asked")
        self._arrive(self._step(browser, "login_view", "token", otp_token=code(person["secret"])))

    def first_factor(self, browser: Browser, person: dict[str, str]) -> None:
        if not self._password(browser, person):
            raise UnexpectedAnswerError("a code was asked")

    def set_up(self, browser: Browser) -> None:
        """Its page of the account, the wizard with the QR code, the page after it, and the backup tokens."""
        browser.get(self.account_page)
        wizard = f"{self.account_page}setup/"
        browser.get(wizard)
        self._step(browser, "setup_view", "welcome", wizard)
        page = browser.text
        browser.get(f"{self.account_page}qrcode/")
        browser.text = page
        browser.get(self._step(browser, "setup_view", "generator", wizard, token=code(secret_on(page))))
        tokens = f"{self.account_page}backup/tokens/"
        browser.get(tokens)
        browser.get(browser.submit(tokens))

    def _password(self, browser: Browser, person: dict[str, str]) -> str:
        browser.get(self.sign_in_page)
        return self._step(browser, "login_view", "auth", username=person["name"], password=person["password"])

    def _step(self, browser: Browser, wizard: str, step: str, page: str = sign_in_page, **typed: str) -> str:
        fields = {f"{step}-{name}": value for name, value in typed.items()}
        return browser.submit(page, **{f"{wizard}-current_step": step}, **fields)


class Allauth(Bare):
    """django-allauth."""

    sign_in_page = "/accounts/login/"
    account_page = "/accounts/2fa/"

    def sign_in(self, browser: Browser, person: dict[str, str]) -> None:
        page = self._password(browser, person)
        browser.get(page)
        self._arrive(browser.submit(page, code=code(person["secret"])))

    def first_factor(self, browser: Browser, person: dict[str, str]) -> None:
        self._arrive(self._password(browser, person))

    def set_up(self, browser: Browser) -> None:
        """Its page of the second factor, the page with the QR code, and the recovery codes."""
        browser.get(self.account_page)
        page = "/accounts/2fa/totp/activate/"
        secret = secret_on(browser.get(page))
        browser.get(browser.submit(page, code=code(secret)))

    def _password(self, browser: Browser, person: dict[str, str]) -> str:
        browser.get(self.sign_in_page)
        return browser.submit(self.sign_in_page, login=person["name"], password=person["password"])
