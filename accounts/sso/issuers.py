"""The issuer identifier, from what an administrator typed or pasted."""

from __future__ import annotations

import re
from enum import Enum, auto

from accounts.unicode_text import split_address

ENTRA = "login.microsoftonline.com"
ENTRA_EARLIER = "sts.windows.net"  # issuer of version 1 tokens, which are not accepted
DISCOVERY_PATH = "/.well-known/openid-configuration"
# Shared tenants: they would accept every Microsoft account in the world.
SHARED_TENANTS = frozenset({"common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"})
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GRAPHIC = re.compile(r"[\x21-\x7e]+")


class Flaw(Enum):
    NOT_AN_ADDRESS = auto()
    NOT_ENCRYPTED = auto()
    SHARED_TENANT = auto()


class IssuerRefusedError(ValueError):
    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.name.lower())
        self.flaw = flaw


def normalise(typed: str, *, http_allowed: frozenset[str] = frozenset()) -> str:
    """The issuer, character by character as the provider writes it; Entra ID forms are completed.

    A GUID is an Entra tenant id. ``http_allowed``: host:port that may be reached over http, for development. Raises
    IssuerRefusedError.
    """
    text = typed.strip().removesuffix(DISCOVERY_PATH)
    if text.lower() in SHARED_TENANTS:
        raise IssuerRefusedError(Flaw.SHARED_TENANT)
    if _GUID.fullmatch(text.lower()):
        return _of_tenant(text.lower())
    _refuse_odd_address(text, http_allowed)
    parts = split_address(text)
    tenant = parts.path.strip("/").partition("/")[0].lower()
    if parts.hostname in (ENTRA, ENTRA_EARLIER) and tenant in SHARED_TENANTS:
        raise IssuerRefusedError(Flaw.SHARED_TENANT)
    if parts.hostname in (ENTRA, ENTRA_EARLIER) and _GUID.fullmatch(tenant):
        return _of_tenant(tenant)
    return text


def _of_tenant(tenant: str) -> str:
    return f"https://{ENTRA}/{tenant}/v2.0"


def _refuse_odd_address(text: str, http_allowed: frozenset[str]) -> None:
    try:
        parts = split_address(text)
        port = parts.port
    except ValueError:
        raise IssuerRefusedError(Flaw.NOT_AN_ADDRESS) from None
    odd = parts.username is not None or parts.query or parts.fragment or not parts.hostname
    if odd or not _GRAPHIC.fullmatch(text) or parts.scheme not in ("https", "http") or text[-1] in "?#":
        raise IssuerRefusedError(Flaw.NOT_AN_ADDRESS)
    if parts.scheme == "http" and f"{parts.hostname}:{port or 80}" not in http_allowed:
        raise IssuerRefusedError(Flaw.NOT_ENCRYPTED)
