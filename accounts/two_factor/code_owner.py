"""Whose code is this instead? For the sentence about a wrong code only: nothing that is recognised here opens anything.

A code of an app that does count is void from then on, because whoever typed it is told whose it is. So looking at all
of them gives a thief no guess more than looking at one (`docs/throttling.md` has the sum).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from accounts.models import User
from accounts.two_factor import codes, previous_devices, time_steps
from accounts.two_factor.models import Authenticator, FormerAuthenticator, Why


class Kind(Enum):
    LINKED = auto()  # another app of this person
    UNFINISHED = auto()  # a set-up that was begun and not finished
    REPLACED = auto()
    REMOVED = auto()


@dataclass(frozen=True)
class Owner:
    """``ended_at``: since when the app counts no more; None when it was never told to stop."""

    kind: Kind
    name: str
    device_id: int | None = None  # of LINKED
    ended_at: datetime | None = None

    @property
    def still_counts(self) -> bool:
        """Does the code prove something that opens this account, or soon will?"""
        return self.ended_at is None


FORMER = {
    Why.REPLACED: Kind.REPLACED,
    Why.REMOVED: Kind.REMOVED,
    Why.UNFINISHED: Kind.UNFINISHED,
    Why.DISOWNED: Kind.REMOVED,
}


def owner_of(user: User, code: str, *, besides: Authenticator | None) -> Owner | None:
    """Which other app of this person shows this code now. Call inside a transaction."""
    mine = Authenticator.objects.filter(user=user).order_by("-confirmed", "pk")
    for device in mine.exclude(pk=besides.pk) if besides else mine:
        if (step := _step(device, code)) is not None:
            time_steps.make_void(device, step)
            kind = Kind.LINKED if device.confirmed else Kind.UNFINISHED
            return Owner(kind, device.name, device.pk if device.confirmed else None)
    for old in previous_devices.of(user):
        if _step(old, code) is not None:
            return Owner(FORMER[Why(old.why)], old.name, ended_at=old.ended_at)
    return None


def _step(device: Authenticator | FormerAuthenticator, code: str) -> int | None:
    secret = time_steps.secret_of(device)
    return codes.live_step(code, secret) if secret else None
