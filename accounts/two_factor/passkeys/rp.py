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
    """The origins on which an answer may be given: that of `PUBLIC_URL`, and those of `PASSKEY_ORIGINS`."""
    return [_origin(settings.PUBLIC_URL), *related_origins()]


def related_origins() -> list[str]:
    """Other hosts of this portal, whose browsers may use passkeys of the RP id; `/.well-known/webauthn` lists them."""
    return [_origin(one) for one in settings.PASSKEY_ORIGINS]


def _origin(address: str) -> str:
    """As browsers write it (RFC 6454): without a path, and without the port that belongs to the scheme."""
    parts = urlsplit(address)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    port = f":{parts.port}" if parts.port and parts.port != usual else ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}{port}"
