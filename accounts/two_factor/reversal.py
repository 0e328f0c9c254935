"""Reversal of changes to the second factor that the owner reports as not theirs."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.two_factor import devices, previous_devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import AccountRecovery, Authenticator, EndReason, Passkey, RecoveryCode, RecoveryCodeSet

LINKED = (
    Event.SECOND_STEP_ACTIVATED,
    Event.AUTHENTICATOR_ADDED,
    Event.AUTHENTICATOR_REPLACED,
    Event.PASSKEY_ADDED,
)
ENDED = (
    Event.AUTHENTICATOR_REMOVED,
    Event.PASSKEY_REMOVED,
    Event.SECOND_STEP_SWITCHED_OFF,
    Event.SECOND_STEP_RESET,
)
FIRST = (Event.SECOND_STEP_ACTIVATED, Event.PASSKEY_ADDED)  # may link the first device after a reset
CODES = (Event.RECOVERY_CODES_MADE, Event.RECOVERY_CODE_USED)


@dataclass(frozen=True)
class Reversal:
    """``gone``: apps removed; ``passkeys``: passkeys removed; ``back``: apps and passkeys restored; ``codes``: recovery
    codes became void; ``closed``: no app and no passkey is left, and account recovery is required. The names are stored
    in the audit trail."""

    gone: int = 0
    passkeys: int = 0
    back: int = 0
    codes: bool = False
    closed: bool = False


def reverse(user: User, entry: AuditEntry) -> Reversal:
    """Reverse what this entry and later ones changed in the second factor; nothing for an entry about something else.

    Apps and passkeys that were linked, and their replacements, are removed, and so is a passkey of which there may be a
    copy; those that were ended are restored. The
    recovery codes become void, because the same attacker may have made or read them. Call inside a transaction that
    locks the rows of the person and of the counters.
    """
    if entry.event == Event.PASSKEY_COUNT_FELL:
        copied = Passkey.objects.filter(user=user, pk=entry.detail.get("passkey"))
        passkeys = previous_devices.retire_passkeys(copied, EndReason.REPORTED)
        return Reversal(passkeys=passkeys, closed=_requires_recovery(user, passkeys))
    if entry.event not in (*LINKED, *ENDED, *CODES):
        return Reversal()
    codes = _void_recovery_codes(user)
    if entry.event in CODES:
        return Reversal(codes=codes)
    since = _first_entry(user, entry)
    gone = previous_devices.retire(Authenticator.objects.filter(user=user, linked_in__gte=since), EndReason.REPORTED)
    theirs = Passkey.objects.filter(user=user, linked_in__gte=since)
    passkeys = previous_devices.retire_passkeys(theirs, EndReason.REPORTED)
    previous_devices.mark_reported_since(user, since)
    back = previous_devices.restore_since(user, since)
    return Reversal(gone, passkeys, back, codes, closed=_requires_recovery(user, gone + passkeys))


def _first_entry(user: User, entry: AuditEntry) -> int:
    """The first entry to reverse: with an activation after a reset by support, the reset as well."""
    if entry.event not in FIRST:
        return entry.pk
    earlier = AuditEntry.objects.filter(
        subject=user,
        event__in=(*FIRST, Event.SECOND_STEP_RESET, Event.SECOND_STEP_SWITCHED_OFF),
        succeeded=True,
        pk__lt=entry.pk,
    )
    before = earlier.order_by("-pk").first()
    return before.pk if before and before.event == Event.SECOND_STEP_RESET else entry.pk


def _void_recovery_codes(user: User) -> bool:
    # The codes before the set, as in `recovery_codes.flows.use`; another order could deadlock.
    RecoveryCode.objects.filter(code_set__user=user).delete()
    return RecoveryCodeSet.objects.filter(user=user).delete()[0] > 0


def _requires_recovery(user: User, gone: int) -> bool:
    """Begin account recovery when no app and no passkey is left: the password alone must not give access.

    Otherwise a report would switch the second factor off: an attacker who reads the mailbox could report the owner's
    activation and set a password by mail. So both the present password and a mailed link are needed, and lead to the
    set-up of a phone (`account_recovery`); with a password set by mail, support helps.
    """
    if devices.has_confirmed_device(user):
        devices.end_recovery(user)
        return False
    if gone:
        account_recovery.begin(user)
    return AccountRecovery.objects.filter(user=user).exists()
