"""Setting up an authenticator app, or its replacement: the QR code shows a pending secret, the first right code
confirms it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.throttling import known_browsers
from accounts.two_factor import code_owner, codes, devices, previous_devices, time_steps, verification
from accounts.two_factor.devices import Situation
from accounts.two_factor.models import Authenticator, EndReason
from accounts.two_factor.verification import Outcome, VerificationResult


def begin(
    user: User,
    *,
    replaces: Authenticator | None = None,
    begun_in: str = "",
    all_lost: bool = False,
    name: str = "",
    known: list[Authenticator] | None = None,
) -> Authenticator | None:
    """The pending authenticator of this person: the one in progress, or a new one; None when there are too many.

    One per person: reload, second tab and double click get the same secret, because the person's row is locked and the
    database allows one unconfirmed device. Another purpose or another sign-in (``begun_in``) starts over: somebody who
    is signed in with a stolen password must not know the secret that the owner scans. ``all_lost``: it will replace
    every device, so there are never too many. ``name``: what the person typed before the time was over. ``known``: the
    devices of the person, if they were read in this request.
    """
    wanted = Authenticator(user=user, name=name, confirmed=False, replaces=replaces, begun_in=begun_in)
    mine = devices.every(user) if known is None else known
    if found := _in_progress(mine, wanted):
        return found
    if not mine:
        # Nothing to lock: no number to keep below, and no set-up to end. Of parallel requests the database takes one.
        with suppress(IntegrityError), transaction.atomic():
            return _save(wanted, mine)
    return _begin_beside(wanted, any_number=replaces is not None or all_lost)


@transaction.atomic
def _begin_beside(wanted: Authenticator, *, any_number: bool) -> Authenticator | None:
    """Beside other devices, or instead of another set-up."""
    devices.lock(wanted.user)
    mine = devices.every(wanted.user)
    if found := _in_progress(mine, wanted):
        return found
    confirmed = [device for device in mine if device.confirmed]
    if len(confirmed) >= limits.AUTHENTICATORS and not any_number:
        return None
    if len(confirmed) < len(mine):
        previous_devices.retire(Authenticator.objects.filter(user=wanted.user, confirmed=False), EndReason.UNFINISHED)
    return _save(wanted, confirmed)


def _in_progress(mine: list[Authenticator], wanted: Authenticator) -> Authenticator | None:
    found = _usable(devices.pending_among(mine), wanted.begun_in)
    return found if found and found.replaces_id == wanted.replaces_id else None


def _save(wanted: Authenticator, confirmed: list[Authenticator]) -> Authenticator:
    wanted.name = wanted.name or (wanted.replaces.name if wanted.replaces else _free_name(confirmed))
    wanted.set_secret(os.urandom(limits.TOTP_SECRET_BYTES))
    wanted.save(force_insert=True)
    return wanted


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
    return _usable(devices.pending_authenticator_of(user), begun_in)


def pending_among(mine: Iterable[Authenticator], begun_in: str) -> Authenticator | None:
    """The same among the devices of one person."""
    return _usable(devices.pending_among(mine), begun_in)


def _usable(found: Authenticator | None, begun_in: str) -> Authenticator | None:
    return found if found and found.begun_in == begun_in and time_steps.secret_of(found) else None


def unfinished(user: User) -> Authenticator | None:
    """The unfinished set-up of this person, whichever sign-in began it."""
    return Authenticator.objects.filter(user=user, confirmed=False).first()


class Activation(NamedTuple):
    """``answer.device``: the confirmed authenticator; ``before``: what the person had, read under the lock;
    ``replaces_all``: nothing of that is left."""

    answer: VerificationResult
    before: Situation = Situation()
    replaces_all: bool = False

    @property
    def is_first(self) -> bool:
        return not self.before.has_factor

    @property
    def code_set(self) -> int | None:
        """The recovery codes that are left, if any."""
        return None if self.replaces_all else self.before.code_set


def foresee(found: Situation, typed: str, *, begun_in: str = "") -> Situation | None:
    """What the person has (``found``), if `activate` would accept the code now; else None. Changes and locks nothing:
    it tells what must be ready before the transaction."""
    code = codes.parse(typed)
    device = _usable(devices.pending_among(found.devices), begun_in)
    if device is None or code is None:
        return None
    return found if verification.compare(device, code).match is codes.Match.RIGHT else None


@transaction.atomic
def activate(
    user: User,
    typed: str,
    name: str,
    origin: Origin,
    *,
    begun_in: str = "",
    all_lost: bool = False,
    foreseen: Situation | None = None,
    on_accepted: Callable[[Activation], None] | None = None,
) -> Activation | None:
    """Confirm the pending authenticator with its first code; None when there is none any more.

    The code's time step is used up, so the same code does not sign in. A replaced phone stops only now. Wrong codes are
    not throttled: the secret is on the same page. ``all_lost``: account recovery by support; every other device and the
    recovery codes stop. ``foreseen``: the answer of `foresee`. ``on_accepted`` is called on success, in the same
    transaction.
    """
    is_forgotten = _lock(user, forgetting=foreseen is not None and (all_lost or not foreseen.has_factor))
    before = devices.situation_of(user)
    device = pending_among(before.devices, begun_in)
    if device is None:
        return None
    code = codes.parse(typed)
    if code is None:
        return Activation(verification.not_a_code(typed))
    verdict = verification.judge(device, code)
    if verdict.match is not codes.Match.RIGHT:
        return Activation(_refuse(user, device, code, verdict, origin))
    activation = Activation(VerificationResult(Outcome.ACCEPTED, device), before, all_lost)
    if (all_lost or activation.is_first) and not is_forgotten:
        known_browsers.forget_all(user)
    _confirm(user, activation, device, verdict.step, name, origin)
    if on_accepted:
        on_accepted(activation)
    return activation


def _lock(user: User, *, forgetting: bool) -> bool:
    """Lock the row of the person, and ``forgetting`` known browsers in the same statement: until a first device the
    password alone made a browser known, so an attacker could have collected any number of counters. False when they
    were not forgotten."""
    if forgetting and known_browsers.forget_read(user):
        return True
    devices.lock(user)
    return False


def _confirm(user: User, activation: Activation, device: Authenticator, step: int, name: str, origin: Origin) -> None:
    all_lost, old = activation.replaces_all, device.replaces_id
    event = _event_of(device, activation.is_first, all_lost)
    device.name = name or device.name
    entry = record(event, subject=user, origin=origin, detail={"factor": device.kind, "name": device.name})
    device.confirmed, device.replaces, device.linked_in = True, None, entry.pk
    device.last_step, device.last_used_at = step, timezone.now()
    device.save(update_fields=["confirmed", "replaces", "linked_in", "name", "last_step", "last_used_at"])
    if old:
        previous_devices.retire(Authenticator.objects.filter(pk=old, user=user), EndReason.REPLACED)
    if all_lost:
        devices.remove_others(user, device)
    if old or all_lost:
        previous_devices.record_end(user, entry)
    if activation.before.recovers:
        devices.end_recovery(user)


def _refuse(user: User, device: Authenticator, code: str, verdict: codes.Verdict, origin: Origin) -> VerificationResult:
    """A wrong code may be of another app, or of an earlier set-up in the same app."""
    answer = VerificationResult(verification.OUTCOME_OF_MATCH[verdict.match], device, minutes_off=verdict.minutes_off)
    if verdict.match is codes.Match.WRONG and (owner := code_owner.find_owner(user, code, besides=device)):
        is_linked = owner.kind is code_owner.Kind.LINKED
        outcome = Outcome.LINKED_ALREADY if is_linked else verification.OUTCOME_OF_OTHER_APP[owner.kind]
        answer = VerificationResult(outcome, device, owner=owner)
    record(Event.ACTIVATION_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
    return answer


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
