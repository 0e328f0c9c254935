"""Chromium's virtual authenticator: the lock of the device, or a key in a USB port, whose owner a test plays.

Of the DevTools protocol, domain WebAuthn. Chromium alone has it.
"""

from __future__ import annotations

import time
from typing import Any, Literal

from playwright.sync_api import CDPSession, Page

SECONDS = 10
Transport = Literal["internal", "usb"]


class Device:
    """``transport``: "internal" for the lock of the device itself, "usb" for a key; ``verifies``: does its owner show
    finger, face or PIN; ``keeps``: can it be found without the person having been named."""

    def __init__(
        self,
        page: Page,
        transport: Transport = "internal",
        *,
        verifies: bool = True,
        keeps: bool = True,
        session: CDPSession | None = None,
    ) -> None:
        self.session = session or page.context.new_cdp_session(page)
        if session is None:
            self._send("enable", enableUI=False)
        options = {
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": keeps,
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        self.id: str = self._send("addVirtualAuthenticator", options=options)["authenticatorId"]

    def beside(self, transport: Transport, **options: Any) -> Device:
        """One more on the same page."""
        return Device(None, transport, session=self.session, **options)  # type: ignore[arg-type]

    def _send(self, method: str, **values: Any) -> dict[str, Any]:
        return self.session.send(f"WebAuthn.{method}", values)

    @property
    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._send("getCredentials", authenticatorId=self.id)["credentials"]
        return found

    def comes_to_hold(self, *names: str) -> None:
        """Passkeys under these names. What a page tells the browser is done behind its back, so soon."""
        until = time.monotonic() + SECONDS
        while (held := [one["userName"] for one in self.credentials]) != list(names):
            assert time.monotonic() < until, f"{held}, not {names}"
            time.sleep(0.05)

    def be_touched(self, touched: bool) -> None:
        """Without it the dialog stays open until it is cancelled or too late."""
        self._send("setAutomaticPresenceSimulation", authenticatorId=self.id, enabled=touched)

    def be_recognised(self, recognised: bool) -> None:
        """Is it the owner's finger?"""
        self._send("setUserVerified", authenticatorId=self.id, isUserVerified=recognised)

    def answer_wrongly(self, *, signature: bool = False, presence: bool = False, verification: bool = False) -> None:
        """From now on with a signature that does not fit, or without the flag that somebody was there, or was verified;
        rightly again without any."""
        bits = {"isBogusSignature": signature, "isBadUP": presence, "isBadUV": verification}
        self._send("setResponseOverrideBits", authenticatorId=self.id, **bits)

    def learn(self, credential: dict[str, Any]) -> None:
        """One of `credentials`, of this device or another, as somebody who copied it has it."""
        self._send("addCredential", authenticatorId=self.id, credential=credential)

    def forget(self) -> None:
        self._send("clearCredentials", authenticatorId=self.id)

    def be_lost(self) -> None:
        self._send("removeVirtualAuthenticator", authenticatorId=self.id)
