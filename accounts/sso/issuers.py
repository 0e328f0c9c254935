"""What an administrator pastes as "the provider", as the issuer that it means."""

from __future__ import annotations

import re
from enum import Enum, auto

from accounts.unicode_text import split_address

ENTRA = "login.microsoftonline.com"
ENTRA_EARLIER = "sts.windows.net"  # of tokens of version 1, which we do not take
DOCUMENT = "/.well-known/openid-configuration"
# Everybody's tenants: with them any Microsoft account in the world would be one of this organisation.
SHARED = frozenset({"common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"})
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


def normalise(typed: str, *, plain_allowed: frozenset[str] = frozenset()) -> str:
    """The issuer, sign by sign as the provider writes it, except for what only Entra pages show otherwise.

    A GUID is an Entra tenant id. ``plain_allowed``: host:port that may be reached over http, for development. Raises
    IssuerRefusedError.
    """
    text = typed.strip().removesuffix(DOCUMENT)
    if text.lower() in SHARED:
        raise IssuerRefusedError(Flaw.SHARED_TENANT)
    if _GUID.fullmatch(text.lower()):
        return _of_tenant(text.lower())
    _refuse_odd_address(text, plain_allowed)
    parts = split_address(text)
    tenant = parts.path.strip("/").partition("/")[0].lower()
    if parts.hostname in (ENTRA, ENTRA_EARLIER) and tenant in SHARED:
        raise IssuerRefusedError(Flaw.SHARED_TENANT)
    if parts.hostname in (ENTRA, ENTRA_EARLIER) and _GUID.fullmatch(tenant):
        return _of_tenant(tenant)
    return text


def _of_tenant(tenant: str) -> str:
    return f"https://{ENTRA}/{tenant}/v2.0"


def _refuse_odd_address(text: str, plain_allowed: frozenset[str]) -> None:
    try:
        parts = split_address(text)
        port = parts.port
    except ValueError:
        raise IssuerRefusedError(Flaw.NOT_AN_ADDRESS) from None
    odd = parts.username is not None or parts.query or parts.fragment or not parts.hostname
    if odd or not _GRAPHIC.fullmatch(text) or parts.scheme not in ("https", "http") or text[-1] in "?#":
        raise IssuerRefusedError(Flaw.NOT_AN_ADDRESS)
    if parts.scheme == "http" and f"{parts.hostname}:{port or 80}" not in plain_allowed:
        raise IssuerRefusedError(Flaw.NOT_ENCRYPTED)
