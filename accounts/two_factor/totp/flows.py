"""Setting up an authenticator app, or its replacement: the QR code shows a pending secret, the first right code
confirms it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.throttling import known_browsers
from accounts.two_factor import code_owner, codes, devices, previous_devices, time_steps, verification
from accounts.two_factor.models import Authenticator, EndReason
from accounts.two_factor.verification import Outcome, VerificationResult


@transaction.atomic
def begin(
    user: User, *, replaces: Authenticator | None = None, begun_in: str = "", all_lost: bool = False, name: str = ""
) -> Authenticator | None:
    """The pending authenticator of this person: the one in progress, or a new one; None when there are too many.

    One per person: reload, second tab and double click get the same secret, because the person's row is locked and the
    database allows one unconfirmed device. Another purpose or another sign-in (``begun_in``) starts over: somebody who
    is signed in with a stolen password must not know the secret that the owner scans. ``all_lost``: it will replace
    every device, so there are never too many. ``name``: what the person typed before the time was over.
    """
    User.objects.select_for_update().get(pk=user.pk)
    in_progress = pending(user, begun_in)
    if in_progress and in_progress.replaces_id == (replaces.pk if replaces else None):
        return in_progress
    mine = devices.authenticators_of(user)
    if len(mine) >= limits.AUTHENTICATORS and replaces is None and not all_lost:
        return None
    previous_devices.retire(Authenticator.objects.filter(user=user, confirmed=False), EndReason.UNFINISHED)
    called = name or (replaces.name if replaces else _free_name(mine))
    fresh = Authenticator(user=user, name=called, confirmed=False, replaces=replaces, begun_in=begun_in)
    fresh.set_secret(os.urandom(limits.TOTP_SECRET_BYTES))
    fresh.save()
    return fresh


def _free_name(mine: list[Authenticator]) -> str:
    """An unused name in the language of the person, compared without case."""
    names = {device.name.casefold() for device in mine}
    phone = gettext("Phone")
    candidates = [phone, *(f"{phone} {number}" for number in range(2, limits.AUTHENTICATORS + 2))]
    return next(name for name in candidates if name.casefold() not in names)


@transaction.atomic
def give_more_time(user: User, *, begun_in: str = "", name: str = "") -> Authenticator | None:
    """Restart the time of the set-up that this sign-in began; None when it expired, or was extended too often.

    The secret stays the same. Not recorded in the audit trail, like `begin`: nothing of the account changes. ``name``:
    what was typed so far, for the next page.
    """
    User.objects.select_for_update().get(pk=user.pk)
    device = pending(user, begun_in)
    if device is None:
        return None
    now = timezone.now()
    is_again = device.extended_at is not None and now - device.extended_at < limits.PENDING_EXTENSION_AGAIN
    if not is_again:
        if not may_be_extended(device):
            return None
        device.extended_at, device.extensions = now, device.extensions + 1
    device.name = name or device.name
    changed = {"extended_at": device.extended_at, "extensions": device.extensions, "name": device.name}
    # Switching off in another tab may have deleted it.
    return device if Authenticator.objects.filter(pk=device.pk).update(**changed) else None


def may_be_extended(device: Authenticator) -> bool:
    return device.extensions < limits.PENDING_EXTENSIONS


def pending(user: User, begun_in: str = "") -> Authenticator | None:
    """The set-up in progress, if this sign-in began it, it has not expired, and its secret can be decrypted."""
    found = devices.pending_authenticator_of(user)
    return found if found and found.begun_in == begun_in and time_steps.secret_of(found) else None


def unfinished(user: User) -> Authenticator | None:
    """The unfinished set-up of this person, whichever sign-in began it."""
    return Authenticator.objects.filter(user=user, confirmed=False).first()


@dataclass(frozen=True)
class Activation:
    """``is_first``: the person had no second factor before; ``answer.device`` is the confirmed authenticator."""

    answer: VerificationResult
    is_first: bool = False


@transaction.atomic
def activate(
    user: User, typed: str, name: str, origin: Origin, *, begun_in: str = "", all_lost: bool = False
) -> Activation | None:
    """Confirm the pending authenticator with its first code; None when there is none any more.

    The code's time step is used up, so the same code does not sign in. A replaced phone stops only now. Wrong codes are
    not throttled: the secret is on the same page. ``all_lost``: account recovery by support; every other device and the
    recovery codes stop.
    """
    User.objects.select_for_update().get(pk=user.pk)
    device = pending(user, begun_in)
    if device is None:
        return None
    code = codes.parse(typed)
    if code is None:
        return Activation(verification.not_a_code(typed))
    verdict = verification.judge(device, code)
    if verdict.match is not codes.Match.RIGHT:
        return Activation(_refuse(user, device, code, verdict, origin))
    time_steps.use_up(device, verdict.step)
    return _confirm(user, device, name, origin, all_lost=all_lost)


def _confirm(user: User, device: Authenticator, name: str, origin: Origin, *, all_lost: bool) -> Activation:
    is_first = not devices.has_confirmed_device(user)
    event = _event_of(device, is_first, all_lost)
    _store_confirmed(device, name)
    if all_lost:
        devices.remove_others(user, device)
    if is_first or all_lost:
        # Until now the password alone made a browser known: an attacker could have collected any number of counters.
        known_browsers.forget_all(user)
    devices.end_recovery(user)
    entry = record(event, subject=user, origin=origin, detail={"factor": device.kind, "name": device.name})
    Authenticator.objects.filter(pk=device.pk).update(linked_in=entry.pk)
    previous_devices.record_end(user, entry)
    return Activation(VerificationResult(Outcome.ACCEPTED, device), is_first)


def _refuse(user: User, device: Authenticator, code: str, verdict: codes.Verdict, origin: Origin) -> VerificationResult:
    """A wrong code may be of another app, or of an earlier set-up in the same app."""
    answer = VerificationResult(verification.OUTCOME_OF_MATCH[verdict.match], device, minutes_off=verdict.minutes_off)
    if verdict.match is codes.Match.WRONG and (owner := code_owner.find_owner(user, code, besides=device)):
        is_linked = owner.kind is code_owner.Kind.LINKED
        outcome = Outcome.LINKED_ALREADY if is_linked else verification.OUTCOME_OF_OTHER_APP[owner.kind]
        answer = VerificationResult(outcome, device, owner=owner)
    record(Event.ACTIVATION_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
    return answer


def _store_confirmed(device: Authenticator, name: str) -> None:
    old = device.replaces_id
    device.name = name or device.name
    Authenticator.objects.filter(pk=device.pk).update(confirmed=True, replaces=None, name=device.name)
    if old:
        previous_devices.retire(Authenticator.objects.filter(pk=old, user_id=device.user_id), EndReason.REPLACED)
    device.confirmed = True


def _event_of(device: Authenticator, is_first: bool, all_lost: bool) -> Event:
    if device.replaces_id or (all_lost and not is_first):
        return Event.AUTHENTICATOR_REPLACED
    return Event.SECOND_STEP_ACTIVATED if is_first else Event.AUTHENTICATOR_ADDED


def provisioning_uri(user: User, secret_base32: str) -> str:
    """The ``otpauth:`` address for QR code and link (Key URI Format; what Google and Microsoft Authenticator read)."""
    issuer = settings.OTP_TOTP_ISSUER
    values = {
        "secret": secret_base32,
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": limits.TOTP_DIGITS,
        "period": int(limits.TOTP_STEP.total_seconds()),
    }
    # %20, not "+": apps show a plus sign as it stands.
    return f"otpauth://totp/{quote(issuer)}:{quote(user.email)}?{urlencode(values, quote_via=quote)}"
