"""Which sites a passkey belongs to: the relying party (W3C Web Authentication Level 3, sections 4 and 5.11)."""

from __future__ import annotations

from django.conf import settings

from accounts import public_host
from accounts.public_host import can_have_passkeys

__all__ = ["NAME", "can_have_passkeys", "identifier", "origins"]
NAME = "Assetmaps"


def identifier() -> str:
    """The RP id: the host of `PUBLIC_URL`. A passkey is bound to it for ever, so another host means other passkeys."""
    return public_host.name()


def origins() -> list[str]:
    """The origins on which an answer may be given, as browsers write them (RFC 6454); `/.well-known/webauthn` lists
    them: browsers that know of related origins then use passkeys of the RP id on each."""
    return [settings.PUBLIC_URL, *settings.PASSKEY_ORIGINS]
