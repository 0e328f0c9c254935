"""The issuer identifier, from what an administrator pasted: a tenant id, a mail domain, or one of several addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any

from accounts.sso.refusal_reasons import RefusedError
from accounts.unicode_text import split_address

ENTRA = "login.microsoftonline.com"
ENTRA_EARLIER = "sts.windows.net"  # issuer of version 1 tokens, which are not accepted
DISCOVERY_PATH = "/.well-known/openid-configuration"
# Shared tenants: they would accept every Microsoft account in the world.
SHARED_TENANTS = frozenset({"common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"})
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_GRAPHIC = re.compile(r"[\x21-\x7e]+")


class Flaw(Enum):
    NOT_AN_ADDRESS = auto()
    NOT_ENCRYPTED = auto()
    SHARED_TENANT = auto()
    NO_TENANT = auto()  # Entra ID knows no organisation with this mail domain


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


def tenant_of(issuer: str) -> str:
    """The tenant id of an issuer of Entra ID; of another issuer the issuer itself."""
    tenant = issuer.removeprefix(f"https://{ENTRA}/").removesuffix("/v2.0")
    return tenant if _GUID.fullmatch(tenant) else issuer


def look_up(
    typed: str,
    document: Callable[[str], Mapping[str, Any]],
    *,
    for_entra: bool = False,
    http_allowed: frozenset[str] = frozenset(),
) -> str:
    """As `normalise`, and asks the provider where what was typed is not yet its issuer: with ``for_entra`` a mail
    domain for its tenant, an address for the slash at its end.

    ``document``: reads the discovery document of an issuer; may raise RefusedError. Raises IssuerRefusedError.
    """
    domain = typed.strip().rpartition("@")[2].lower()
    if for_entra and _DOMAIN.fullmatch(domain):
        return _tenant_with(domain, document)
    issuer = normalise(typed, http_allowed=http_allowed)
    try:
        own = document(issuer).get("issuer")
    except RefusedError:
        return issuer  # the check of the provider tells the reason
    return own if isinstance(own, str) and own.rstrip("/") == issuer.rstrip("/") else issuer


def _tenant_with(domain: str, document: Callable[[str], Mapping[str, Any]]) -> str:
    """Entra ID takes a mail domain of the organisation in the place of the tenant id and answers with the id
    (https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc)."""
    try:
        issuer = str(document(_of_tenant(domain)).get("issuer"))
    except RefusedError:
        raise IssuerRefusedError(Flaw.NO_TENANT) from None
    if issuer != _of_tenant(tenant_of(issuer)) or tenant_of(issuer) in SHARED_TENANTS:
        raise IssuerRefusedError(Flaw.NO_TENANT)
    return issuer


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
