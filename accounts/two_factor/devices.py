"""Queries about the devices of a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import BigAutoField, Count, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_otp.models import Device

from accounts import limits
from accounts.active_sessions import store
from accounts.active_sessions.models import Session
from accounts.models import User
from accounts.organisations import copies
from accounts.prepared_queries import Parameter, PreparedQuery
from accounts.two_factor import previous_devices
from accounts.two_factor.models import (
    AccountRecovery,
    Authenticator,
    BridgeCode,
    EndReason,
    RecoveryCode,
    RecoveryCodeSet,
)

BATCH = 1000  # people whose copy is restored in one transaction
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@PreparedQuery
def _confirmed() -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=Parameter("user", BigAutoField()), confirmed=True)


def read_with(session: SessionBase, user: User) -> list[Authenticator]:
    """`every`, as read together with the session of this request: without a statement, until the session is written."""
    along = store.along_of(session, user)
    return every(user) if along is None else cast(list[Authenticator], along.devices)


def situation_read_with(session: SessionBase, user: User) -> Situation:
    """`situation_of` in the same way, without ``recovers`` and ``sessions``; asked again of whoever has recovery codes,
    because how many are left is not read with the session."""
    along = store.along_of(session, user)
    if along is None or along.has_codes:
        return situation_of(user)
    mine = read_with(session, user)
    return Situation(mine, has_factor=any(device.confirmed for device in mine))


def by_persistent_id(name: str, mine: Iterable[Authenticator]) -> Device | None:
    """The device that django-otp's `Device.from_persistent_id` finds. ``mine``: those of the person, who can have no
    other."""
    label, _slash, pk = name.rpartition("/")
    if label == Authenticator._meta.label_lower:
        return next((device for device in mine if str(device.pk) == pk), None)
    found: Device | None = Device.from_persistent_id(name)
    return found


def authenticators_of(user: User) -> list[Authenticator]:
    """The confirmed authenticator apps, the last used first."""
    # Sorted here: there are five at most, and a sorting expression would double the cost of the query.
    return _last_used_first(_confirmed(user=user.pk))


def _last_used_first(devices: Iterable[Authenticator]) -> list[Authenticator]:
    return sorted(devices, key=lambda device: (device.last_used_at or _LONG_AGO, -device.pk), reverse=True)


def authenticator_of(user: User, pk: int | str | None = None) -> Authenticator | None:
    """One confirmed authenticator app of this person: the named one, or without a name the last used."""
    mine = authenticators_of(user)
    if not pk:
        return mine[0] if mine else None
    return next((device for device in mine if str(device.pk) == str(pk)), None)


def lock(user: User) -> None:
    """Lock the row of the person. Every change of somebody's devices does, so they come one after the other."""
    list(User.objects.select_for_update().filter(pk=user.pk).order_by().values_list("pk"))


class Situation(NamedTuple):
    """What somebody has. ``devices``: confirmed or not; ``has_factor``: is one confirmed; ``code_set``, ``code_salt``:
    key and salt of the recovery codes, None without any; ``codes_left``: how many of them still work; ``recovers``: is
    there an account recovery or a code of support; ``sessions``: how many there are of the person."""

    devices: Sequence[Authenticator] = ()
    has_factor: bool = False
    code_set: int | None = None
    code_salt: bytes | None = None
    codes_left: int = 0
    recovers: bool = False
    sessions: int = 0

    @property
    def authenticators(self) -> list[Authenticator]:
        """As `authenticators_of`."""
        return _last_used_first(device for device in self.devices if device.confirmed)


@PreparedQuery
def _every() -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=Parameter("user", BigAutoField()))


@PreparedQuery
def _every_with_the_rest() -> QuerySet[Authenticator]:
    mine = {"user": OuterRef("user")}
    code_sets = RecoveryCodeSet.objects.filter(**mine)
    return Authenticator.objects.filter(user=Parameter("user", BigAutoField())).annotate(
        code_set=Subquery(code_sets.values("pk")),
        code_salt=Subquery(code_sets.values("salt")),
        codes_left=_count(RecoveryCode.objects.filter(code_set__user=OuterRef("user"), used_at=None)),
        recovers=Exists(AccountRecovery.objects.filter(**mine)) | Exists(BridgeCode.objects.filter(**mine)),
        sessions=_count(Session.objects.filter(**mine)),
    )


def every(user: User) -> list[Authenticator]:
    """Every authenticator app, confirmed or not."""
    return _every(user=user.pk)


def situation_of(user: User) -> Situation:
    """In one statement. Empty for somebody without devices, whatever else there is."""
    rows = _every_with_the_rest(user=user.pk)
    if not rows:
        return Situation()
    one: Any = rows[0]
    has_factor = any(device.confirmed for device in rows)
    salt = None if one.code_salt is None else bytes(one.code_salt)
    return Situation(rows, has_factor, one.code_set, salt, one.codes_left, one.recovers, one.sessions)


def _count(rows: QuerySet[Any]) -> Subquery:
    # `Count` would group the rows, and then answer nothing where there is none.
    number = Func(F("pk"), function="COUNT", output_field=IntegerField())
    return Subquery(rows.order_by().annotate(number=number).values("number"))


def has_confirmed_device(user: User) -> bool:
    return bool(_confirmed(user=user.pk))


def confirmed_device_exists() -> Exists:
    """`has_confirmed_device` as an expression for a query over people."""
    return Exists(Authenticator.objects.filter(user=OuterRef("pk"), confirmed=True))


def is_protected() -> Exists | F:
    """The same for lists and counts of many people: from the copy in their own row, where that is exact."""
    return F("is_protected") if copies.are_exact() else confirmed_device_exists()


def restore_copies() -> int:
    """Copy to the people whose copy disagrees, see `memberships.restore_keys`. Returns their number."""
    wrong = User.objects.annotate(has_one=confirmed_device_exists()).exclude(is_protected=F("has_one"))
    found = list(wrong.order_by("pk").values_list("pk", "has_one"))
    for has_one in (True, False):
        keys = [pk for pk, has in found if has is has_one]
        for first in range(0, len(keys), BATCH):
            User.objects.filter(pk__in=keys[first : first + BATCH]).update(is_protected=has_one)
    return len(found)


def pending_authenticator_of(user: User) -> Authenticator | None:
    """The set-up in progress, unless it expired."""
    return pending_among(every(user))


def pending_among(devices: Iterable[Authenticator]) -> Authenticator | None:
    """The same among the devices of one person."""
    now = timezone.now()
    return next((device for device in devices if not device.confirmed and expires_at(device) > now), None)


def _set_ups() -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(confirmed=False).annotate(since=Coalesce("extended_at", "created_at"))


def expires_at(pending: Authenticator) -> datetime:
    return (pending.extended_at or pending.created_at) + limits.PENDING_AUTHENTICATOR


def purge_set_ups() -> int:
    """Delete expired set-ups. Returns how many.

    Those of somebody whose row another transaction has locked are left for the next time: it may be about to delete
    them itself, and each would wait for the other.
    """
    with transaction.atomic():
        over = _set_ups().filter(since__lte=timezone.now() - limits.PENDING_AUTHENTICATOR)
        theirs = User.objects.filter(pk__in=over.values("user")).order_by("pk")
        free = list(theirs.select_for_update(skip_locked=True).values_list("pk", flat=True))
        return previous_devices.retire(over.filter(user__in=free), EndReason.UNFINISHED)


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
