"""Fresh proof: whoever is signed in shows password and code, or the provider, once more (ASVS 7.5.1)."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import limits
from accounts.active_sessions import store
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.passwords import verification as passwords
from accounts.sso.callback import CallbackResult
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.two_factor import devices, verification
from accounts.two_factor.codes import parse_recovery_code
from accounts.two_factor.passkeys import flows as passkeys
from accounts.two_factor.passkeys.ceremonies import Purpose
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.verification import OnAccepted, Outcome, VerificationResult

PROVIDER_PROOF = "proved_there"  # when the provider showed anew who it is, while our code is still open


@dataclass(frozen=True)
class Proof:
    """``answer``: how the code was judged; None when it was not asked for or the password was wrong already."""

    password_is_right: bool
    answer: VerificationResult | None = None

    @property
    def is_complete(self) -> bool:
        return self.password_is_right and (self.answer is None or self.answer.outcome is Outcome.ACCEPTED)


def prove_identity(
    user: User,
    origin: Origin,
    browsers: KnownBrowsers,
    *,
    password: str,
    code: str = "",
    device: str = "",
    password_is_enough: bool = False,
    opens: OnAccepted | None = None,
) -> Proof:
    """Fresh proof of somebody who is signed in: the password, and with a second factor also a code (ASVS 7.5.1).

    Counted together with the sign-in. The code is judged only after a right password, so a wrong password costs none.
    """
    if not passwords.check(user, password, origin, browsers):
        return Proof(password_is_right=False)
    if password_is_enough or not devices.has_confirmed_device(user):
        return Proof(password_is_right=True)
    return prove_by_code(user, origin, browsers, code=code, device=device, opens=opens)


def prove_by_code(
    user: User, origin: Origin, browsers: KnownBrowsers, *, code: str, device: str = "", opens: OnAccepted | None = None
) -> Proof:
    """The second half of fresh proof, after the password or the provider. ``opens`` is called when the code is
    accepted, in the same transaction."""
    if parse_recovery_code(code):
        return Proof(True, recovery_codes.use(user, code, origin, browsers, opens))
    with transaction.atomic():
        answer = verification.check(user, devices.authenticator_of(user, device), code, origin, browsers)
        if answer.outcome is Outcome.ACCEPTED and opens:
            opens(answer)
        elif answer.outcome is not Outcome.ACCEPTED:
            record(Event.IDENTITY_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
    return Proof(True, answer)


def prove_by_passkey(
    user: User,
    ceremony: str,
    credential: str,
    *,
    binding: str,
    origin: Origin,
    browsers: KnownBrowsers,
    opens: OnAccepted | None = None,
) -> Proof:
    """Fresh proof by a passkey of this person, which shows both factors: no password is asked."""
    answer = passkeys.verify(
        user,
        ceremony,
        credential,
        purpose=Purpose.PROOF,
        binding=binding,
        origin=origin,
        browsers=browsers,
        on_accepted=opens,
    )
    return Proof(True, answer)


def update_provider_session(session: MutableMapping[str, Any], result: CallbackResult) -> None:
    """Reauthentication may have begun another session at the provider: its logout then ends our session."""
    if result.token and result.token.session:
        session[store.UPSTREAM] = result.provider_session


def store_provider_proof(session: MutableMapping[str, Any], *, is_complete: bool) -> None:
    """The provider has shown who it is. ``is_complete``: and nothing else is asked."""
    session[PROVIDER_PROOF] = {"at": timezone.now().timestamp(), "is_complete": is_complete}


def has_provider_proof(session: MutableMapping[str, Any]) -> bool:
    """Has the provider shown who it is, so short ago that only our code is asked?"""
    return bool(_fresh_provider_proof(session)) and not _fresh_provider_proof(session).get("is_complete")


def take_complete_provider_proof(session: MutableMapping[str, Any]) -> bool:
    """Has the provider shown all that is asked? Once: the interrupted change then goes on."""
    if not _fresh_provider_proof(session).get("is_complete"):
        return False
    forget_provider_proof(session)
    return True


def _fresh_provider_proof(session: MutableMapping[str, Any]) -> dict[str, Any]:
    proof: dict[str, Any] = session.get(PROVIDER_PROOF) or {}
    age = timezone.now().timestamp() - proof.get("at", 0)
    return proof if 0 <= age <= limits.PENDING_SIGN_IN.total_seconds() else {}


def forget_provider_proof(session: MutableMapping[str, Any]) -> None:
    session.pop(PROVIDER_PROOF, None)
