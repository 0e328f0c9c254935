"""Setting an authenticator app up, replacing it and switching it off. The QR code shows a pending secret; the first
right code makes it count."""

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
from accounts.organisations import sign_in_policy
from accounts.throttling import known_browsers
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.two_factor import code_owner, codes, devices, previous_devices, time_steps, verification
from accounts.two_factor.models import Authenticator, Why
from accounts.two_factor.verification import Answer, Outcome


@transaction.atomic
def begin(
    user: User, *, replaces: Authenticator | None = None, begun_in: str = "", all_lost: bool = False, name: str = ""
) -> Authenticator | None:
    """The pending authenticator of this person: the one in progress, or a new one; None when there are too many.

    One a person: reload, second tab and double click meet the same secret, because the person's row is locked meanwhile
    and the database allows one unconfirmed device. Beginning for another purpose begins anew, and so does another
    sign-in (``begun_in``): whoever is signed in with a stolen password must not know the secret that the owner scans.
    ``all_lost``: this one will take the place of every device there is, so there are never too many.
    ``name``: what the person typed before the time was over.
    """
    User.objects.select_for_update().get(pk=user.pk)
    in_progress = pending(user, begun_in)
    if in_progress and in_progress.replaces_id == (replaces.pk if replaces else None):
        return in_progress
    mine = devices.authenticators_of(user)
    if len(mine) >= limits.AUTHENTICATORS and replaces is None and not all_lost:
        return None
    previous_devices.retire(Authenticator.objects.filter(user=user, confirmed=False), Why.UNFINISHED)
    called = name or (replaces.name if replaces else _free_name(mine))
    fresh = Authenticator(user=user, name=called, confirmed=False, replaces=replaces, begun_in=begun_in)
    fresh.set_secret(os.urandom(limits.TOTP_SECRET_BYTES))
    fresh.save()
    return fresh


def _free_name(mine: list[Authenticator]) -> str:
    """In the language of the person; nobody tells “Telefoon” and “telefoon” apart, so capitals do not count."""
    names = {device.name.casefold() for device in mine}
    phone = gettext("Phone")
    candidates = [phone, *(f"{phone} {number}" for number in range(2, limits.AUTHENTICATORS + 2))]
    return next(name for name in candidates if name.casefold() not in names)


@transaction.atomic
def give_more_time(user: User, *, begun_in: str = "", name: str = "") -> Authenticator | None:
    """The whole time anew for the set-up that this sign-in began; None when it is over, or was given too often.

    The secret stays, and only who could see it anyway asks. Not recorded: neither is beginning, and nothing of the
    account changes. ``name``: what was typed already, for the page that follows.
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
    # Switching off in another tab may have deleted it meanwhile.
    return device if Authenticator.objects.filter(pk=device.pk).update(**changed) else None


def may_be_extended(device: Authenticator) -> bool:
    return device.extensions < limits.PENDING_EXTENSIONS


def pending(user: User, begun_in: str = "") -> Authenticator | None:
    """The set-up in progress, if this sign-in began it, it is fresh, and its secret can still be read."""
    found = devices.pending_authenticator_of(user)
    return found if found and found.begun_in == begun_in and time_steps.secret_of(found) else None


def unfinished(user: User) -> Authenticator | None:
    """The set-up that was begun, by whichever sign-in, and never finished."""
    return Authenticator.objects.filter(user=user, confirmed=False).first()


@dataclass(frozen=True)
class Activation:
    """``is_first``: the person had no second step before; ``answer.device`` is the confirmed authenticator."""

    answer: Answer
    is_first: bool = False


@transaction.atomic
def activate(
    user: User, typed: str, name: str, origin: Origin, *, begun_in: str = "", all_lost: bool = False
) -> Activation | None:
    """Confirm the pending authenticator with its first code; None when there is none any more.

    The code's time step is used up, so the same code does not sign in. A new phone takes the place of the old one only
    now. Wrong codes are not throttled: the secret is on this very page. ``all_lost``: the phone was lost, and support
    helped; every other device and the recovery codes stop.
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
    is_first = not devices.has_confirmed_device(user)
    time_steps.claim(device, verdict.step)
    _confirm(device, name)
    if all_lost:
        devices.remove_others(user, device)
    if is_first or all_lost:
        # Until now the password alone made a browser known: a thief could have stored up any number of buckets.
        known_browsers.forget_all(user)
    devices.end_recovery(user)
    entry = record(
        _event(device, is_first, all_lost),
        subject=user,
        origin=origin,
        detail={"factor": device.kind, "name": device.name},
    )
    Authenticator.objects.filter(pk=device.pk).update(linked_in=entry.pk)
    previous_devices.note_end(user, entry)
    return Activation(Answer(Outcome.ACCEPTED, device), is_first)


