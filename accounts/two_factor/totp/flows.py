"""Setting an authenticator app up and switching it off. The QR code shows a pending secret; the first right code
makes it count."""

from __future__ import annotations

import os
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.origin import Origin
from accounts.encryption import SecretUnreadableError
from accounts.models import User
from accounts.two_factor import codes, devices, verification
from accounts.two_factor.models import Authenticator
from accounts.two_factor.verification import Answer, Outcome


@transaction.atomic
def begin(user: User) -> Authenticator | None:
    """The pending authenticator of this person: the one in progress, or a new one.

    None when the person has a confirmed one already. One a person: reload, second tab and double click meet the same
    secret, because the person's row is locked meanwhile and the database allows one unconfirmed device.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if devices.has_confirmed_device(user):
        return None
    if in_progress := pending(user):
        return in_progress
    Authenticator.objects.filter(user=user, confirmed=False).delete()
    fresh = Authenticator(user=user, name="Authenticator", confirmed=False)
    fresh.set_secret(os.urandom(limits.TOTP_SECRET_BYTES))
    fresh.save()
    return fresh


def pending(user: User) -> Authenticator | None:
    """The set-up in progress, if it is fresh and its secret can still be read."""
    found = devices.pending_authenticator_of(user)
    try:
        return found if found and found.secret() else None
    except SecretUnreadableError:
        return None


def is_unfinished(user: User) -> bool:
    """Was a set-up begun and never finished?"""
    return Authenticator.objects.filter(user=user, confirmed=False).exists()


@transaction.atomic
def activate(user: User, typed: str, origin: Origin) -> Answer | None:
    """Confirm the pending authenticator with its first code; None when there is none any more.

    The code's time step is used up, so the same code does not sign in. Wrong codes are not throttled: the secret is on
    this very page.
    """
    User.objects.select_for_update().get(pk=user.pk)
    device = pending(user)
    if device is None or devices.has_confirmed_device(user):
        return None
    code = codes.parse(typed)
    if code is None:
        return Answer(Outcome.NOT_A_CODE)
    verdict = verification.judge(device, code)
    if verdict.match is not codes.Match.RIGHT:
        answer = Answer(verification.OUTCOMES[verdict.match], device, minutes_off=verdict.minutes_off)
        record(Event.ACTIVATION_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
        return answer
    verification.claim(device, verdict.step)
    Authenticator.objects.filter(pk=device.pk).update(confirmed=True)
    device.refresh_from_db()
    record(Event.SECOND_STEP_ACTIVATED, subject=user, origin=origin, detail={"factor": device.kind})
    return Answer(Outcome.ACCEPTED, device)


@transaction.atomic
def switch_off(user: User, typed: str, origin: Origin) -> Answer:
    """Remove the second step after a fresh code, counted like any other code of this person."""
    answer = verification.check(user, devices.authenticator_of(user), typed)
    if answer.outcome is Outcome.ACCEPTED:
        devices.remove_all(user)
        record(Event.SECOND_STEP_SWITCHED_OFF, subject=user, origin=origin)
    elif answer.outcome is not Outcome.NOT_A_CODE:
        record(Event.SWITCHING_OFF_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
    return answer


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
