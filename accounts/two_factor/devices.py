"""Queries about the devices of a person."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import limits
from accounts.models import User
from accounts.two_factor import previous_devices
from accounts.two_factor.models import AccountRecovery, Authenticator, BridgeCode, EndReason, RecoveryCodeSet

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def authenticators_of(user: User) -> list[Authenticator]:
    """The confirmed authenticator apps, the last used first."""
    # Sorted here: there are five at most, and a sorting expression would double the cost of the query.
    mine = Authenticator.objects.filter(user=user, confirmed=True)
    return sorted(mine, key=lambda device: (device.last_used_at or _LONG_AGO, -device.pk), reverse=True)


def authenticator_of(user: User, pk: int | str | None = None) -> Authenticator | None:
    """One confirmed authenticator app of this person: the named one, or without a name the last used."""
    mine = authenticators_of(user)
    if not pk:
        return mine[0] if mine else None
    return next((device for device in mine if str(device.pk) == str(pk)), None)


def has_confirmed_device(user: User) -> bool:
    return Authenticator.objects.filter(user=user, confirmed=True).exists()


def confirmed_device_exists() -> Exists:
    """`has_confirmed_device` as an expression for a query over people."""
    return Exists(Authenticator.objects.filter(user=OuterRef("pk"), confirmed=True))


def pending_authenticator_of(user: User) -> Authenticator | None:
    """The set-up in progress, unless it expired."""
    return _set_ups().filter(user=user, since__gt=timezone.now() - limits.PENDING_AUTHENTICATOR).first()


def _set_ups() -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(confirmed=False).annotate(since=Coalesce("extended_at", "created_at"))


def expires_at(pending: Authenticator) -> datetime:
    return (pending.extended_at or pending.created_at) + limits.PENDING_AUTHENTICATOR


def purge_set_ups() -> int:
    """Delete expired set-ups. Returns how many."""
    with transaction.atomic():
        over = _set_ups().filter(since__lte=timezone.now() - limits.PENDING_AUTHENTICATOR)
        return previous_devices.retire(over, EndReason.UNFINISHED)


def recovery_codes_left(user: User) -> int | None:
    """How many recovery codes still work; None without a set."""
    left = Count("codes", filter=Q(codes__used_at=None))
    return RecoveryCodeSet.objects.filter(user=user).annotate(left=left).values_list("left", flat=True).first()


def remove_all(user: User) -> int:
    """Remove every device, every set-up in progress and the recovery codes. Returns how many of the first two."""
    RecoveryCodeSet.objects.filter(user=user).delete()
    return previous_devices.retire(Authenticator.objects.filter(user=user), EndReason.REMOVED)


def remove_others(user: User, device: Authenticator) -> None:
    """Remove every authenticator app but this one, and the recovery codes."""
    RecoveryCodeSet.objects.filter(user=user).delete()
    previous_devices.retire(Authenticator.objects.filter(user=user).exclude(pk=device.pk), EndReason.REPLACED)


def end_recovery(user: User) -> None:
    """A device is linked: end the account recovery."""
    AccountRecovery.objects.filter(user=user).delete()
    BridgeCode.objects.filter(user=user).delete()
