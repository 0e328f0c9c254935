"""What a provider says about itself (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.sso.provider import http, memory
from accounts.sso.reasons import Reason, RefusedError

WELL_KNOWN = "/.well-known/openid-configuration"
KEPT = "discovery"
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True)
class Metadata:
    """``end_session_endpoint``: empty when the provider has no sign-out of its own; ``names_itself``: each answer to
    the browser carries ``iss`` (RFC 9207); ``algorithms``: of ID tokens, as announced."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    names_itself: bool
    algorithms: tuple[str, ...]


def of(issuer: str, until: float, *, anew: bool = False) -> Metadata:
    """The provider's description, kept for `limits.SSO_METADATA`. Raises RefusedError."""
    return checked(issuer, memory.remembered(KEPT, issuer, make=lambda: read(issuer, until), anew=anew))


def read(issuer: str, until: float) -> dict[str, Any]:
    """The whole document as the provider sends it now, after a check that it may be used. Raises RefusedError."""
    answer = http.get(issuer.rstrip("/") + WELL_KNOWN, until)
    if answer.status != 200:
        raise RefusedError(Reason.HTTP_STATUS)
    document = answer.json()
    checked(issuer, document)
    return document


def checked(issuer: str, document: dict[str, Any]) -> Metadata:
    """The part that we use. The issuer is compared sign by sign (section 4.3, ASVS 10.5.3). Raises RefusedError."""
    if document.get("issuer") != issuer:
        raise RefusedError(Reason.DISCOVERY_ISSUER)
    addresses = [document.get(name) for name in NEEDED]
    leaving = document.get("end_session_endpoint") or ""
    for address in [*addresses, *([leaving] if leaving else [])]:
        if not isinstance(address, str) or not address:
            raise RefusedError(Reason.DISCOVERY_INCOMPLETE)
        if not http.is_reachable_address(address):
            raise RefusedError(Reason.NOT_ENCRYPTED)
    announced = document.get("id_token_signing_alg_values_supported")
    authorization_endpoint, token_endpoint, jwks_uri = (str(address) for address in addresses)
    return Metadata(
        issuer,
        authorization_endpoint,
        token_endpoint,
        jwks_uri,
        end_session_endpoint=leaving,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        algorithms=tuple(str(name) for name in announced) if isinstance(announced, list) else ("RS256",),
    )
