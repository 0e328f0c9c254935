"""The keyed hash over an entry of which the personal data was erased, and over its seal.

It takes the place of the digest of that seal, which proves the entry as it was: whoever writes to the database without
the key can neither erase an entry nor change one that was erased. The seal itself stays, so the seals behind it, the
heads that machines noted and exports of before hold.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from accounts import encryption
from accounts.audit.models import AuditSeal, Erasure

PURPOSE = "audit erasure"


def mac_of(key_id: str, seal: AuditSeal, previous: str, fields: dict[str, Any]) -> str:
    """``previous``: the digest before the seal; ``fields``: what is left of the entry. Raises LookupError for a key
    that is not configured."""
    key = encryption.derived_key(key_id, PURPOSE)
    if key is None:
        raise LookupError(key_id)
    content = json.dumps([key_id, seal.position, previous, seal.digest, fields], sort_keys=True, separators=(",", ":"))
    return hmac.new(key, content.encode(), hashlib.sha256).hexdigest()


def is_erased(seal: AuditSeal, previous: str, fields: dict[str, Any], found: tuple[str, str] | None = None) -> bool:
    """Did the program erase this entry, and left this of it? ``found``: key and hash, where there is no database."""
    if found is None:
        row = Erasure.objects.filter(pk=seal.entry_id).first()
        found = (row.key_id, row.mac) if row else None
    if found is None:
        return False
    try:
        return hmac.compare_digest(mac_of(found[0], seal, previous, fields), found[1])
    except (LookupError, ValueError):
        return False
