"""Secrets at rest: AES-256-GCM with the owner bound in (ASVS 11.3.2, 11.3.3; NIST SP 800-38D).

A sealed value is ``version (1 byte) | key id (8 bytes) | nonce (12 bytes) | ciphertext and tag``. The key id tells
which of the ``ENCRYPTION_KEYS`` opens it, so keys can change while the site runs.

Every configured key opens; one of them, the key in use, encrypts. Which one is asked of the function that the setting
KEY_IN_USE names, because all processes must agree on it: one that was not restarted yet cannot read what another one
encrypts with a key that it does not have. Without an answer it is the first of the list.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
KEY_BYTES, KEY_ID_BYTES, NONCE_BYTES = 32, 8, 12


class SecretUnreadableError(Exception):
    """No configured key opens the value, or it was sealed for another owner."""


def key_of(text: str) -> bytes:
    """The 32 bytes of one of ENCRYPTION_KEYS. Raises ValueError without any part of the key."""
    try:
        key = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("not 32 bytes in base64")
    return key


@lru_cache(maxsize=4)
def _keys(encoded: tuple[str, ...]) -> dict[bytes, bytes]:
    keys = {}
    for text in encoded:
        try:
            key = key_of(text)
        except ValueError:
            raise ImproperlyConfigured("ENCRYPTION_KEYS: each key is 32 random bytes in URL-safe base64.") from None
        keys[hashlib.sha256(b"key id" + key).digest()[:KEY_ID_BYTES]] = key
    return keys


def _configured() -> dict[bytes, bytes]:
    return _keys(tuple(settings.ENCRYPTION_KEYS))


def check_keys() -> None:
    """Raise ImproperlyConfigured at the start of the program when a key is not one, instead of at the first sign-in."""
    if not _configured():
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty.")


def key_ids() -> list[str]:
    """The names of the configured keys in their order, 16 hexadecimal digits each; they tell nothing about a key."""
    return [key_id.hex() for key_id in _configured()]


def _in_use() -> tuple[bytes, bytes]:
    """The name of the key that encrypts, and the key."""
    keys = _configured()
    if settings.KEY_IN_USE:
        key_id = bytes.fromhex(import_string(settings.KEY_IN_USE)())
        if key_id in keys:
            return key_id, keys[key_id]
    return next(iter(keys.items()))


def load() -> None:
    """Load what encrypting needs, without asking which key is in use."""
    nonce = bytes(NONCE_BYTES)
    for key_id, key in list(_configured().items())[:1]:
        _cipher(key).decrypt(nonce, _cipher(key).encrypt(nonce, b"", b""), b"")
        derived_key(key_id.hex(), "start")


def _cipher(key: bytes) -> AESGCM:
    # here, to save start-up time: visitors who are not signed in need no cipher
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def seal(plain: bytes, *, owner: str) -> bytes:
    """Encrypt with the key in use. ``owner`` names what the secret belongs to and must be given again to open it."""
    key_id, key = _in_use()
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + key_id + nonce + _cipher(key).encrypt(nonce, plain, owner.encode())


def unseal(sealed: bytes, *, owner: str) -> bytes:
    """Decrypt. Raises SecretUnreadableError when no key fits or the value was moved to another owner."""
    key_id, rest = sealed[1 : 1 + KEY_ID_BYTES], sealed[1 + KEY_ID_BYTES :]
    key = _configured().get(key_id)
    if sealed[:1] != VERSION or key is None:
        raise SecretUnreadableError("no configured key opens this secret")
    from cryptography.exceptions import InvalidTag  # here, to save start-up time

    try:
        return _cipher(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], owner.encode())
    except (InvalidTag, ValueError) as mistake:
        raise SecretUnreadableError("this secret was changed or belongs to another owner") from mistake


def has_key_of(sealed: bytes) -> bool:
    """Is the key with which the value was sealed configured?"""
    return sealed[:1] == VERSION and sealed[1 : 1 + KEY_ID_BYTES] in _configured()


def seal_text(plain: str, *, owner: str) -> str:
    """The same for a text, as a text: what waits in a session."""
    return base64.b64encode(seal(plain.encode(), owner=owner)).decode("ascii")


def unseal_text(sealed: str, *, owner: str) -> str:
    """Raises SecretUnreadableError, also for what is no sealed text at all."""
    try:
        return unseal(base64.b64decode(sealed), owner=owner).decode()
    except ValueError as mistake:  # binascii.Error and UnicodeDecodeError are ones
        raise SecretUnreadableError("this is not a sealed text") from mistake


def is_current(sealed: bytes) -> bool:
    """Was the value sealed with the key in use?"""
    return sealed[1 : 1 + KEY_ID_BYTES] == _in_use()[0]


def key_id_of(sealed: bytes) -> str:
    """The name of the key with which the value was sealed."""
    return sealed[1 : 1 + KEY_ID_BYTES].hex()


def key_in_use() -> str:
    """The name of the key in use, 16 hexadecimal digits."""
    return _in_use()[0].hex()


def derived_key(key_id: str, purpose: str) -> bytes | None:
    """A key for another purpose than encryption, from one of ENCRYPTION_KEYS (HKDF, RFC 5869); None when that key is no
    longer configured."""
    key = _configured().get(bytes.fromhex(key_id))
    return _derived(key, purpose) if key else None


@lru_cache(maxsize=32)
def _derived(key: bytes, purpose: str) -> bytes:
    # here, to save start-up time
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(key)
