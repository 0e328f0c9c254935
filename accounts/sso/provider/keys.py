"""The provider's public keys: from the configured set only, never from a token (ASVS 9.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts import limits
from accounts.sso.provider import http, metadata_cache
from accounts.sso.provider.discovery import Metadata
from accounts.sso.provider.http import Inquiry
from accounts.sso.refusal_reasons import Reason, RefusedError

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

    Key = RSAKey | ECKey

CACHED, REFRESHED = "keys", "keys-again"
RSA_BITS = range(2048, 16_384 + 1)  # NIST SP 800-131A; a longer one would take long to verify
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
PUBLIC_PARAMETERS = ("kty", "n", "e", "crv", "x", "y")


def matching(metadata: Metadata, kid: str | None, algorithm: str, inquiry: Inquiry) -> list[Key]:
    """The keys with this ``kid``, which may have signed a token; several when a provider uses one ``kid`` twice.

    Empty when the ``kid`` is unknown. Raises RefusedError.
    """
    cached = metadata_cache.get(CACHED, metadata.issuer, metadata.jwks_uri)
    return _choose(cached or fetch_and_cache(metadata, inquiry), kid, algorithm)


def refresh(metadata: Metadata, inquiry: Inquiry) -> bool:
    """Fetch the keys again before a token is refused: the provider may have rotated them.

    At most once in `limits.SSO_KEYS_AGAIN`, because a stranger may invent a ``kid``; False when that was too recent.
    Raises RefusedError.
    """
    if not inquiry.may_ask:
        return False
    if not metadata_cache.is_first_in_period(
        REFRESHED, metadata.issuer, inquiry.refresh_key, period=limits.SSO_KEYS_AGAIN
    ):
        return False
    fetch_and_cache(metadata, inquiry)
    return True


def fetch_and_cache(metadata: Metadata, inquiry: Inquiry) -> dict[str, Any]:
    """Raises RefusedError."""
    found = fetch(metadata, inquiry)
    metadata_cache.put(CACHED, metadata.issuer, metadata.jwks_uri, value=found, period=limits.SSO_METADATA)
    return found


def fetch(metadata: Metadata, inquiry: Inquiry) -> dict[str, Any]:
    """The JSON Web Key Set, fetched now, without unusable keys. Raises RefusedError when nothing is left."""
    answer = http.get(metadata.jwks_uri, inquiry)
    if answer.status != 200:
        raise RefusedError(Reason.HTTP_STATUS)
    listed = answer.json().get("keys")
    listed = listed[: limits.SSO_KEYS] if isinstance(listed, list) else []
    usable = [key for key in listed if _is_public_signing_key(key) and _imported(key) is not None]
    if not usable:
        raise RefusedError(Reason.KEYS_UNUSABLE)
    return {"keys": usable}


def _is_public_signing_key(key: Any) -> bool:
    """Asymmetric, without a private part, and meant for signatures."""
    if not isinstance(key, dict) or key.get("kty") not in ("RSA", "EC"):
        return False
    return key.get("use", "sig") == "sig" and "d" not in key


def _choose(document: dict[str, Any], kid: str | None, algorithm: str) -> list[Key]:
    found = [key for key in document["keys"] if _matches(key, algorithm)]
    if kid is not None:
        found = [key for key in found if key.get("kid") == kid]
    elif len(found) != 1:
        return []  # without a ``kid`` there must be one candidate
    return [key for key in map(_imported, found) if key is not None]


def _matches(key: dict[str, Any], algorithm: str) -> bool:
    if key.get("alg", algorithm) != algorithm:
        return False
    if algorithm in CURVES:
        return key.get("kty") == "EC" and key.get("crv") == CURVES[algorithm]
    return key.get("kty") == "RSA"


def _imported(key: dict[str, Any]) -> Key | None:
    """None when it is malformed or has a wrong length."""
    from joserfc.jwk import ECKey, RSAKey  # here, to save start-up time

    kind: type[Key] = RSAKey if key["kty"] == "RSA" else ECKey
    try:
        found = kind.import_key({name: value for name, value in key.items() if name in PUBLIC_PARAMETERS})
        bits = found.public_key.key_size
    except Exception:  # the library may raise anything for a malformed key
        return None
    return None if isinstance(found, RSAKey) and bits not in RSA_BITS else found
