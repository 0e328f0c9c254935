"""The second step while signing in. After the right password the session holds only a marker; nobody is signed in."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import limits
from accounts.active_sessions.store import PENDING_USER
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.two_factor import devices, verification
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.verification import Answer, Outcome

MARKER = "pending_sign_in"


@dataclass(frozen=True)
class PendingSignIn:
    """Who has shown the right password but not yet the code. ``target``: the own address to go to afterwards."""

    user: User
    target: str


def mark(session: MutableMapping[str, Any], user: User, target: str) -> None:
    """Remember in this browser's session that the password was right."""
    session[PENDING_USER] = user.pk
    session[MARKER] = {
        "at": timezone.now().isoformat(),
        # Changes with the password: a marker of before the change is void.
        "account": user.get_session_auth_hash(),
        "target": target,
    }


def pending(session: MutableMapping[str, Any]) -> PendingSignIn | None:
    """The sign-in that waits for its code, unless it is too old or the account has changed since."""
    marker = session.get(MARKER)
    if not marker or timezone.now() - datetime.fromisoformat(marker["at"]) > limits.HALF_SIGNED_IN:
        return None
    user = User.objects.filter(pk=session.get(PENDING_USER) or 0, is_active=True).first()
    if user is None or not constant_time_compare(marker["account"], user.get_session_auth_hash()):
        return None
    return PendingSignIn(user, marker["target"])


def forget(session: MutableMapping[str, Any]) -> None:
    session.pop(PENDING_USER, None)
    session.pop(MARKER, None)


@transaction.atomic
def answer(user: User, device: str | None, typed: str, origin: Origin, browsers: KnownBrowsers) -> Answer:
    """Judge the code that somebody with the right password typed. The view opens the session when it is accepted.

    ``device``: which authenticator app, when the person has several; otherwise the last used.
    """
    result = verification.check(user, devices.authenticator_of(user, device), typed, origin, browsers)
    if result.outcome not in (Outcome.ACCEPTED, Outcome.NOT_A_CODE):
        record(Event.CODE_REFUSED, subject=user, origin=origin, succeeded=False, detail=result.facts)
    return result


def answer_with_recovery_code(user: User, typed: str, origin: Origin, browsers: KnownBrowsers) -> Answer:
    """The same with a recovery code, for whom the phone is not at hand."""
    return recovery_codes.use(user, typed, origin, browsers)
