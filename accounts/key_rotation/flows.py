"""Taking a new one of ENCRYPTION_KEYS into use, and encrypting stored secrets with it, while the site runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from accounts import encryption, limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.encryption import SecretUnreadableError
from accounts.key_rotation import key_in_use, presence
from accounts.sso.models import SEALED, Connection
from accounts.two_factor.models import Authenticator, FormerAuthenticator

KINDS = (
    (Authenticator, "authenticator"),
    (FormerAuthenticator, "former authenticator"),
    (Connection, "single sign-on"),
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
        for pk in list(model.objects.order_by("pk").values_list("pk", flat=True)):
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
    found: Counter[str] = Counter()
    for model in (Authenticator, FormerAuthenticator):
        found.update(encryption.key_id_of(sealed) for _pk, sealed in _sealed_of(model))
    for row in Connection.objects.order_by().values_list(*SEALED):
        found.update(encryption.key_id_of(bytes(one)) for one in row if one)
    return found


def _sealed_of(model: Any) -> Iterator[tuple[int, bytes]]:
    """By primary key, in batches: no cursor of the server stays open."""
    after = 0
    rows = model.objects.order_by("pk").values_list("pk", "sealed_secret")
    while batch := list(rows.filter(pk__gt=after)[: limits.EXPORT_BATCH]):
        yield from ((pk, bytes(sealed)) for pk, sealed in batch)
        after = batch[-1][0]
