"""Which sites a passkey belongs to: the relying party (W3C Web Authentication Level 3, sections 4 and 5.11)."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from accounts import ip_addresses

NAME = "Assetmaps"


def identifier() -> str:
    """The RP id: the host of `PUBLIC_URL`. A passkey is bound to it for ever, so another host means other passkeys."""
    return urlsplit(settings.PUBLIC_URL).hostname or ""


def can_have_passkeys() -> bool:
    """False where browsers offer none: at an IP address, and without TLS on another host than this machine's."""
    parts = urlsplit(settings.PUBLIC_URL)
    host = identifier()
    return bool(host) and ip_addresses.parse(host) is None and (parts.scheme == "https" or host == "localhost")


def origins() -> list[str]:
    """The origins on which an answer may be given, as browsers write them (RFC 6454); `/.well-known/webauthn` lists
    them: browsers that know of related origins then use passkeys of the RP id on each."""
    return [settings.PUBLIC_URL, *settings.PASSKEY_ORIGINS]
