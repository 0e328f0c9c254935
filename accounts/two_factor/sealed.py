"""What the devices of a person hold, encrypted at rest and bound to its owner, so that a changed row is noticed."""

from __future__ import annotations

from typing import Any, ClassVar

from accounts import encryption
from accounts.sealed_rows import SealedRow


class SealedSecretMixin(SealedRow):
    """The secret that an authenticator app shares with us."""

    SEALED: ClassVar = ("sealed_secret",)
    user_id: int
    sealed_secret: Any

    def sealed_owner(self) -> str:
        return f"authenticator:{self.user_id}"

    def set_secret(self, secret: bytes) -> None:
        self.sealed_secret = encryption.seal(secret, owner=self.sealed_owner())

    def secret(self) -> bytes:
        """The key shared with the app, 20 bytes. Raises encryption.SecretUnreadableError."""
        return encryption.unseal(bytes(self.sealed_secret), owner=self.sealed_owner())


class CredentialMixin(SealedRow):
    """What is kept of a passkey: a WebAuthn credential (W3C Web Authentication Level 3, section 4)."""

    SEALED: ClassVar = ("sealed_key",)
    user_id: int
    digest: Any
    sealed_key: Any

    def sealed_owner(self) -> str:
        return f"passkey:{self.user_id}:{self.digest}"

    def set_public_key(self, key: bytes) -> None:
        """``key``: as COSE. Encrypted so that whoever can only write to the database cannot put their own in."""
        self.sealed_key = encryption.seal(key, owner=self.sealed_owner())

    def public_key(self) -> bytes:
        """Raises encryption.SecretUnreadableError, also for the key of another credential or person."""
        return encryption.unseal(bytes(self.sealed_key), owner=self.sealed_owner())
