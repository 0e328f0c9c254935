"""Replay protection of codes: the secret of an authenticator app, and its used and void time steps."""

from __future__ import annotations

import logging

from django.db.models import BigAutoField, BigIntegerField, DateTimeField, JSONField, QuerySet
from django.utils import timezone

from accounts import limits
from accounts.encryption import SecretUnreadableError
from accounts.prepared_queries import Parameter, PreparedUpdate
from accounts.two_factor import codes
from accounts.two_factor.models import Authenticator, FormerAuthenticator

log = logging.getLogger(__name__)


def secret_of(device: Authenticator | FormerAuthenticator) -> bytes | None:
    """The secret; None, with a line in the log, when it cannot be decrypted (ASVS 11.2.5)."""
    try:
        return device.secret()
    except SecretUnreadableError as mistake:
        kind = "authenticator" if isinstance(device, Authenticator) else "former authenticator"
        log.error("%s %s of user %s cannot be read: %s", kind, device.pk, device.user_id, mistake)
        return None


def invalidate(device: Authenticator, step: int) -> None:
    """Refuse the code of this step from now on: the error message said of which app or time it is, so it could be used
    there. Locked and read again, so that no parallel change is lost. Call inside a transaction.

    A step is listed once and until it has passed, so the list is at most as long as a day has steps.
    """
    earliest = codes.present_step() - limits.TOTP_WINDOW
    for locked in Authenticator.objects.select_for_update().filter(pk=device.pk):
        ahead = {other for other in locked.void_steps if other >= earliest}
        Authenticator.objects.filter(pk=device.pk).update(void_steps=sorted(ahead | {step}))


@PreparedUpdate
def _take() -> tuple[QuerySet[Authenticator], dict[str, object]]:
    step = Parameter("step", BigIntegerField())
    unused = Authenticator.objects.filter(pk=Parameter("device", BigAutoField()), last_step__lt=step)
    not_made_void = unused.filter(void_steps=Parameter("void_steps", JSONField()))
    return not_made_void, {"last_step": step, "last_used_at": Parameter("now", DateTimeField())}


def use_up(device: Authenticator, step: int) -> bool:
    """Mark a time step as used; False when it or a later one was used before (RFC 6238 section 5.2)."""
    now, void = timezone.now(), device.void_steps
    if step not in void and _take(device=device.pk, step=step, void_steps=void, now=now) == 1:
        return True
    # Used or void, or another step became void since the device was read: read again, locked.
    unused = Authenticator.objects.filter(pk=device.pk, last_step__lt=step)
    newest = next(iter(unused.select_for_update()), None)
    if newest is None or step in newest.void_steps:
        return False
    return unused.update(last_step=step, last_used_at=now) == 1
