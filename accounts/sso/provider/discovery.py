"""What a provider says about itself (OpenID Connect Discovery 1.0).

A description is kept when it was found right as a whole, for a minute. Once a sign-in succeeded with it, it is kept for
an hour: an authorisation endpoint, for example, shows only there whether it is right. And before somebody is refused
because of a kept one, the provider is asked anew.
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
KEPT, ASKED = "discovery", "discovery-again"
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# Refusals for which a description that changed since may be the cause. Not those that an outage explains.
MAY_HAVE_CHANGED = frozenset(
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
    """``end_session_endpoint``: empty when the provider has no sign-out of its own; ``names_itself``: each answer to
    the browser carries ``iss`` (RFC 9207); ``algorithms``: of ID tokens, as announced; ``is_proved``: a sign-in
    succeeded with it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    names_itself: bool
    algorithms: tuple[str, ...]
    is_proved: bool = field(default=False, compare=False)


def of(inquiry: Inquiry) -> Metadata:
    """The provider's description, kept or read now. Raises RefusedError."""
    kept = metadata_cache.kept(KEPT, inquiry.issuer)
    if kept is not None:
        try:
            return checked(inquiry.issuer, kept.get("document", {}), is_proved=kept.get("is_proved", False))
        except RefusedError:  # of another version of the program, or http is no longer allowed there
            metadata_cache.drop(KEPT, inquiry.issuer)
    document = read(inquiry)
    keep(inquiry.issuer, document)
    return checked(inquiry.issuer, document)


def keep(issuer: str, document: dict[str, Any], *, is_proved: bool = False) -> None:
    period = limits.SSO_METADATA if is_proved else limits.SSO_UNPROVED
    metadata_cache.keep(KEPT, issuer, found={"document": document, "is_proved": is_proved}, period=period)


def note_proof(metadata: Metadata) -> None:
    """A sign-in succeeded with it. What is kept by now may be another one; then that is left as it is."""
    kept = None if metadata.is_proved else metadata_cache.kept(KEPT, metadata.issuer)
    if kept and not kept.get("is_proved") and checked(metadata.issuer, kept["document"]) == metadata:
        keep(metadata.issuer, kept["document"], is_proved=True)


def forget(issuer: str) -> None:
    metadata_cache.drop(KEPT, issuer)


def with_second_look(metadata: Metadata, inquiry: Inquiry, step: Callable[[Metadata], T]) -> tuple[Metadata, T]:
    """Do this step; when it is refused, once more by the description as it is now, if that is another one.

    Returns the description by which it was done. Raises RefusedError.
    """
    try:
        return metadata, step(metadata)
    except RefusedError as refusal:
        fresh = _anew(inquiry) if refusal.reason in MAY_HAVE_CHANGED else None
        if fresh is None or fresh == metadata:
            raise
    return fresh, step(fresh)


def _anew(inquiry: Inquiry) -> Metadata | None:
    """At most once in `limits.SSO_KEYS_AGAIN`. None when it may not be asked, or is not right now."""
    if not inquiry.may_ask:
        return None
    if not metadata_cache.is_first_in_a_while(ASKED, inquiry.issuer, inquiry.asker, period=limits.SSO_KEYS_AGAIN):
        return None
    try:
        document = read(inquiry)
    except RefusedError:
        return None
    keep(inquiry.issuer, document)
    return checked(inquiry.issuer, document)


def read(inquiry: Inquiry) -> dict[str, Any]:
    """The whole document as the provider sends it now, after a check that it may be used. Raises RefusedError."""
    answer = http.get(inquiry.issuer.rstrip("/") + WELL_KNOWN, inquiry)
    if answer.status != 200:
        raise RefusedError(Reason.HTTP_STATUS)
    document = answer.json()
    checked(inquiry.issuer, document)
    return document


def checked(issuer: str, document: dict[str, Any], *, is_proved: bool = False) -> Metadata:
    """The part that we use. The issuer is compared sign by sign (section 4.3, ASVS 10.5.3). Raises RefusedError."""
    if document.get("issuer") != issuer:
        raise RefusedError(Reason.DISCOVERY_ISSUER)
    leading = [document.get(name) for name in NEEDED]
    leaving = document.get("end_session_endpoint") or ""
    for address in [*leading, *([leaving] if leaving else [])]:
        if not isinstance(address, str) or not address:
            raise RefusedError(Reason.DISCOVERY_INCOMPLETE)
        if not permitted_addresses.is_reachable(address):
            raise RefusedError(Reason.NOT_ENCRYPTED)
    announced = document.get("id_token_signing_alg_values_supported")
    authorization_endpoint, token_endpoint, jwks_uri = (str(address) for address in leading)
    return Metadata(
        issuer,
        authorization_endpoint,
        token_endpoint,
        jwks_uri,
        end_session_endpoint=leaving,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        algorithms=tuple(str(name) for name in announced) if isinstance(announced, list) else ("RS256",),
        is_proved=is_proved,
    )
