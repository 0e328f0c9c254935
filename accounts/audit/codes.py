"""The code that an entry gets when it is written: a keyed hash over every field but the number that the database gives.

Whoever writes to the database without the key can neither make an entry nor change one: the sealer takes no entry
whose code is missing or wrong (`chain`), and `verify_audit_trail` names it. A copy of an entry has the code of the
first, which shows as well.

A code is ``key id . nonce . keyed hash``, each in hexadecimal digits. The nonce tells two entries apart that say the
same. The key is derived from the newest of ENCRYPTION_KEYS and is not that of the seals.
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


class Standing(Enum):
    """Who wrote an entry."""

    OURS = auto()
    NONE = auto()  # without a code: written by an earlier version, or past the program
    WRONG = auto()
    KEY_UNKNOWN = auto()


def content(entry: Any) -> dict[str, Any]:
    """Every field by its column. Empty ones are left out, so that a column added later changes no older digest."""
    values = {field.attname: getattr(entry, field.attname) for field in entry._meta.concrete_fields}
    values["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def sign(entry: Any) -> None:
    """Give the entry its code, just before it is written."""
    key_id, nonce = encryption.newest_key_id(), secrets.token_hex(NONCE_BYTES)
    key = encryption.derived_key(key_id, PURPOSE)
    assert key is not None  # noqa: S101 - the newest key is there
    entry.code = f"{key_id}.{nonce}.{_mac(key, key_id, nonce, entry)}"


def standing_of(entry: Any) -> Standing:
    """Whether the program wrote this entry, as it is now."""
    if not entry.code:
        return Standing.NONE
    key_id, _dot, rest = entry.code.partition(".")
    nonce, _dot, told = rest.partition(".")
    try:
        key = encryption.derived_key(key_id, PURPOSE)
    except ValueError:
        return Standing.WRONG
    if key is None:
        return Standing.KEY_UNKNOWN
    right = hmac.compare_digest(_mac(key, key_id, nonce, entry).encode(), told.encode())
    return Standing.OURS if right else Standing.WRONG


def _mac(key: bytes, key_id: str, nonce: str, entry: Any) -> str:
    fields = content(entry)
    fields.pop("id", None)
    fields.pop("code", None)
    if "address" in fields:  # databases write one address in different ways
        fields["address"] = str(ipaddress.ip_address(fields["address"]))
    signed = json.dumps([key_id, nonce, fields], sort_keys=True, separators=(",", ":"))
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
