"""Firefox's virtual authenticator: the lock of the device, or a key in a USB port, whose owner a test plays.

Of WebDriver's extension for Web Authentication (level 3, section 11), which Firefox has in Marionette. It belongs to
the whole browser, not to a page.
"""

from __future__ import annotations

from typing import Any, Literal

from tests.browser.firefox.marionette import Marionette

PREFERENCES = {
    "security.webauth.webauthn_enable_softtoken": True,  # virtual authenticators
    "security.webauth.webauthn_enable_usbtoken": False,  # and no others: nobody is asked to touch a real one
    "signon.rememberSignons": True,  # passkeys are in the list of the password manager, which Playwright switches off
}


class Device:
    """``consents``: its owner agrees, and does not press Cancel; ``verifies``: with the right finger, face or PIN."""

    def __init__(
        self,
        marionette: Marionette,
        transport: Literal["internal", "usb"] = "internal",
        *,
        consents: bool = True,
        verifies: bool = True,
    ) -> None:
        self.marionette = marionette
        options = {"isUserConsenting": consents, "isUserVerified": verifies}
        able = {"protocol": "ctap2_1", "transport": transport, "hasResidentKey": True, "hasUserVerification": True}
        self.id: str = marionette.send("WebAuthn:AddVirtualAuthenticator", **able, **options)
        self.is_lost = False

    def _send(self, name: str, **values: Any) -> Any:
        return self.marionette.send(f"WebAuthn:{name}", authenticatorId=self.id, **values)

    @property
    def credentials(self) -> list[dict[str, Any]]:
        """With the private keys, so that a test can copy them."""
        found: list[dict[str, Any]] = self._send("GetCredentials")
        return found

    def keep(self, credential: dict[str, Any]) -> None:
        """One that another device has, or nobody."""
        self._send("AddCredential", credentials=credential)

    def be_lost(self) -> None:
        self._send("RemoveVirtualAuthenticator")
        self.is_lost = True
