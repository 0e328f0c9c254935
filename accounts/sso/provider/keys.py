"""The provider's public keys: from the configured set only, never from a token (ASVS 9.1.3)."""

from __future__ import annotations

from typing import Any

from joserfc.jwk import ECKey, RSAKey

from accounts import limits
from accounts.sso.provider import http, metadata_cache
from accounts.sso.provider.discovery import Metadata
from accounts.sso.provider.http import Inquiry
from accounts.sso.refusal_reasons import Reason, RefusedError

KEPT, ASKED = "keys", "keys-again"
RSA_BITS = range(2048, 16_384 + 1)  # NIST SP 800-131A; a longer one would take long to verify
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
PARTS = ("kty", "n", "e", "crv", "x", "y")
Key = RSAKey | ECKey


def fitting(metadata: Metadata, kid: str | None, algorithm: str, inquiry: Inquiry) -> list[Key]:
    """The keys that a token may be signed with: those with its name. Several, where a provider gave one name to two.

    Empty when the name is unknown. Raises RefusedError.
    """
    kept = metadata_cache.kept(KEPT, metadata.issuer, metadata.jwks_uri)
    return _choose(kept or read_and_keep(metadata, inquiry), kid, algorithm)


def look_again(metadata: Metadata, inquiry: Inquiry) -> bool:
    """Ask for the keys anew, before a token is refused: the provider may have changed them, or sent wrong ones.

    At most once in `limits.SSO_KEYS_AGAIN`, because a stranger may be making names up; False when that is not over.
    Raises RefusedError.
    """
    if not inquiry.may_ask:
        return False
    if not metadata_cache.is_first_in_a_while(ASKED, metadata.issuer, inquiry.asker, period=limits.SSO_KEYS_AGAIN):
        return False
    read_and_keep(metadata, inquiry)
    return True


def read_and_keep(metadata: Metadata, inquiry: Inquiry) -> dict[str, Any]:
    """Raises RefusedError."""
    found = read(metadata, inquiry)
    metadata_cache.keep(KEPT, metadata.issuer, metadata.jwks_uri, found=found, period=limits.SSO_METADATA)
    return found


def read(metadata: Metadata, inquiry: Inquiry) -> dict[str, Any]:
    """The set as the provider sends it now, without what we cannot use. Raises RefusedError when nothing is left."""
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
    found = [key for key in document["keys"] if _fits(key, algorithm)]
    if kid is not None:
        found = [key for key in found if key.get("kid") == kid]
    elif len(found) != 1:
        return []  # without a name there must be no choice
    return [key for key in map(_imported, found) if key is not None]


def _fits(key: dict[str, Any], algorithm: str) -> bool:
    if key.get("alg", algorithm) != algorithm:
        return False
    if algorithm in CURVES:
        return key.get("kty") == "EC" and key.get("crv") == CURVES[algorithm]
    return key.get("kty") == "RSA"


def _imported(key: dict[str, Any]) -> Key | None:
    """None when it is broken, or too short."""
    kind: type[Key] = RSAKey if key["kty"] == "RSA" else ECKey
    try:
        found = kind.import_key({name: value for name, value in key.items() if name in PARTS})
        bits = found.public_key.key_size
    except Exception:  # whatever a strange key makes the library do
        return None
    return None if isinstance(found, RSAKey) and bits not in RSA_BITS else found
