"""The provider's public keys: from the configured set only, never from a token (ASVS 9.1.3)."""

from __future__ import annotations

from typing import Any

from joserfc.jwk import ECKey, RSAKey

from accounts import limits
from accounts.sso.provider import http, memory
from accounts.sso.provider.discovery import Metadata
from accounts.sso.reasons import Reason, RefusedError

KEPT, ASKED = "keys", "keys-again"
SHORTEST_RSA = 2048  # bits (NIST SP 800-131A)
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
PARTS = ("kty", "n", "e", "crv", "x", "y")
Key = RSAKey | ECKey


def find(metadata: Metadata, kid: str | None, algorithm: str, until: float) -> Key:
    """The key that a token names. An unknown name is looked for at the provider anew, at most once in
    `limits.SSO_KEYS_AGAIN`: it may have changed its keys, or a stranger may be making names up. Raises RefusedError."""
    kept = memory.remembered(KEPT, metadata.issuer, metadata.jwks_uri, make=lambda: read(metadata, until))
    found = _choose(kept, kid, algorithm)
    if found is None and memory.is_first_in_a_while(
        ASKED, metadata.issuer, seconds=int(limits.SSO_KEYS_AGAIN.total_seconds())
    ):
        fresh = memory.remembered(
            KEPT, metadata.issuer, metadata.jwks_uri, make=lambda: read(metadata, until), anew=True
        )
        found = _choose(fresh, kid, algorithm)
    if found is None:
        raise RefusedError(Reason.UNKNOWN_KEY)
    return found


def read(metadata: Metadata, until: float) -> dict[str, Any]:
    """The set as the provider sends it now. Raises RefusedError when it holds no key that we can use."""
    answer = http.get(metadata.jwks_uri, until)
    if answer.status != 200:
        raise RefusedError(Reason.HTTP_STATUS)
    document = answer.json()
    listed = document.get("keys")
    usable = [key for key in listed if _is_public_signing_key(key)] if isinstance(listed, list) else []
    if not usable:
        raise RefusedError(Reason.KEYS_UNUSABLE)
    return {"keys": usable}


def _is_public_signing_key(key: Any) -> bool:
    """Asymmetric, without a private part, and meant for signatures."""
    if not isinstance(key, dict) or key.get("kty") not in ("RSA", "EC"):
        return False
    return key.get("use", "sig") == "sig" and "d" not in key


def _choose(document: dict[str, Any], kid: str | None, algorithm: str) -> Key | None:
    fitting = [key for key in document["keys"] if _fits(key, algorithm)]
    if kid is None:
        return _imported(fitting[0]) if len(fitting) == 1 else None  # without a name there must be no choice
    return next((_imported(key) for key in fitting if key.get("kid") == kid), None)


def _fits(key: dict[str, Any], algorithm: str) -> bool:
    if key.get("alg", algorithm) != algorithm:
        return False
    if algorithm in CURVES:
        return key.get("kty") == "EC" and key.get("crv") == CURVES[algorithm]
    return key.get("kty") == "RSA"


def _imported(key: dict[str, Any]) -> Key:
    kind: type[Key] = RSAKey if key["kty"] == "RSA" else ECKey
    try:
        found = kind.import_key({name: value for name, value in key.items() if name in PARTS})
        short = isinstance(found, RSAKey) and found.public_key.key_size < SHORTEST_RSA
    except Exception:  # whatever a strange key makes the library do
        raise RefusedError(Reason.KEYS_UNUSABLE) from None
    if short:
        raise RefusedError(Reason.KEYS_UNUSABLE)
    return found
