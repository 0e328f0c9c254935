"""Faults put into the program on purpose: the search must find each, or it would not find the next one either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from accounts import policy
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import reauthentication
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations import sign_in_policy
from accounts.passwords import flows as passwords
from accounts.passwords import links
from accounts.sign_in.password import flows as password
from accounts.support import reports, unverified_changes
from accounts.support.interventions import rules
from accounts.throttling import flows as throttling
from accounts.throttling import known_browsers
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import previous_devices, reversal, time_steps
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import EndReason, RecoveryCode
from accounts.two_factor.passkeys import ceremonies
from accounts.two_factor.passkeys import flows as passkeys
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.accounts.state_machine.model import Kind, Means

IN = "the thief (is signed in|bound)"
OUTLIVED = "a stolen session outlived"
Put = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    """``shows``: what the search then says; ``examples``: within how many it must be found;
    ``quick``: put back in every run of the tests."""

    name: str
    kind: Kind
    means: Means
    put: Put
    shows: str = IN
    examples: int = 200
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


def _lifts_without_end(patch: pytest.MonkeyPatch) -> None:
    subject_of = throttling.subject_of
    patch.setattr(
        throttling, "lift_waits", lambda user: AttemptCounter.objects.filter(subject=subject_of(user)).delete()
    )
    patch.setattr(rules, "_refusal_to_lift", lambda subject: None)
    patch.setattr(rules, "needs_approval", lambda kind, subject: False)


def _unknown_browsers_wait_together(patch: pytest.MonkeyPatch) -> None:
    """And what was typed meanwhile is not held for a code."""
    after_failure = throttling.rules.after_failure

    def of_all_networks(*facts: Any, known: bool, network: str = "") -> Any:
        return after_failure(*facts, known=known)

    patch.setattr(throttling.rules, "after_failure", of_all_networks)
    patch.setattr(password, "CombinedSignIn", lambda *facts: None)


def _passkeys_stay(why: EndReason) -> Put:
    """Whenever they should end for this reason."""
    retire = previous_devices.retire_passkeys

    def retired(found: Any, reason: EndReason) -> int:
        return 0 if reason is why else retire(found, reason)

    return instead(previous_devices, "retire_passkeys", retired)


def _answers_count_again_elsewhere(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ceremonies, "constant_time_compare", lambda *bindings: True)
    patch.setattr(passkeys, "use_up", lambda question: True)


def _mailbox_is_enough(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sign_in_policy, "has_second_factor_at_provider", lambda user: False)
    patch.setattr(passwords, "_link_kind_of", lambda user: passwords.LinkKind.LINK)


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
        instead(time_steps, "use_up", lambda device, step: True),
    ),
    Fault(
        "a recovery code counts twice",
        Kind.SECOND_STEP,
        Means.PASSWORD,
        instead(recovery_codes, "_use_up", _claim_again),
    ),
    Fault(
        "an early code counts later",
        Kind.SECOND_STEP,
        Means.PASSWORD,
        instead(time_steps, "invalidate", lambda device, step: None),
    ),
    Fault(
        "support gives a code to whoever calls",
        Kind.SECOND_STEP,
        Means.PASSWORD,
        instead(rules, "caller_is_checked", lambda kind, worker, subject: True),
    ),
    Fault(
        "support lifts one wait after another",
        Kind.SECOND_STEP,
        Means.PASSWORD,
        _lifts_without_end,
        shows="codes of strangers were judged",
    ),
    Fault(
        "a sign-in makes mailed links void",
        Kind.PASSWORD_ONLY,
        Means.PASSWORD,
        _number_of_the_last_sign_in,
        shows="keeps the owner from a new password",
    ),
    Fault(
        "password and link may come from one mailbox",
        Kind.SECOND_STEP,
        Means.MAILBOX,
        instead(account_recovery, "is_link_sufficient", lambda recovery: True),
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
        shows=OUTLIVED,
    ),
    Fault(
        "a sensitive change asks no fresh proof",
        Kind.SECOND_STEP,
        Means.SESSION,
        instead(reauthentication, "is_fresh", lambda request: True),
        shows=f"{OUTLIVED}|{IN}",
        quick=True,
    ),
    Fault(
        "fresh proof keeps the key of the session",
        Kind.SECOND_STEP,
        Means.SESSION,
        instead(sessions, "prove", _proves_under_the_old_key),
        shows=OUTLIVED,
    ),
    Fault(
        "a known browser outlives everything",
        Kind.SECOND_STEP,
        Means.SESSION,
        instead(known_browsers, "forget_all", lambda user: None),
        quick=True,
        shows="the cookie of a known browser outlived",
    ),
    Fault(
        "a report ends no session",
        Kind.PASSWORD_ONLY,
        Means.SESSION,
        instead(sessions, "end_all", lambda user: 0),
        shows=OUTLIVED,
    ),
    Fault(
        "a report leaves the thief's phone",
        Kind.PASSWORD_ONLY,
        Means.PASSWORD,
        instead(reversal, "reverse", lambda user, entry: reversal.Reversal()),
        shows="a report leaves an authenticator app",
    ),
    Fault(
        "a report leaves the thief's address",
        Kind.PASSWORD_ONLY,
        Means.PASSWORD,
        instead(reports, "_restore_address", lambda entry, user, origin: False),
        shows="a report leaves an address|the owner is locked out",
    ),
    Fault(
        "a report about a factor leaves the password alone in force",
        Kind.SECOND_STEP,
        Means.MAILBOX,
        instead(reversal, "_requires_recovery", lambda user, gone: False),
    ),
    Fault(
        "a password by mail and one reset are enough",
        Kind.SECOND_STEP,
        Means.MAILBOX,
        instead(unverified_changes, "changes", lambda subject: []),
    ),
    Fault(
        "strangers keep the owner waiting",
        Kind.SECOND_STEP,
        Means.NOTHING,
        _unknown_browsers_wait_together,
        shows="strangers keep the owner out",
    ),
    Fault(
        "a report leaves the thief's passkey",
        Kind.PASSWORD_ONLY,
        Means.PASSWORD,
        _passkeys_stay(EndReason.REPORTED),
        shows="a report leaves a passkey",
    ),
    Fault(
        "a reset leaves passkeys",
        Kind.PASSKEY,
        Means.PASSWORD,
        _passkeys_stay(EndReason.REMOVED),
        shows="account recovery leaves",
    ),
    Fault(
        "the answer of a passkey counts again, in any browser",
        Kind.PASSKEY,
        Means.PASSWORD,
        _answers_count_again_elsewhere,
    ),
    Fault(
        "a session that showed a code goes on when a passkey is required",
        Kind.SECOND_STEP,
        Means.SESSION,
        instead(policy, "_with_passkey", lambda facts: policy.Decision.ALLOW),
        shows="showed no passkey",
    ),
    Fault("a mailbox opens what a provider guards", Kind.PROVIDER, Means.MAILBOX, _mailbox_is_enough),
]
