"""The second factor while signing in. After the right password the session holds only a pending sign-in."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import limits
from accounts.active_sessions import store
from accounts.active_sessions.store import PENDING_USER
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.throttling import spraying
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.two_factor import devices, verification
from accounts.two_factor.codes import parse_recovery_code
from accounts.two_factor.models import Authenticator
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.verification import OnAccepted, Outcome, VerificationResult

MARKER = "pending_sign_in"


class PendingSignIn(NamedTuple):
    """Who has shown the right password but not yet the code. ``target``: the address on this site to go to
    afterwards; ``choice``: the authenticator apps as (id, name), the last used first; ``has_passkey``: may a passkey
    take the place of the code?"""

    user: User
    target: str
    choice: list[tuple[str, str]]
    seconds_left: int
    has_passkey: bool = False


def mark(
    session: MutableMapping[str, Any],
    user: User,
    target: str,
    authenticators: list[Authenticator],
    *,
    has_passkey: bool = False,
) -> None:
    """Keep in the session that the password was right, and which devices may make the code."""
    session[PENDING_USER] = user.pk
    session[MARKER] = {
        "at": timezone.now().isoformat(),
        # Changes with the password, which ends the pending sign-in.
        "account": user.get_session_auth_hash(),
        "target": target,
        "choice": [(str(device.pk), device.name) for device in authenticators],
        "passkey": has_passkey,
    }


def pending(session: SessionBase) -> PendingSignIn | None:
    """The sign-in that waits for its code, unless it expired or the account has changed."""
    marker = session.get(MARKER)
    if not marker:
        return None
    left = datetime.fromisoformat(marker["at"]) + limits.PENDING_SIGN_IN - timezone.now()
    if left < timedelta():
        return None
    user = store.person_of(session)
    if user is None or not user.is_active or not constant_time_compare(marker["account"], user.get_session_auth_hash()):
        return None
    choice = [(str(pk), str(name)) for pk, name in marker["choice"]]
    has_passkey = bool(marker.get("passkey"))  # not told by an earlier version
    return PendingSignIn(user, marker["target"], choice, int(left.total_seconds()), has_passkey)


def target(session: SessionBase) -> str:
    """Where the pending sign-in leads, also after it expired; empty without one."""
    return str(session.get(MARKER, {}).get("target", ""))


def forget(session: MutableMapping[str, Any]) -> None:
    session.pop(PENDING_USER, None)
    session.pop(MARKER, None)


def verify(
    user: User,
    device: str | None,
    typed: str,
    origin: Origin,
    browsers: KnownBrowsers,
    on_accepted: OnAccepted | None = None,
) -> VerificationResult:
    """Verify the code that somebody with the right password typed. ``on_accepted`` opens the session.

    ``device``: which authenticator app, when the person has several; otherwise the last used. A recovery code is
    accepted in the same field, with its own counter.
    """
    if parse_recovery_code(typed):
        return verify_recovery_code(user, typed, origin, browsers, on_accepted)
    return _note_for_spraying(_verify(user, device, typed, origin, browsers, on_accepted), user, origin, browsers)


@transaction.atomic
def _verify(
    user: User,
    device: str | None,
    typed: str,
    origin: Origin,
    browsers: KnownBrowsers,
    on_accepted: OnAccepted | None = None,
) -> VerificationResult:
    result = verification.check(user, devices.authenticator_of(user, device), typed, origin, browsers)
    if result.outcome is Outcome.ACCEPTED and on_accepted:
        on_accepted(result)
    elif result.outcome is not Outcome.ACCEPTED and result.was_judged:
        if result.outcome in (Outcome.WAITING, Outcome.CLOSED, Outcome.UNREADABLE):
            record_aggregated(Event.CODE_REFUSED, subject=user, origin=origin, detail=result.facts)
        else:
            record(Event.CODE_REFUSED, subject=user, origin=origin, succeeded=False, detail=result.facts)
    return result


def verify_recovery_code(
    user: User, typed: str, origin: Origin, browsers: KnownBrowsers, on_accepted: OnAccepted | None = None
) -> VerificationResult:
    """The same with a recovery code, without the phone."""
    return _note_for_spraying(recovery_codes.use(user, typed, origin, browsers, on_accepted), user, origin, browsers)


def verify_passkey(
    user: User,
    ceremony: str,
    credential: str,
    *,
    binding: str,
    origin: Origin,
    browsers: KnownBrowsers,
    on_accepted: OnAccepted | None = None,
) -> VerificationResult:
    """The same with a passkey. A wrong one is no guess, so it tells nothing about spraying."""
    # Here, to save start-up time: the sign-in page imports this module.
    from accounts.two_factor.passkeys import flows as passkeys
    from accounts.two_factor.passkeys.ceremonies import Purpose

    result = passkeys.verify(
        user,
        ceremony,
        credential,
        purpose=Purpose.SECOND_FACTOR,
        binding=binding,
        origin=origin,
        browsers=browsers,
        on_accepted=on_accepted,
    )
    if result.outcome is Outcome.ACCEPTED:
        spraying.record_accepted(user.email)
    return result


def _note_for_spraying(
    result: VerificationResult, user: User, origin: Origin, browsers: KnownBrowsers
) -> VerificationResult:
    """Count for the detection of password spraying. Outside the transaction, so that no lock waits for it."""
    if result.outcome is Outcome.ACCEPTED:
        spraying.record_accepted(user.email)
    elif result.may_be_a_guess and not browsers.bucket_of(user):
        spraying.record_refused(user.email, origin)
    return result
