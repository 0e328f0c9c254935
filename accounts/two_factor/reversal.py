"""The second step as it was before something that the owner reports as somebody else's doing."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.two_factor import devices, previous_devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import AccountRecovery, Authenticator, RecoveryCode, RecoveryCodeSet, Why

LINKED = (Event.SECOND_STEP_ACTIVATED, Event.AUTHENTICATOR_ADDED, Event.AUTHENTICATOR_REPLACED)
ENDED = (Event.AUTHENTICATOR_REMOVED, Event.SECOND_STEP_SWITCHED_OFF, Event.SECOND_STEP_RESET)
CODES = (Event.RECOVERY_CODES_MADE, Event.RECOVERY_CODE_USED)


@dataclass(frozen=True)
class Undone:
    """``gone``: apps that count no more; ``back``: that count again; ``codes``: whether recovery codes became void;
    ``closed``: no app is left, and the password alone opens nothing."""

    gone: int = 0
    back: int = 0
    codes: bool = False
    closed: bool = False


def undo(user: User, entry: AuditEntry) -> Undone:
    """Take back what this entry and all after it did to the second step; nothing when it is about something else.

    What a thief linked goes, also what took its place since, and what ended by it counts again. The recovery codes
    become void: they may have been made, read or used by the same hand. Call inside a transaction that holds the rows
    of the person and of the counters.
    """
    if entry.event not in (*LINKED, *ENDED, *CODES):
        return Undone()
    codes = _void_recovery_codes(user)
    if entry.event in CODES:
        return Undone(codes=codes)
    since = _since(user, entry)
    gone = previous_devices.retire(Authenticator.objects.filter(user=user, linked_in__gte=since), Why.DISOWNED)
    previous_devices.disown_since(user, since)
    back = previous_devices.bring_back(user, since)
    return Undone(gone, back, codes, closed=_is_closed(user, gone))


def _since(user: User, entry: AuditEntry) -> int:
    """From which entry on. What was linked after a reset by support stands on that reset: both go."""
    if entry.event != Event.SECOND_STEP_ACTIVATED:
        return entry.pk
    turns = AuditEntry.objects.filter(
        subject=user,
        event__in=(Event.SECOND_STEP_RESET, Event.SECOND_STEP_ACTIVATED, Event.SECOND_STEP_SWITCHED_OFF),
        succeeded=True,
        pk__lt=entry.pk,
    )
    before = turns.order_by("-pk").first()
    return before.pk if before and before.event == Event.SECOND_STEP_RESET else entry.pk


def _void_recovery_codes(user: User) -> bool:
    # The codes before the set, as whoever uses one does.
    RecoveryCode.objects.filter(code_set__user=user).delete()
    return RecoveryCodeSet.objects.filter(user=user).delete()[0] > 0


def _is_closed(user: User, gone: int) -> bool:
    """Without any app left, the password alone must not open what an app protected.

    Otherwise a report would switch the second step off: whoever reads the mailbox could report the owner's own
    activation and set a password by mail. So the password of this moment and a mailed link are both needed, and lead to
    the set-up of a phone (`account_recovery`); a password set by mail does not do, then support helps.
    """
    if devices.has_confirmed_device(user):
        devices.end_recovery(user)
        return False
    if gone:
        account_recovery.begin(user)
    return AccountRecovery.objects.filter(user=user).exists()
