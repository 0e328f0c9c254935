"""The provider's metadata (OpenID Connect Discovery 1.0).

A valid discovery document is cached for a minute; for an hour once a sign-in succeeded with it, because only that shows
whether, for example, the authorization endpoint is right. Before somebody is refused because of cached metadata, the
document is fetched again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from accounts import limits
from accounts.sso.provider import http, metadata_cache, permitted_addresses
from accounts.sso.provider.http import Inquiry
from accounts.sso.refusal_reasons import Reason, RefusedError

WELL_KNOWN = "/.well-known/openid-configuration"
CACHED, REFRESHED = "discovery", "discovery-again"
REQUIRED_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# Refusals that changed metadata may explain. Not those that an outage explains.
REFRESH_REASONS = frozenset(
    {
        Reason.ANSWER_ISSUER,
        Reason.HTTP_STATUS,
        Reason.NOT_JSON,
        Reason.REDIRECTED,
        Reason.TOO_LARGE,
        Reason.OUR_SECRET,
        Reason.CODE_REFUSED,
        Reason.EXCHANGE_REFUSED,
        Reason.NO_ID_TOKEN,
        Reason.ALGORITHM,
        Reason.KEYS_UNUSABLE,
        Reason.UNKNOWN_KEY,
        Reason.SIGNATURE,
    }
)
T = TypeVar("T")


@dataclass(frozen=True)
class Metadata:
    """``end_session_endpoint``: empty when the provider has no logout; ``sends_issuer``: every authentication response
    carries ``iss`` (RFC 9207); ``algorithms``: of ID tokens, as announced; ``is_proven``: a sign-in succeeded with
    it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    sends_issuer: bool
    algorithms: tuple[str, ...]
    is_proven: bool = field(default=False, compare=False)


def metadata_for(inquiry: Inquiry) -> Metadata:
    """The provider's metadata, cached or fetched now. Raises RefusedError."""
    cached = metadata_cache.get(CACHED, inquiry.issuer)
    if cached is not None:
        try:
            return validated(inquiry.issuer, cached.get("document", {}), is_proven=cached.get("is_proved", False))
        except RefusedError:  # cached by another version, or http is no longer allowed there
            metadata_cache.delete(CACHED, inquiry.issuer)
    document = fetch(inquiry)
    store(inquiry.issuer, document)
    return validated(inquiry.issuer, document)


def store(issuer: str, document: dict[str, Any], *, is_proven: bool = False) -> None:
    period = limits.SSO_METADATA if is_proven else limits.SSO_UNPROVED
    metadata_cache.put(CACHED, issuer, value={"document": document, "is_proved": is_proven}, period=period)


def mark_proven(metadata: Metadata) -> None:
    """A sign-in succeeded with this metadata: cache it longer, unless other metadata was cached meanwhile."""
    cached = None if metadata.is_proven else metadata_cache.get(CACHED, metadata.issuer)
    if cached and not cached.get("is_proved") and validated(metadata.issuer, cached["document"]) == metadata:
        store(metadata.issuer, cached["document"], is_proven=True)


def forget(issuer: str) -> None:
    metadata_cache.delete(CACHED, issuer)


def retry_with_fresh_metadata(
    metadata: Metadata, inquiry: Inquiry, step: Callable[[Metadata], T]
) -> tuple[Metadata, T]:
    """Do this step; when it is refused, once more with freshly fetched metadata, if that differs.

    Returns the metadata that was used. Raises RefusedError.
    """
    try:
        return metadata, step(metadata)
    except RefusedError as refusal:
        fresh = _refreshed(inquiry) if refusal.reason in REFRESH_REASONS else None
        if fresh is None or fresh == metadata:
            raise
    return fresh, step(fresh)


def _refreshed(inquiry: Inquiry) -> Metadata | None:
    """Metadata fetched now, at most once in `limits.SSO_KEYS_AGAIN`; None when that may not be done or fails."""
    if not inquiry.may_ask:
        return None
    if not metadata_cache.is_first_in_period(
        REFRESHED, inquiry.issuer, inquiry.refresh_key, period=limits.SSO_KEYS_AGAIN
    ):
        return None
    try:
        document = fetch(inquiry)
    except RefusedError:
        return None
    store(inquiry.issuer, document)
    return validated(inquiry.issuer, document)


def fetch(inquiry: Inquiry) -> dict[str, Any]:
    """The whole discovery document, fetched now and validated. Raises RefusedError."""
    answer = http.get(inquiry.issuer.rstrip("/") + WELL_KNOWN, inquiry)
    if answer.status != 200:
        raise RefusedError(Reason.HTTP_STATUS)
    document = answer.json()
    validated(inquiry.issuer, document)
    return document


def validated(issuer: str, document: dict[str, Any], *, is_proven: bool = False) -> Metadata:
    """The part that is used. The issuer must be identical (section 4.3, ASVS 10.5.3). Raises RefusedError."""
    if document.get("issuer") != issuer:
        raise RefusedError(Reason.DISCOVERY_ISSUER)
    endpoints = [document.get(name) for name in REQUIRED_ENDPOINTS]
    end_session = document.get("end_session_endpoint") or ""
    for address in [*endpoints, *([end_session] if end_session else [])]:
        if not isinstance(address, str) or not address:
            raise RefusedError(Reason.DISCOVERY_INCOMPLETE)
        if not permitted_addresses.is_permitted(address):
            raise RefusedError(Reason.NOT_ENCRYPTED)
    announced = document.get("id_token_signing_alg_values_supported")
    authorization_endpoint, token_endpoint, jwks_uri = (str(address) for address in endpoints)
    return Metadata(
        issuer,
        authorization_endpoint,
        token_endpoint,
        jwks_uri,
        end_session_endpoint=end_session,
        sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        algorithms=tuple(str(name) for name in announced) if isinstance(announced, list) else ("RS256",),
        is_proven=is_proven,
    )
