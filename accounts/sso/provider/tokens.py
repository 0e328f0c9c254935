"""ID tokens and logout tokens: no claim is trusted before the signature is verified (ASVS 9.1, 9.2, 10.5).

OpenID Connect Core 1.0 section 3.1.3.7; OpenID Connect Back-Channel Logout 1.0 section 2.6. joserfc verifies the
signature; the claims are validated here, because its registry accepts an empty ``sub`` and several audiences.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any, TypeGuard

from django.utils.crypto import constant_time_compare

from accounts import limits
from accounts.sso.provider import keys
from accounts.sso.provider.client import TokenResponse
from accounts.sso.provider.discovery import Metadata
from accounts.sso.provider.http import Inquiry
from accounts.sso.provider.responses import refuse_lone_surrogates
from accounts.sso.refusal_reasons import Reason, RefusedError

# Asymmetric, with a hash of 256 bits or more (ASVS 9.1.2, 11.4.3).
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TYPE = "logout+jwt"
SKEW = limits.SSO_SKEW.total_seconds()
Claims = dict[str, Any]


@dataclass(frozen=True)
class IdToken:
    """``authenticated_at``: ``auth_time`` in seconds since 1970, or None; ``session``: ``sid``, or empty; ``claims``:
    all, for assurance and provisioning."""

    subject: str
    session: str
    authenticated_at: float | None
    claims: Claims


@dataclass(frozen=True)
class LogoutToken:
    """``subject`` (``sub``), ``session`` (``sid``) or both are filled."""

    subject: str
    session: str
    jti: str


def id_token(exchanged: TokenResponse, metadata: Metadata, client_id: str, nonce: str, inquiry: Inquiry) -> IdToken:
    """The validated token. Raises RefusedError with the first error."""
    raw, types = exchanged.id_token, ("jwt", "")
    claims = _verified(raw, metadata, client_id, types, inquiry)
    algorithm, _kid = _algorithm_and_key_id(raw, types)
    _check_hash(claims, "at_hash", exchanged.access_token, algorithm)
    _check_hash(claims, "c_hash", exchanged.code, algorithm)
    if "events" in claims:
        raise RefusedError(Reason.TOKEN_TYPE)  # a logout token without its type
    sent = claims.get("nonce")
    if not nonce or not isinstance(sent, str) or not constant_time_compare(sent, nonce):
        raise RefusedError(Reason.NONCE)
    authenticated_at = claims.get("auth_time")
    if authenticated_at is not None and not _is_time(authenticated_at):
        raise RefusedError(Reason.AUTHENTICATION_TIME)
    return IdToken(_subject(claims), _text(claims, "sid"), authenticated_at, claims)


def logout_token(raw: str, metadata: Metadata, client_id: str, inquiry: Inquiry) -> LogoutToken:
    """The validated token. Raises RefusedError with the first error."""
    return _logout_claims(_verified(raw, metadata, client_id, (LOGOUT_TYPE,), inquiry))


def precheck_logout_token(raw: str, issuer: str, client_id: str) -> None:
    """Check everything that needs no keys, before the keys are fetched. Nothing in the token is trusted afterwards:
    anybody can make one that passes. Raises RefusedError."""
    _algorithm_and_key_id(raw, (LOGOUT_TYPE,))
    claims = _decoded_part(raw, 1)
    _check_claims(claims, issuer, client_id)
    _logout_claims(claims)


def _logout_claims(claims: Claims) -> LogoutToken:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict) or "nonce" in claims:
        raise RefusedError(Reason.LOGOUT_TOKEN)
    subject = _subject(claims) if "sub" in claims else ""
    session, jti = _text(claims, "sid"), _text(claims, "jti")
    if not jti or not (subject or session):
        raise RefusedError(Reason.LOGOUT_TOKEN)
    return LogoutToken(subject, session, jti)


def _verified(raw: str, metadata: Metadata, client_id: str, types: tuple[str, ...], inquiry: Inquiry) -> Claims:
    algorithm, kid = _algorithm_and_key_id(raw, types)
    if algorithm not in metadata.algorithms:
        raise RefusedError(Reason.ALGORITHM)
    known = keys.matching(metadata, kid, algorithm, inquiry)
    claims = _verify_signature(raw, known, algorithm)
    if claims is None and keys.refresh(metadata, inquiry):
        known = keys.matching(metadata, kid, algorithm, inquiry)
        claims = _verify_signature(raw, known, algorithm)
    if claims is None:
        raise RefusedError(Reason.SIGNATURE if known else Reason.UNKNOWN_KEY)
    _check_claims(claims, metadata.issuer, client_id)
    return claims


def _verify_signature(raw: str, known: list[keys.Key], algorithm: str) -> Claims | None:
    """The claims, when one of the keys made the signature; otherwise None."""
    # here, to save start-up time
    from joserfc import jwt
    from joserfc.errors import JoseError

    for key in known:
        try:
            return jwt.decode(raw, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
    return None


def _algorithm_and_key_id(raw: str, types: tuple[str, ...]) -> tuple[str, str | None]:
    """``alg`` and ``kid`` of the header. Raises RefusedError when the token has another type, or critical extensions
    (RFC 7515 section 4.1.11)."""
    header = _decoded_part(raw, 0)
    algorithm, kind, kid = header.get("alg"), header.get("typ", ""), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise RefusedError(Reason.ALGORITHM)
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in types:
        raise RefusedError(Reason.TOKEN_TYPE)
    if "crit" in header or "b64" in header or not isinstance(kid, str | None):
        raise RefusedError(Reason.MALFORMED)
    return algorithm, kid


def _decoded_part(raw: str, number: int) -> dict[str, Any]:
    """``number``: 0 for the header, 1 for the claims; both unverified. Raises RefusedError."""
    if not isinstance(raw, str) or len(raw) > limits.SSO_LONGEST_TOKEN or raw.count(".") != 2 or not raw.isascii():
        raise RefusedError(Reason.MALFORMED)
    from joserfc.util import urlsafe_b64decode  # here, to save start-up time

    try:
        part = json.loads(urlsafe_b64decode(raw.split(".")[number].encode()))
    except (ValueError, binascii.Error, RecursionError):
        raise RefusedError(Reason.MALFORMED) from None
    if not isinstance(part, dict):
        raise RefusedError(Reason.MALFORMED)
    return part


def _check_hash(claims: Claims, name: str, value: str, algorithm: str) -> None:
    """``at_hash`` and ``c_hash`` are optional in the code flow, and checked when present: the left half of the hash of
    the signature algorithm (OpenID Connect Core sections 3.1.3.6 to 3.1.3.8, 3.3.2.11). Raises RefusedError."""
    if name not in claims:
        return
    from joserfc.util import urlsafe_b64encode  # here, to save start-up time

    sent = claims[name]
    digest = hashlib.new(f"sha{algorithm[2:]}", value.encode()).digest()
    expected = urlsafe_b64encode(digest[: len(digest) // 2]).decode()
    if not isinstance(sent, str) or not value or not constant_time_compare(sent, expected):
        raise RefusedError(Reason.TOKEN_HASH)


def _check_claims(claims: Claims, issuer: str, client_id: str) -> None:
    _check_texts(claims)
    _check_parties(claims, issuer, client_id)
    _check_times(claims)


def _check_texts(claims: Claims) -> None:
    try:
        refuse_lone_surrogates(claims)
    except (ValueError, RecursionError):
        raise RefusedError(Reason.MALFORMED) from None


def _check_parties(claims: Claims, issuer: str, client_id: str) -> None:
    if claims.get("iss") != issuer:
        raise RefusedError(Reason.ISSUER)
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if client_id not in listed:
        raise RefusedError(Reason.AUDIENCE)
    party = claims.get("azp")
    if (party is not None or len(listed) > 1) and party != client_id:
        raise RefusedError(Reason.AUTHORISED_PARTY)


def _check_times(claims: Claims) -> None:
    now = time.time()
    expires, issued = claims.get("exp"), claims.get("iat")
    if not _is_time(expires) or expires <= now - SKEW:
        raise RefusedError(Reason.EXPIRED)
    if not _is_time(issued) or issued > now + SKEW:
        raise RefusedError(Reason.TOO_EARLY)
    if "nbf" in claims and (not _is_time(claims["nbf"]) or claims["nbf"] > now + SKEW):
        raise RefusedError(Reason.TOO_EARLY)
    if issued < now - limits.SSO_TOKEN_AGE.total_seconds() - SKEW:
        raise RefusedError(Reason.TOO_OLD)


def _is_time(value: object) -> TypeGuard[float]:
    """Is it a number of seconds since 1970: finite, and no boolean?"""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53


def _subject(claims: Claims) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.strip() or len(subject) > limits.SSO_LONGEST_SUBJECT:
        raise RefusedError(Reason.SUBJECT)
    if not subject.isprintable():
        raise RefusedError(Reason.SUBJECT)  # PostgreSQL stores no NUL character, and a log entry must stay one line
    return subject


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name, "")
    return value if isinstance(value, str) and len(value) <= limits.SSO_LONGEST_SUBJECT else ""
