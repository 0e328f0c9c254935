"""Existing authenticator apps: switching the second factor off, removing one of several, renaming one."""

from __future__ import annotations

from django.db import transaction

from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations import sign_in_policy
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.two_factor import devices, previous_devices, verification
from accounts.two_factor.models import Authenticator, EndReason, Passkey
from accounts.two_factor.verification import Outcome, VerificationResult


@transaction.atomic
def switch_off(
    user: User, device: Authenticator | None, typed: str, origin: Origin, browsers: KnownBrowsers
) -> VerificationResult:
    """Remove the second factor after a fresh code, which is counted like any other.

    Refused without verifying the code while a second factor is required: of staff, or by the organisation.
    """
    User.objects.select_for_update().get(pk=user.pk)  # before the counter, in the same order as a reset
    if sign_in_policy.is_required(user):
        answer = VerificationResult(Outcome.DEMANDED, device)
        record(Event.SWITCHING_OFF_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
        return answer
    answer = verification.check(user, device, typed, origin, browsers)
    if answer.outcome is Outcome.ACCEPTED:
        _switch_off(user, origin)
    elif answer.was_judged:
        record(Event.SWITCHING_OFF_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
    return answer


def switch_off_by_passkey(
    user: User, ceremony: str, credential: str, *, binding: str, origin: Origin, browsers: KnownBrowsers
) -> VerificationResult:
    """The same after a passkey instead of a code."""
    from accounts.two_factor.passkeys import flows as passkeys  # here, to save start-up time
    from accounts.two_factor.passkeys.ceremonies import Purpose

    if sign_in_policy.is_required(user):
        answer = VerificationResult(Outcome.DEMANDED, factor=Passkey.kind)
        record(Event.SWITCHING_OFF_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
        return answer

    def switch_off(_answer: VerificationResult) -> None:
        _switch_off(user, origin)

    return passkeys.verify(
        user,
        ceremony,
        credential,
        purpose=Purpose.PROOF,
        binding=binding,
        origin=origin,
        browsers=browsers,
        on_accepted=switch_off,
    )


def _switch_off(user: User, origin: Origin) -> None:
    devices.remove_all(user)
    previous_devices.record_end(user, record(Event.SECOND_STEP_SWITCHED_OFF, subject=user, origin=origin))


@transaction.atomic
def remove(user: User, device: Authenticator, origin: Origin) -> bool:
    """Remove one of several second factors; False for the last one, which only `switch_off` removes. True, and nothing
    is recorded, when a parallel request removed it first."""
    User.objects.select_for_update().get(pk=user.pk)
    if devices.factors_of(user).factors < 2:
        return False
    if not previous_devices.retire(Authenticator.objects.filter(pk=device.pk, user=user), EndReason.REMOVED):
        return True
    entry = record(Event.AUTHENTICATOR_REMOVED, subject=user, origin=origin, detail={"name": device.name})
    previous_devices.record_end(user, entry)
    return True


@transaction.atomic
def rename(user: User, device: Authenticator, name: str, origin: Origin) -> None:
    if Authenticator.objects.filter(pk=device.pk, user=user).update(name=name) != 1:
        return
    record(Event.AUTHENTICATOR_RENAMED, subject=user, origin=origin, detail={"name": name})
