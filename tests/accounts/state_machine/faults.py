"""Faults put back, one function each: the search must find every one of them, or it would not find the next either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from accounts.active_sessions import flows as sessions
from accounts.active_sessions import reauthentication
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords import links
from accounts.support.interventions import actions, rules
from accounts.throttling import flows as throttling
from accounts.throttling import known_browsers
from accounts.two_factor import steps
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import RecoveryCode
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.accounts.state_machine.model import Kind, Means

Put = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    """``examples``: within how many it must be found; ``quick``: put back in every run of the tests."""

    name: str
    kind: Kind
    means: Means
    put: Put
    examples: int = 60
    quick: bool = False


def instead(place: Any, name: str, other: Callable[..., Any]) -> Put:
    return lambda patch: patch.setattr(place, name, other)


def _number_of_the_last_sign_in(patch: pytest.MonkeyPatch) -> None:
    account = links._account
    patch.setattr(links, "_account", lambda user, *more: f"{account(user, *more)}{user.last_login}")


def _digest_without_password(user: User, code: str, salt: bytes) -> str:
    return account_recovery.slow_digest(code, salt)


def _claim_again(code_set: object, digest: str) -> bool:
    return RecoveryCode.objects.filter(code_set=code_set, digest=digest).exists()


def _proves_under_the_old_key(request: Any, user: User, origin: Origin) -> None:
    reauthentication.note(request)


FAULTS = [
    Fault(
        "after a reset the password alone opens the account",
        Kind.SECOND_STEP,
        Means.PASSWORD,
        instead(account_recovery, "of", lambda user: None),
    ),
    Fault(
        "a code counts twice",
        Kind.SECOND_STEP,
        Means.PASSWORD,
        instead(steps, "claim", lambda device, step: True),
    ),
    Fault(
        "a recovery code counts twice",
        Kind.SECOND_STEP,
        Means.PASSWORD,
        instead(recovery_codes, "_claim", _claim_again),
    ),
    Fault(
        "an early code counts later",
        Kind.SECOND_STEP,
        Means.PASSWORD,
        instead(steps, "make_void", lambda device, step: None),
    ),
    Fault(
        "support gives a code to whoever calls",
        Kind.SECOND_STEP,
        Means.PASSWORD,
        instead(rules, "caller_is_checked", lambda kind, worker, subject: True),
    ),
    Fault(
        "a wait that support lifts forgets the month",
        Kind.SECOND_STEP,
        Means.PASSWORD,
        instead(
            actions.throttling, "lift", lambda counter: throttling.AttemptCounter.objects.filter(pk=counter.pk).delete()
        ),
    ),
    Fault(
        "a sign-in makes mailed links void",
        Kind.PASSWORD_ONLY,
        Means.PASSWORD,
        _number_of_the_last_sign_in,
    ),
    Fault(
        "password and link may come from one mailbox",
        Kind.SECOND_STEP,
        Means.MAILBOX,
        instead(account_recovery, "link_is_enough", lambda recovery: True),
    ),
    Fault(
        "a code of support outlives the password",
        Kind.SECOND_STEP,
        Means.MAILBOX,
        instead(account_recovery, "_digest", _digest_without_password),
    ),
    Fault(
        "another session outlives a new factor or address",
        Kind.SECOND_STEP,
        Means.SESSION,
        instead(sessions, "end_others", lambda request, user: 0),
        quick=True,
    ),
    Fault(
        "a sensitive change asks no fresh proof",
        Kind.SECOND_STEP,
        Means.SESSION,
        instead(reauthentication, "is_fresh", lambda request: True),
        quick=True,
    ),
    Fault(
        "fresh proof keeps the key of the session",
        Kind.SECOND_STEP,
        Means.SESSION,
        instead(sessions, "prove", _proves_under_the_old_key),
    ),
    Fault(
        "a known browser outlives everything",
        Kind.SECOND_STEP,
        Means.SESSION,
        instead(known_browsers, "forget_all", lambda user: None),
        quick=True,
    ),
]
