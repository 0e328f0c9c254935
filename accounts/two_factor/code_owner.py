"""Which other authenticator app made a wrong code: only for the error message, never to grant access.

A recognised code of an app in use is void from then on, because the message names the app. So comparing with all apps
gives an attacker no more guesses than comparing with one (calculation in `docs/throttling.md`).
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from accounts.models import User
from accounts.two_factor import codes, previous_devices, time_steps
from accounts.two_factor.models import Authenticator, EndReason, FormerAuthenticator


class Kind(Enum):
    LINKED = auto()  # another app of this person
    UNFINISHED = auto()  # a set-up that was begun and not finished
    REPLACED = auto()
    REMOVED = auto()


class CodeOwner(NamedTuple):
    """``ended_at``: when the app was replaced or removed; None for an app in use or being set up."""

    kind: Kind
    name: str
    device_id: int | None = None  # of LINKED
    ended_at: datetime | None = None

    @property
    def still_counts(self) -> bool:
        """Does the code prove possession of an app that is in use or being set up?"""
        return self.ended_at is None


KIND_OF_REASON = {
    EndReason.REPLACED: Kind.REPLACED,
    EndReason.REMOVED: Kind.REMOVED,
    EndReason.UNFINISHED: Kind.UNFINISHED,
    EndReason.REPORTED: Kind.REMOVED,
}


def find_owner(user: User, code: str, *, besides: Authenticator | None) -> CodeOwner | None:
    """The other app of this person that shows this code now. Call inside a transaction."""
    mine = Authenticator.objects.filter(user=user).order_by("-confirmed", "pk")
    for device in mine.exclude(pk=besides.pk) if besides else mine:
        if (step := _current_step(device, code)) is not None:
            time_steps.invalidate(device, step)
            kind = Kind.LINKED if device.confirmed else Kind.UNFINISHED
            return CodeOwner(kind, device.name, device.pk if device.confirmed else None)
    for old in previous_devices.of(user):
        if _current_step(old, code) is not None:
            return CodeOwner(KIND_OF_REASON[EndReason(old.why)], old.name, ended_at=old.ended_at)
    return None


def _current_step(device: Authenticator | FormerAuthenticator, code: str) -> int | None:
    secret = time_steps.secret_of(device)
    return codes.current_step_of(code, secret) if secret else None
