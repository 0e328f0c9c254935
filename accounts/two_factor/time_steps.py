"""The time steps of one authenticator app: its secret, which steps are used up, and which are void."""

from __future__ import annotations

import logging

from django.utils import timezone

from accounts import limits
from accounts.encryption import SecretUnreadableError
from accounts.two_factor import codes
from accounts.two_factor.models import Authenticator, FormerAuthenticator

log = logging.getLogger(__name__)


def secret_of(device: Authenticator | FormerAuthenticator) -> bytes | None:
    """The secret; None, with a line in the log, when our side cannot read it (ASVS 11.2.5)."""
    try:
        return device.secret()
    except SecretUnreadableError as mistake:
        kind = "authenticator" if isinstance(device, Authenticator) else "former authenticator"
        log.error("%s %s of user %s cannot be read: %s", kind, device.pk, device.user_id, mistake)
        return None


def make_void(device: Authenticator, step: int) -> None:
    """Nobody gets in with the code of this step: its typist was just told whose it is, or for when, and could use it
    there or then. Locked and read anew, so that of parallel codes none is forgotten. Call inside a transaction.

    A step stands in the list once, and no longer than it is ahead, so the list is never longer than a day has steps.
    """
    earliest = codes.present_step() - limits.TOTP_WINDOW
    for locked in Authenticator.objects.select_for_update().filter(pk=device.pk):
        ahead = {other for other in locked.void_steps if other >= earliest}
        Authenticator.objects.filter(pk=device.pk).update(void_steps=sorted(ahead | {step}))


def claim(device: Authenticator, step: int) -> bool:
    """Use up a time step, once and for ever: False when it or a later one was used meanwhile (RFC 6238 section 5.2)."""
    unused = Authenticator.objects.filter(pk=device.pk, last_step__lt=step)
    use_up = {"last_step": step, "last_used_at": timezone.now()}
    if step not in device.void_steps and unused.filter(void_steps=device.void_steps).update(**use_up) == 1:
        return True
    # Used, void, or another step was made void since the device was read: look again, locked.
    newest = next(iter(unused.select_for_update()), None)
    return newest is not None and step not in newest.void_steps and unused.update(**use_up) == 1
