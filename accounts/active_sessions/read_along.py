"""What is read together with a session, in one statement: what nearly every page asks about its person.

By the relations' names, because the packages of the second factor and of single sign-on are in higher layers.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast

from django.db import models
from django.db.models import CharField, DateTimeField, F, QuerySet
from django.utils import timezone

from accounts.active_sessions.models import Session
from accounts.models import User
from accounts.prepared_queries import Parameter, PreparedQuery

DEVICE = "authenticator"


class ReadAlong(NamedTuple):
    """As it was when the request began: only to decide what to show or to ask, never what a lock must protect.

    ``person``: the id of the person, None without one; ``codes_asked_at``: when the person was last asked about the
    recovery codes; ``has_codes``: is there a set of them, used up or not; ``has_provider``: does a provider sign in for
    the organisation; ``is_vouched_for``: and does it vouch for the second factor; ``devices``: every authenticator app
    of the person, confirmed or not.
    """

    devices: list[models.Model]
    person: int | None = None
    codes_asked_at: datetime | None = None
    has_codes: bool = False
    has_provider: bool = False
    is_vouched_for: bool = False


@PreparedQuery
def _find_unexpired() -> QuerySet[Session]:
    found = Session.objects.filter(
        digest=Parameter("digest", CharField()), expires_at__gt=Parameter("now", DateTimeField())
    )
    connection = "user__membership__organisation__connection"
    columns = {f"device_{name}": F(f"user__{DEVICE}__{name}") for name in _device_columns()}
    return found.select_related("user__membership__organisation").annotate(
        codes=F("user__recoverycodeset__pk"),
        codes_asked_at=F("user__recoverycodeset__asked_at"),
        provider_enabled=F(f"{connection}__enabled"),
        provider_vouching=F(f"{connection}__vouching"),
        **columns,
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
        devices=[_device(one) for one in rows if one.device_id is not None],
    )
    return row, along


def _device_model() -> type[models.Model]:
    return cast(type[models.Model], User._meta.get_field(DEVICE).related_model)


@cache
def _device_columns() -> list[str]:
    return [column.attname for column in _device_model()._meta.concrete_fields]


def _device(row: Any) -> models.Model:
    names = _device_columns()
    return _device_model().from_db(row._state.db, names, [getattr(row, f"device_{name}") for name in names])
