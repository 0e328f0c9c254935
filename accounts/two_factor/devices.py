"""Queries about the devices of a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar, cast

from django.contrib.sessions.backends.base import SessionBase
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import (
    BigAutoField,
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_otp.models import Device

from accounts import limits
from accounts.active_sessions import read_along, store
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
    Passkey,
    RecoveryCode,
    RecoveryCodeSet,
)

BATCH = 1000  # people whose copy is restored in one transaction
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
AnyDevice = TypeVar("AnyDevice", Authenticator, Passkey)


@PreparedQuery
def _confirmed() -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=Parameter("user", BigAutoField()), confirmed=True)


def read_with(session: SessionBase, user: User) -> list[Authenticator]:
    """`every`, as read together with the session of this request: without a statement, until the session is written."""
    along = store.along_of(session, user)
    return every(user) if along is None else cast(list[Authenticator], along.devices)


def factors_read_with(session: SessionBase, user: User) -> Situation:
    """`factors_of` in the same way."""
    along = store.along_of(session, user)
    return factors_of(user) if along is None else _situation_with(along.devices, along.passkeys)


def situation_read_with(session: SessionBase, user: User) -> Situation:
    """`situation_of` in the same way, without ``recovers`` and ``sessions``; asked again of whoever has recovery codes,
    because how many are left is not read with the session."""
    along = store.along_of(session, user)
    return situation_of(user) if along is None or along.has_codes else factors_read_with(session, user)


def by_persistent_id(name: str, user: User, mine: Situation) -> Device | None:
    """The device that django-otp's `Device.from_persistent_id` finds. ``mine``: what this person has, who can have no
    other. The columns of a passkey are read when they are asked for."""
    label, _slash, pk = name.rpartition("/")
    if label == Authenticator._meta.label_lower:
        return next((device for device in mine.devices if str(device.pk) == pk), None)
    if label == Passkey._meta.label_lower:
        columns = ["id", "user_id", "confirmed"]
        keys = [key for key in mine.passkeys if str(key) == pk]
        return next((Passkey.from_db(DEFAULT_DB_ALIAS, columns, [key, user.pk, True]) for key in keys), None)
    found: Device | None = Device.from_persistent_id(name)
    return found


def authenticators_of(user: User) -> list[Authenticator]:
    """The confirmed authenticator apps, the last used first."""
    # Sorted here: there are five at most, and a sorting expression would double the cost of the query.
    return _last_used_first(_confirmed(user=user.pk))


def _last_used_first(devices: Iterable[AnyDevice]) -> list[AnyDevice]:
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
    """What somebody has. ``devices``: authenticator apps, confirmed or not; ``passkeys``: their keys; ``factors``: how
    many passkeys and confirmed apps, each of which is a second factor; ``code_set``, ``code_salt``: key and salt of the
    recovery codes, None without any; ``codes_left``: how many of them still work; ``recovers``: is there an account
    recovery or a code of support; ``sessions``: how many there are of the person."""

    devices: Sequence[Authenticator] = ()
    passkeys: Sequence[int] = ()
    factors: int = 0  # as it was read: a device may be confirmed meanwhile
    code_set: int | None = None
    code_salt: bytes | None = None
    codes_left: int = 0
    recovers: bool = False
    sessions: int = 0

    @property
    def authenticators(self) -> list[Authenticator]:
        """As `authenticators_of`."""
        return _last_used_first(device for device in self.devices if device.confirmed)

    @property
    def has_factor(self) -> bool:
        return self.factors > 0


@PreparedQuery
def _every() -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=Parameter("user", BigAutoField()))


@PreparedQuery
def _factors() -> QuerySet[User]:
    person = User.objects.filter(pk=Parameter("user", BigAutoField())).order_by().only("pk")
    return person.annotate(**read_along.device_columns("", "pk"))


@PreparedQuery
def _situation() -> QuerySet[User]:
    mine = {"user": OuterRef("pk")}
    code_sets = RecoveryCodeSet.objects.filter(**mine)
    person = User.objects.filter(pk=Parameter("user", BigAutoField())).order_by().only("pk")
    return person.annotate(
        code_set=Subquery(code_sets.values("pk")),
        code_salt=Subquery(code_sets.values("salt")),
        codes_left=_count(RecoveryCode.objects.filter(code_set__user=OuterRef("pk"), used_at=None)),
        recovers=Exists(AccountRecovery.objects.filter(**mine)) | Exists(BridgeCode.objects.filter(**mine)),
        sessions=_count(Session.objects.filter(**mine)),
        **read_along.device_columns("", "pk"),
    )


def every(user: User) -> list[Authenticator]:
    """Every authenticator app, confirmed or not."""
    return _every(user=user.pk)


def factors_of(user: User) -> Situation:
    """The devices and passkeys of a `situation_of`, without the rest, in one statement."""
    rows: list[Any] = _factors(user=user.pk)
    return _situation_with(read_along.devices_of(rows), read_along.passkeys_of(rows[0])) if rows else Situation()


def _situation_with(apps: Sequence[Model], passkeys: Sequence[int]) -> Situation:
    mine = cast(Sequence[Authenticator], apps)
    return Situation(mine, passkeys, factors=len(passkeys) + sum(device.confirmed for device in mine))


def situation_of(user: User) -> Situation:
    """In one statement."""
    rows: list[Any] = _situation(user=user.pk)
    if not rows:  # the person was removed
        return Situation()
    one = rows[0]
    return _situation_with(read_along.devices_of(rows), read_along.passkeys_of(one))._replace(
        code_set=one.code_set,
        code_salt=None if one.code_salt is None else bytes(one.code_salt),
        codes_left=one.codes_left,
        recovers=one.recovers,
        sessions=one.sessions,
    )


def _count(rows: QuerySet[Any]) -> Subquery:
    # `Count` would group the rows, and then answer nothing where there is none.
    number = Func(F("pk"), function="COUNT", output_field=IntegerField())
    return Subquery(rows.order_by().annotate(number=number).values("number"))


@PreparedQuery
def _with_factor() -> QuerySet[User]:
    return User.objects.filter(confirmed_device_exists(), pk=Parameter("user", BigAutoField())).order_by().only("pk")


def has_confirmed_device(user: User) -> bool:
    """Has this person a second factor: a confirmed authenticator app, or a passkey?"""
    return bool(_with_factor(user=user.pk))


def confirmed_device_exists() -> Q:
    """`has_confirmed_device` as a condition on people."""
    apps = Authenticator.objects.filter(user=OuterRef("pk"), confirmed=True)
    return Q(Exists(apps)) | Q(passkey_exists())


def is_protected() -> Q | F:
    """The same for lists and counts of many people: from the copy in their own row, where that is exact."""
    return F("is_protected") if copies.are_exact() else confirmed_device_exists()


def restore_copies() -> int:
    """Copy to the people whose copy disagrees, see `memberships.restore_keys`. Returns their number."""
    exists = ExpressionWrapper(confirmed_device_exists(), BooleanField())
    wrong = User.objects.annotate(has_one=exists).exclude(is_protected=F("has_one"))
    found = list(wrong.order_by("pk").values_list("pk", "has_one"))
    for has_one in (True, False):
        keys = [pk for pk, has in found if has is has_one]
        for first in range(0, len(keys), BATCH):
            User.objects.filter(pk__in=keys[first : first + BATCH]).update(is_protected=has_one)
    return len(found)


def passkeys_of(user: User) -> list[Passkey]:
    """The passkeys, the last used first."""
    return _last_used_first(Passkey.objects.filter(user=user))


def passkey_exists() -> Exists:
    """Has somebody a passkey? A condition on people."""
    return Exists(Passkey.objects.filter(user=OuterRef("pk")))


def has_used_passkey(user: User) -> bool:
    """Has this person shown a passkey here after it was made?"""
    return Passkey.objects.filter(user=user, last_used_at__isnull=False).exists()


def another_factor_of(user: User) -> Device | None:
    """What verifies a session when the device that verified it was removed: the app or passkey that was used last."""
    return next(iter(authenticators_of(user) or passkeys_of(user)), None)


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
    """Remove every device, every set-up in progress, every passkey and the recovery codes. Returns how many of the
    first three."""
    RecoveryCodeSet.objects.filter(user=user).delete()
    passkeys = previous_devices.retire_passkeys(Passkey.objects.filter(user=user), EndReason.REMOVED)
    return passkeys + previous_devices.retire(Authenticator.objects.filter(user=user), EndReason.REMOVED)


def remove_others(user: User, device: Device) -> None:
    """Remove every authenticator app and passkey but this one, and the recovery codes."""
    RecoveryCodeSet.objects.filter(user=user).delete()
    for model, retire in ((Authenticator, previous_devices.retire), (Passkey, previous_devices.retire_passkeys)):
        theirs: Any = model.objects.filter(user=user)
        others = theirs.exclude(pk=device.pk) if isinstance(device, model) else theirs
        retire(others, EndReason.REPLACED)


def end_recovery(user: User) -> None:
    """A device is linked: end the account recovery."""
    AccountRecovery.objects.filter(user=user).delete()
    BridgeCode.objects.filter(user=user).delete()
