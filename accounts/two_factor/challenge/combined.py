"""Combined sign-in: while a network waits after wrong passwords, address, password and code are verified together.

Otherwise a stranger with a script could lock the owner out of every unknown browser. During the wait everybody is asked
for a code, whatever was typed; a right password with a right code passes. The answer never tells which of them was
wrong, so the wait still bounds guesses at the password. A code is verified and counted only after the right password.
"""

from __future__ import annotations

import json
import time
from collections.abc import MutableMapping
from typing import Any, NamedTuple

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone

from accounts import encryption, limits
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations import emergency, sign_in_policy
from accounts.throttling import flows as throttling
from accounts.throttling import network
from accounts.throttling.known_browsers import UNKNOWN_BROWSER, KnownBrowsers
from accounts.throttling.rules import Kind
from accounts.two_factor import codes, devices, time_steps
from accounts.two_factor.challenge import flows
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.verification import OnAccepted, Outcome, VerificationResult

MARKER = "held_sign_in"
TRIES_KEY = "held_sign_in_tries"


class CombinedSignIn(NamedTuple):
    """``address``: as typed; ``user``: whose it is, or None; ``is_right``: is the password right and allowed?"""

    address: str
    user: User | None
    is_right: bool


class PendingCombinedSignIn(NamedTuple):
    """``target``: the address on this site to go to afterwards."""

    attempt: CombinedSignIn
    target: str
    seconds_left: int


def mark(session: MutableMapping[str, Any], attempt: CombinedSignIn, target: str) -> None:
    """Keep in the session what was typed; encrypted, because sessions are stored in the database."""
    account = attempt.user.get_session_auth_hash() if attempt.user else ""
    facts = [
        attempt.address,
        attempt.user.pk if attempt.user else 0,
        attempt.is_right,
        account,
        timezone.now().timestamp(),
        target,
    ]
    session[MARKER] = encryption.seal_text(json.dumps(facts), owner=MARKER)


def pending(session: SessionBase) -> PendingCombinedSignIn | None:
    """The sign-in that waits for its code, unless it expired; its password is wrong once the account has changed."""
    sealed = session.get(MARKER)
    if not sealed:
        return None
    try:
        address, pk, is_right, account, at, target = json.loads(encryption.unseal_text(sealed, owner=MARKER))
    except encryption.SecretUnreadableError:
        return None
    left = int(at + limits.PENDING_SIGN_IN.total_seconds() - timezone.now().timestamp())
    if left < 0:
        return None
    user = User.objects.select_related("membership__organisation").filter(pk=pk, is_active=True).first()
    is_same = user is not None and user.get_session_auth_hash() == account
    return PendingCombinedSignIn(CombinedSignIn(address, user, is_right and is_same), target, left)


def count_try(session: MutableMapping[str, Any]) -> bool:
    """Count a failed attempt; False after `limits.PASSWORD_WITH_CODE_TRIES`. Then the password is asked again, which
    counts for the network."""
    tries = session.get(TRIES_KEY, 0) + 1
    if tries >= limits.PASSWORD_WITH_CODE_TRIES:
        forget(session)
        return False
    session[TRIES_KEY] = tries
    return True


def forget(session: MutableMapping[str, Any]) -> None:
    session.pop(MARKER, None)
    session.pop(TRIES_KEY, None)


def verify(
    attempt: CombinedSignIn, typed: str, origin: Origin, browsers: KnownBrowsers, on_accepted: OnAccepted
) -> VerificationResult | None:
    """Verify password and code together. ``on_accepted`` opens the session. None when refused, whatever the reason, and
    then always after the same time, because a right password means more work. Raises TooBusyError."""
    begun = time.monotonic()
    result = _verify(attempt, typed, origin, browsers, on_accepted)
    if result is None:
        left = limits.PASSWORD_WITH_CODE_ANSWER.total_seconds() - (time.monotonic() - begun)
        time.sleep(max(0.0, left))
    return result


def _verify(
    attempt: CombinedSignIn, typed: str, origin: Origin, browsers: KnownBrowsers, on_accepted: OnAccepted
) -> VerificationResult | None:
    if attempt.user is None or not attempt.is_right or not devices.has_confirmed_device(attempt.user):
        _refuse(attempt, typed, origin)
        return None
    result = flows.verify(attempt.user, None, typed, origin, browsers, on_accepted)
    if result.outcome is not Outcome.ACCEPTED:
        return None
    _reset_counters(attempt.user, origin, browsers)
    if sign_in_policy.is_emergency_account(attempt.user):
        emergency.notify_of_use(attempt.user, origin)
    return result


@transaction.atomic
def _reset_counters(user: User, origin: Origin, browsers: KnownBrowsers) -> None:
    """In a transaction of its own after the sign-in, so that counters are locked in the same order as elsewhere."""
    throttling.count_success(throttling.counter_for(user, Kind.PASSWORD, browsers, network=origin.address))
    network.refund(origin)


def _refuse(attempt: CombinedSignIn, typed: str, origin: Origin) -> None:
    """The same work as for a wrong code after the right password; counts for no existing account.

    Except a right code with a wrong password: that proves possession of the phone, so the guess at the password counts.
    """
    is_valid = _is_valid_for(attempt.user, typed)
    with transaction.atomic():
        throttling.count_failure(
            throttling.counter_for(None, Kind.CODE, UNKNOWN_BROWSER, typed_address=attempt.address)
        )
        if is_valid and attempt.user and not attempt.is_right:
            own = throttling.counter_for(attempt.user, Kind.PASSWORD, UNKNOWN_BROWSER, network=origin.address)
            throttling.count_failure(own)
        detail: dict[str, str | int] = {"factor": "password", "cause": "waiting"}
        record_aggregated(
            Event.PASSWORD_REFUSED, subject=attempt.user, origin=origin, detail=detail, typed_address=attempt.address
        )


def _is_valid_for(user: User | None, typed: str) -> bool:
    """Is this a valid code of that person now? Does not use it up."""
    if codes.parse_recovery_code(typed):
        return recovery_codes.is_unused(user, typed)
    code, device = codes.parse(typed), devices.authenticator_of(user) if user else None
    secret = time_steps.secret_of(device) if device else None
    if code is None or device is None or secret is None:
        return False
    verdict = codes.judge(code, secret, last_step=device.last_step, void_steps=device.void_steps)
    return verdict.match is codes.Match.RIGHT
