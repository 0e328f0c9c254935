"""The message authentication code (MAC) that an entry gets when it is written: a keyed hash over its fields.

Over every field but the number that the database gives. Whoever writes to the database without the key can neither
make an entry nor change one: an entry whose code is missing or wrong is never sealed (`chain`), and
`verify_audit_trail` reports it. A copy of an entry has the code of the first, which shows as well.

A code is ``key id . nonce . keyed hash``, each in hexadecimal digits. The nonce tells two entries apart that say the
same. The key is derived from the one of ENCRYPTION_KEYS that is in use and is not that of the seals.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import secrets
from datetime import UTC
from enum import Enum, auto
from typing import Any

from accounts import encryption

PURPOSE = "audit entry"
NONCE_BYTES = 8
LONGEST = 16 + 1 + 2 * NONCE_BYTES + 1 + 64


class Authenticity(Enum):
    """Whether this program wrote an entry, as it is now."""

    AUTHENTIC = auto()
    NO_CODE = auto()  # written by an earlier version, or not by this program
    INVALID = auto()
    KEY_UNKNOWN = auto()


def fields_of(entry: Any) -> dict[str, Any]:
    """Every field by its column. Empty ones are left out, so that a column added later changes no older digest."""
    values = {field.attname: getattr(entry, field.attname) for field in entry._meta.concrete_fields}
    values["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def sign(entry: Any) -> None:
    """Give the entry its code, just before it is written."""
    key_id, nonce = encryption.key_in_use(), secrets.token_hex(NONCE_BYTES)
    key = encryption.derived_key(key_id, PURPOSE)
    assert key is not None  # noqa: S101 - the key in use is there
    entry.code = f"{key_id}.{nonce}.{_mac(key, key_id, nonce, entry)}"


def authenticity_of(entry: Any) -> Authenticity:
    if not entry.code:
        return Authenticity.NO_CODE
    key_id, _dot, rest = entry.code.partition(".")
    nonce, _dot, mac = rest.partition(".")
    try:
        key = encryption.derived_key(key_id, PURPOSE)
    except ValueError:
        return Authenticity.INVALID
    if key is None:
        return Authenticity.KEY_UNKNOWN
    is_right = hmac.compare_digest(_mac(key, key_id, nonce, entry).encode(), mac.encode())
    return Authenticity.AUTHENTIC if is_right else Authenticity.INVALID


def _mac(key: bytes, key_id: str, nonce: str, entry: Any) -> str:
    fields = fields_of(entry)
    fields.pop("id", None)
    fields.pop("code", None)
    if "address" in fields:  # databases write one address in different ways
        fields["address"] = str(ipaddress.ip_address(fields["address"]))
    signed = json.dumps([key_id, nonce, fields], sort_keys=True, separators=(",", ":"))
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
