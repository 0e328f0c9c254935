"""While wrong passwords make a network wait: address, password and code are judged together, and answered in one word.

A stranger with a script makes the owner wait in every browser that is not known. So during the wait everybody is asked
for a code, whatever was typed; a right password with a right code passes. Nobody learns whether the password was right,
so the wait still bounds guesses at it. A code is judged and counted only after the right password, as everywhere.
"""

from __future__ import annotations

import json
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

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
from accounts.throttling.known_browsers import STRANGER, KnownBrowsers
from accounts.throttling.rules import Kind
from accounts.two_factor import codes, devices, time_steps
from accounts.two_factor.challenge import flows
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.verification import Answer, Opens, Outcome

MARKER = "held_sign_in"
TRIES = "held_sign_in_tries"


@dataclass(frozen=True)
class Held:
    """``address``: as it was typed; ``user``: whose it is, if anybody's; ``right``: would the password open it?"""

    address: str
    user: User | None
    right: bool


@dataclass(frozen=True)
class PendingHeld:
    """``target``: the own address to go to afterwards."""

    what: Held
    target: str
    seconds_left: int


def mark(session: MutableMapping[str, Any], what: Held, target: str) -> None:
    """Remember in this browser's session what was typed; sealed, because sessions lie in the database."""
    account = what.user.get_session_auth_hash() if what.user else ""
    facts = [what.address, what.user.pk if what.user else 0, what.right, account, timezone.now().timestamp(), target]
    session[MARKER] = encryption.seal_text(json.dumps(facts), owner=MARKER)


def pending(session: SessionBase) -> PendingHeld | None:
    """What waits for its code, unless it is too old; of an account that has changed since, nothing is right."""
    sealed = session.get(MARKER)
    if not sealed:
        return None
    try:
        address, pk, right, account, at, target = json.loads(encryption.unseal_text(sealed, owner=MARKER))
    except encryption.SecretUnreadableError:
        return None
    left = int(at + limits.PENDING_SIGN_IN.total_seconds() - timezone.now().timestamp())
    if left < 0:
        return None
    user = User.objects.select_related("membership__organisation").filter(pk=pk, is_active=True).first()
    is_same = user is not None and user.get_session_auth_hash() == account
    return PendingHeld(Held(address, user, right and is_same), target, left)


def count_try(session: MutableMapping[str, Any]) -> bool:
    """A wrong pair; may there be another? After `limits.PASSWORD_WITH_CODE_TRIES` the password is asked anew, which the
    network pays for."""
    tries = session.get(TRIES, 0) + 1
    if tries >= limits.PASSWORD_WITH_CODE_TRIES:
        forget(session)
        return False
    session[TRIES] = tries
    return True


def forget(session: MutableMapping[str, Any]) -> None:
    session.pop(MARKER, None)
    session.pop(TRIES, None)


def answer(what: Held, typed: str, origin: Origin, browsers: KnownBrowsers, opens: Opens) -> Answer | None:
    """Judge password and code together. ``opens`` opens the session. None when they do not fit, whatever the reason,
    and then always after the same time: a right password means more work. Raises TooBusyError."""
    begun = time.monotonic()
    result = _judge(what, typed, origin, browsers, opens)
    if result is None:
        left = limits.PASSWORD_WITH_CODE_ANSWER.total_seconds() - (time.monotonic() - begun)
        time.sleep(max(0.0, left))
    return result


def _judge(what: Held, typed: str, origin: Origin, browsers: KnownBrowsers, opens: Opens) -> Answer | None:
    if what.user is None or not what.right or not devices.has_confirmed_device(what.user):
        _refuse(what, typed, origin)
        return None
    result = flows.answer(what.user, None, typed, origin, browsers, opens)
    if result.outcome is not Outcome.ACCEPTED:
        return None
    _end_wait(what.user, origin, browsers)
    if sign_in_policy.is_emergency_account(what.user):
        emergency.notify_of_use(what.user, origin)
    return result


@transaction.atomic
def _end_wait(user: User, origin: Origin, browsers: KnownBrowsers) -> None:
    """After the sign-in, so that no counter is locked behind another one: who helps a person locks them in order."""
    throttling.count_success(throttling.counter_for(user, Kind.PASSWORD, browsers, network=origin.address))
    network.give_back(origin)


def _refuse(what: Held, typed: str, origin: Origin) -> None:
    """The same kind of work as for a wrong code after the right password. Counts at nobody who exists.

    But a right code proves that a thief has the phone, who would learn here that the password is wrong: that counts.
    """
    proves = _is_of(what.user, typed)
    with transaction.atomic():
        throttling.count_failure(throttling.counter_for(None, Kind.CODE, STRANGER, typed_address=what.address))
        if proves and what.user and not what.right:
            own = throttling.counter_for(what.user, Kind.PASSWORD, STRANGER, network=origin.address)
            throttling.count_failure(own)
        detail: dict[str, str | int] = {"factor": "password", "cause": "waiting"}
        record_aggregated(
            Event.PASSWORD_REFUSED, subject=what.user, origin=origin, detail=detail, typed_address=what.address
        )


def _is_of(user: User | None, typed: str) -> bool:
    """Is this a code of that person now? Uses nothing up."""
    if codes.parse_recovery_code(typed):
        return recovery_codes.is_unused(user, typed)
    code, device = codes.parse(typed), devices.authenticator_of(user) if user else None
    secret = time_steps.secret_of(device) if device else None
    if code is None or device is None or secret is None:
        return False
    verdict = codes.judge(code, secret, last_step=device.last_step, void_steps=device.void_steps)
    return verdict.match is codes.Match.RIGHT
