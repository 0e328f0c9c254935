"""What is read together with a session, in one statement: what nearly every page asks about its person.

By names, because the packages of organisations, the second factor and single sign-on are in higher layers.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple, cast

from django.apps import apps
from django.db import models
from django.db.models import CharField, DateTimeField, F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts.active_sessions.models import Session
from accounts.models import User
from accounts.prepared_queries import Parameter, PreparedQuery

DEVICE, PASSKEY = "authenticator", "passkey"


class ReadAlong(NamedTuple):
    """As it was when the request began: only to decide what to show or to ask, never what a lock must protect.

    ``person``: the id of the person, None without one; ``codes_asked_at``: when the person was last asked about the
    recovery codes; ``has_codes``: is there a set of them, used up or not; ``has_provider``: does a provider sign in for
    the organisation; ``is_vouched_for``: and does it vouch for the second factor; ``devices``: every authenticator app
    of the person, confirmed or not; ``passkeys``: the keys of the person's passkeys; ``staff_passkey_from``: the first
    day on which the portal demands a passkey of its staff, None when it does not.
    """

    devices: list[models.Model]
    passkeys: tuple[int, ...] = ()
    person: int | None = None
    codes_asked_at: datetime | None = None
    has_codes: bool = False
    has_provider: bool = False
    is_vouched_for: bool = False
    staff_passkey_from: date | None = None


@PreparedQuery
def _find_unexpired() -> QuerySet[Session]:
    found = Session.objects.filter(
        digest=Parameter("digest", CharField()), expires_at__gt=Parameter("now", DateTimeField())
    )
    connection = "user__membership__organisation__connection"
    staff_policy = apps.get_model("organisations", "StaffPolicy")._base_manager.filter(pk=1)  # its only row
    return found.select_related("user__membership__organisation").annotate(
        codes=F("user__recoverycodeset__pk"),
        codes_asked_at=F("user__recoverycodeset__asked_at"),
        provider_enabled=F(f"{connection}__enabled"),
        provider_vouching=F(f"{connection}__vouching"),
        staff_passkey_from=Subquery(staff_policy.values("passkey_from")),
        **device_columns("user__", "user"),
    )


def find(digest: str) -> tuple[Session | None, ReadAlong]:
    """The session that has not expired. One row for each device, or a single one without any."""
    rows: list[Any] = _find_unexpired(digest=digest, now=timezone.now())
    if not rows:
        return None, ReadAlong(devices=[])
    row = rows[0]
    enabled = bool(row.provider_enabled)
    along = ReadAlong(
        person=row.user_id,
        codes_asked_at=row.codes_asked_at,
        has_codes=row.codes is not None,
        has_provider=enabled,
        is_vouched_for=enabled and row.provider_vouching != "ours",
        devices=devices_of(rows),
        passkeys=passkeys_of(row),
        staff_passkey_from=row.staff_passkey_from,
    )
    return row, along


class _Keys(models.Aggregate):
    """The keys of the rows as one text, "3,7"; null without any."""

    function = "GROUP_CONCAT"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "string_agg(%(expressions)s::text, ',')"
        return self.as_sql(compiler, connection, template=template, **extra)


def device_columns(path: str, person: str) -> dict[str, Any]:
    """Annotations for `devices_of` and `passkeys_of`, of a query that then has one row for each authenticator app.
    ``path``: from its rows to the person; ``person``: the column with the key of the person."""
    columns = {f"device_{name}": F(f"{path}{DEVICE}__{name}") for name in _device_columns()}
    mine = _related(PASSKEY)._base_manager.filter(user=OuterRef(person)).order_by()
    # In a group that is made of nothing but the person, so that there is no row, and not one with null, without any.
    return columns | {"passkeys": Subquery(mine.values("user").annotate(keys=_Keys("pk")).values("keys"))}


def devices_of(rows: list[Any]) -> list[models.Model]:
    names, model = _device_columns(), _related(DEVICE)
    return [
        model.from_db(row._state.db, names, [getattr(row, f"device_{name}") for name in names])
        for row in rows
        if row.device_id is not None
    ]


def passkeys_of(row: Any) -> tuple[int, ...]:
    return tuple(sorted(int(key) for key in row.passkeys.split(","))) if row.passkeys else ()


def _related(name: str) -> Any:
    return cast(type[models.Model], User._meta.get_field(name).related_model)


@cache
def _device_columns() -> list[str]:
    return [column.attname for column in _related(DEVICE)._meta.concrete_fields]