def _refuse(user: User, device: Authenticator, code: str, verdict: codes.Verdict, origin: Origin) -> Answer:
    """A wrong code may be of another app: Assetmaps then stands in it twice, from an earlier set-up."""
    answer = Answer(verification.OUTCOMES[verdict.match], device, minutes_off=verdict.minutes_off)
    if verdict.match is codes.Match.WRONG and (owner := code_owner.owner_of(user, code, besides=device)):
        is_linked = owner.kind is code_owner.Kind.LINKED
        outcome = Outcome.LINKED_ALREADY if is_linked else verification.FOREIGN[owner.kind]
        answer = Answer(outcome, device, owner=owner)
    record(Event.ACTIVATION_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
    return answer


def _confirm(device: Authenticator, name: str) -> None:
    old = device.replaces_id
    device.name = name or device.name
    Authenticator.objects.filter(pk=device.pk).update(confirmed=True, replaces=None, name=device.name)
    if old:
        previous_devices.retire(Authenticator.objects.filter(pk=old, user_id=device.user_id), Why.REPLACED)
    device.confirmed = True


def _event(device: Authenticator, is_first: bool, all_lost: bool) -> Event:
    if device.replaces_id or (all_lost and not is_first):
        return Event.AUTHENTICATOR_REPLACED
    return Event.SECOND_STEP_ACTIVATED if is_first else Event.AUTHENTICATOR_ADDED


@transaction.atomic
def switch_off(user: User, device: Authenticator | None, typed: str, origin: Origin, browsers: KnownBrowsers) -> Answer:
    """Remove the second step after a fresh code, counted like any other code of this person.

    Refused without judging the code while the second step is demanded: of staff, or by the organisation.
    """
    User.objects.select_for_update().get(pk=user.pk)  # before the counter, as whoever resets does
    if sign_in_policy.is_required(user):
        answer = Answer(Outcome.DEMANDED, device)
        record(Event.SWITCHING_OFF_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
        return answer
    answer = verification.check(user, device, typed, origin, browsers)
    if answer.outcome is Outcome.ACCEPTED:
        devices.remove_all(user)
        previous_devices.note_end(user, record(Event.SECOND_STEP_SWITCHED_OFF, subject=user, origin=origin))
    elif answer.was_judged:
        record(Event.SWITCHING_OFF_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
    return answer


@transaction.atomic
def remove(user: User, device: Authenticator, origin: Origin) -> bool:
    """Remove one of several; False for the last one, which only `switch_off` removes."""
    User.objects.select_for_update().get(pk=user.pk)
    if len(devices.authenticators_of(user)) < 2:
        return False
    previous_devices.retire(Authenticator.objects.filter(pk=device.pk, user=user), Why.REMOVED)
    entry = record(Event.AUTHENTICATOR_REMOVED, subject=user, origin=origin, detail={"name": device.name})
    previous_devices.note_end(user, entry)
    return True


@transaction.atomic
def rename(user: User, device: Authenticator, name: str, origin: Origin) -> None:
    Authenticator.objects.filter(pk=device.pk, user=user).update(name=name)
    record(Event.AUTHENTICATOR_RENAMED, subject=user, origin=origin, detail={"name": name})


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
