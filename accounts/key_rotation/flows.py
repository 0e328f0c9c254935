"""Encrypt stored secrets again with the newest of ENCRYPTION_KEYS, while the site runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.encryption import SecretUnreadableError
from accounts.sso.models import Connection
from accounts.two_factor.models import Authenticator, FormerAuthenticator

KINDS = (
    (Authenticator, "authenticator"),
    (FormerAuthenticator, "former authenticator"),
    (Connection, "single sign-on"),
)


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
