"""Taking a new one of ENCRYPTION_KEYS into use, and encrypting stored secrets with it, while the site runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from accounts import encryption
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.encryption import SecretUnreadableError
from accounts.key_rotation import key_in_use, presence
from accounts.mail.models import OutgoingMail
from accounts.sealed_rows import SealedRow
from accounts.sso.models import Connection
from accounts.two_factor.models import Authenticator, FormerAuthenticator, FormerPasskey, Passkey

KINDS: tuple[tuple[type[SealedRow], str], ...] = (
    (Authenticator, "authenticator"),
    (FormerAuthenticator, "former authenticator"),
    (Passkey, "passkey"),
    (FormerPasskey, "former passkey"),
    (Connection, "single sign-on"),
    (OutgoingMail, "mail"),
)


@dataclass(frozen=True)
class Change:
    """``lacking``: names of the processes that do not have the key yet, so it was not taken into use; ``changed``: it
    was taken into use just now, and processes may encrypt with the earlier one for `limits.KEY_IN_USE_KEPT`."""

    lacking: list[str] = field(default_factory=list)
    changed: bool = False


def take_into_use() -> Change:
    """Let all processes encrypt with the first of ENCRYPTION_KEYS, unless one of them does not have it."""
    newest = encryption.key_ids()[0]
    if key_in_use.stored() == newest:
        return Change()
    if lacking := presence.without_encryption_key(newest):
        return Change(lacking=[process.name for process in lacking])
    key_in_use.store(newest)
    return Change(changed=True)


@dataclass
class Result:
    """``unreadable``: names of what no configured key opens."""

    renewed: int = 0
    unreadable: list[str] = field(default_factory=list)


def renew_all(origin: Origin) -> Result:
    """One row per statement, without a transaction around all; may be repeated. One audit entry with the counts."""
    result = Result()
    for model, kind in KINDS:
        for pk in model.without_newest_key():
            try:
                result.renewed += model.renew_encryption(pk)
            except SecretUnreadableError:
                result.unreadable.append(f"{kind} {pk}")
    detail: dict[str, str | int] = {"count": result.renewed, "unreadable": len(result.unreadable)}
    succeeded = not result.unreadable
    record(Event.KEYS_ROTATED, subject=None, origin=origin, succeeded=succeeded, detail=detail)
    return result


def count_by_key() -> Counter[str]:
    """How many stored secrets were encrypted with which key, by its name."""
    values = (value for model, _kind in KINDS for _pk, value in model.sealed_values())
    return Counter(encryption.key_id_of(value) for value in values)
