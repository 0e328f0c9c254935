"""Reversal of changes to the second factor that the owner reports as not theirs."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.two_factor import devices, previous_devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import AccountRecovery, Authenticator, EndReason, Passkey, RecoveryCode, RecoveryCodeSet
from accounts.two_factor.previous_devices import Restored

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
    codes became void; ``closed``: no app and no passkey is left, and account recovery is required; ``stolen``: what was
    restored may be with a thief, see `_may_be_stolen`. The names are stored in the audit trail."""

    gone: int = 0
    passkeys: int = 0
    back: int = 0
    codes: bool = False
    closed: bool = False
    stolen: bool = False


def reverse(user: User, entry: AuditEntry) -> Reversal:
    """Reverse what this entry and later ones changed in the second factor, whatever the entry itself is about: who
    changed the password or the address, or used a recovery code, may have linked a device afterwards. After a warning
    about guesses too, where nobody was in yet: what was linked since is the thief's or the owner's, and the owner links
    it again more easily than a thief is noticed.

    Apps and passkeys that were linked, and their replacements, are removed; those that were ended are restored, but no
    passkey of which there may be a copy. When anything was linked, ended, made or used since, the recovery codes become
    void, because the same attacker may have made or read them. Call inside a transaction that locks the rows of the
    person and of the counters.
    """
    since = _first_entry(user, entry)
    changed = AuditEntry.objects.filter(subject=user, pk__gte=since, succeeded=True)
    codes = changed.filter(event__in=(*LINKED, *ENDED, *CODES)).exists() and _void_recovery_codes(user)
    gone = previous_devices.retire(Authenticator.objects.filter(user=user, linked_in__gte=since), EndReason.REPORTED)
    theirs = Passkey.objects.filter(Q(linked_in__gte=since) | _copied_in(entry), user=user)
    passkeys = previous_devices.retire_passkeys(theirs, EndReason.REPORTED)
    previous_devices.mark_reported_since(user, since)
    previous_devices.mark_copied(user, _copied(user))
    back = previous_devices.restore_since(user, since)
    stolen = any(_may_be_stolen(user, one) for one in back)
    return Reversal(gone, passkeys, len(back), codes, _requires_recovery(user, gone + passkeys), stolen)


def _copied_in(entry: AuditEntry) -> Q:
    """The passkey of which this entry says that there may be a copy; none for another entry."""
    if entry.event != Event.PASSKEY_COUNT_FELL:
        return Q(pk__in=())
    digest = entry.detail.get("digest")
    return Q(digest__startswith=digest) if digest else Q(pk__in=())


def _copied(user: User) -> list[str]:
    """The short digests of the person's passkeys whose count ever fell: never restored, in whichever order the mails
    about that and about the removal are reported."""
    fell = AuditEntry.objects.filter(subject=user, event=Event.PASSKEY_COUNT_FELL)
    return [str(one["digest"]) for one in fell.values_list("detail", flat=True) if "digest" in one]


def _may_be_stolen(user: User, restored: Restored) -> bool:
    """Was it taken away by somebody who did not show it: by support, by the codes or links of support, by a recovery
    code, or by another device? Then its owner may have done that because it was stolen, and the reporter be the thief,
    who reads the mailbox on it. Who showed the device itself was the owner, or passed its codes on."""
    ended = AuditEntry.objects.filter(pk=restored.ended_in).first()
    if ended is None or ended.event == Event.SECOND_STEP_RESET:
        return True
    proofs = AuditEntry.objects.filter(
        subject=user, event__in=(Event.SIGNED_IN, Event.IDENTITY_CONFIRMED), succeeded=True, pk__lt=ended.pk
    )
    shown = proofs.order_by("-pk").values_list("detail", flat=True).first() or {}
    if shown.get("factor") == RecoveryCodeSet.kind:  # which may name the entry of the device that it came with
        return True
    return restored.linked_in is None or shown.get("linked") != restored.linked_in


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
