"""Finding audit entries: a page of them, newest first, or all of them in batches, oldest first.

Ten million entries leave no room for a plan that walks past all of them in search of a rare one. So a search is divided
into *walks*: each follows one index through one combination of values (this organisation, this event, refused), and
meets nothing but what it looks for. The indexes end in `Recency`, which no other index has, so the planner cannot be
misled by its estimates. The pages of the walks are then merged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.lookups import GreaterThan, LessThan

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry, Recency

HIGHEST_ID = 2**63 - 1
ANY = {"event": "\x01"}  # by column, what stands for a value in a statement that is made once for all of them
ANY_ID = -(2**63)
Bounds = tuple[int, int]  # ids, both left out themselves


@dataclass(frozen=True)
class Search:
    """What is looked for; None and empty leave it open, but no people or workers at all (``()``) finds nothing.

    ``since`` is the first moment, ``until`` the first one after the period; both aware.
    """

    people: tuple[int, ...] | None = None
    workers: tuple[int, ...] | None = None
    organisation: int | None = None
    events: tuple[str, ...] = ()
    succeeded: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Walk:
    """Walks along one index, one for each value of a column; ``same``: the other columns of the index. No column at
    all is a walk along the primary key."""

    column: str
    values: Sequence[Any]
    same: dict[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> set[str]:
        return {self.column, *self.same}


@dataclass(frozen=True)
class Page:
    """``older`` and ``newer``: whether there is more on that side."""

    entries: list[AuditEntry]
    older: bool
    newer: bool


def page(search: Search, *, before: int | None = None, after: int | None = None) -> Page:
    """The newest page, or the one that follows an entry: older than ``before``, or newer than ``after``."""
    low, high = _bounds(search)
    size = limits.AUDIT_PAGE
    if after is not None:
        ids = _ids(search, (max(low, after), high), size + 1, ascending=True)
        return Page(_entries(ids[:size]), older=True, newer=len(ids) > size)
    ids = _ids(search, (low, high if before is None else min(high, before)), size + 1)
    return Page(_entries(ids[:size]), older=len(ids) > size, newer=before is not None)


def count(search: Search, most: int) -> int:
    """How many there are, counted to ``most`` at most."""
    bounds = _bounds(search) if search.since or search.until else None
    found = _walks_in_sql(search, bounds, most)
    if found is None:
        return 0
    sql, values = found
    # Without an order, so that the database stops when it has enough.
    enough = f"SELECT 1 FROM ({sql}) AS found LIMIT %s"  # noqa: S608 - made below, values apart
    return _rows(f"SELECT COUNT(*) FROM ({enough}) AS counted", [*values, most])[0]  # noqa: S608


def batches(search: Search, newest: int) -> Iterator[list[AuditEntry]]:
    """Everything up to and with the id ``newest``, oldest first, in constant memory."""
    for ids in _batches_of_ids(search, newest):
        yield _entries(ids)[::-1]


def by_organisation(search: Search, newest: int) -> Counter[int | None]:
    """How many of these there are in the story of each organisation; None is nobody's."""
    found: Counter[int | None] = Counter()
    for ids in _batches_of_ids(search, newest):
        found.update(AuditEntry.objects.filter(pk__in=ids).order_by().values_list("organisation_id", flat=True))
    return found


def _batches_of_ids(search: Search, newest: int) -> Iterator[list[int]]:
    low, high = _bounds(search)
    high = min(high, newest + 1)
    while ids := _ids(search, (low, high), limits.EXPORT_BATCH, ascending=True):
        yield ids
        low = ids[-1]


def newest_id() -> int:
    return AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _entries(ids: list[int]) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(pk__in=ids).select_related("organisation").order_by("-pk"))


def _bounds(search: Search) -> Bounds:
    """A period as ids, which every index ends in.

    Ids follow the clock but for the differences between machines. So an entry of the period has a higher id than those
    that lie more than `limits.AUDIT_CLOCKS` before it, and a lower id than those as long after it. Of several on each
    side the farthest counts, because an entry of a machine whose clock was wrong by years may be among them.
    """
    low, high, enough = 0, HIGHEST_ID, limits.AUDIT_WITNESSES
    ids = AuditEntry.objects.values_list("pk", flat=True)
    if search.since:
        earlier = ids.filter(at__lt=search.since - limits.AUDIT_CLOCKS).order_by("-at")[:enough]
        low = min(earlier) if len(earlier) == enough else low
    if search.until:
        later = ids.filter(at__gt=search.until + limits.AUDIT_CLOCKS).order_by("at")[:enough]
        high = max(later) if len(later) == enough else high
    return low, high


def _walks(search: Search) -> list[Walk]:
    """The combinations that together are the search, each along the index that finds the fewest."""
    if search.people is not None:
        return [Walk("subject_id", search.people)]
    if search.workers is not None:
        return [Walk("actor_id", search.workers)]
    whose = {"organisation_id": search.organisation} if search.organisation else {}
    if search.events or search.succeeded is not None:
        results = [False, True] if search.succeeded is None else [search.succeeded]
        events = search.events or Event.values
        return [Walk("event", events, whose | {"succeeded": result}) for result in results]
    return [Walk("organisation_id", [search.organisation])] if whose else [Walk("", [None])]


def _rest(search: Search, walk: Walk) -> Q:
    """The conditions that the walk itself does not answer."""
    rest = Q()
    if search.workers is not None and "actor_id" not in walk.columns:
        rest &= Q(actor_id__in=search.workers)
    if search.organisation and "organisation_id" not in walk.columns:
        rest &= Q(organisation_id=search.organisation)
    if search.events and "event" not in walk.columns:
        rest &= Q(event__in=search.events)
    if search.succeeded is not None and "succeeded" not in walk.columns:
        rest &= Q(succeeded=search.succeeded)
    if search.since:
        rest &= Q(at__gte=search.since)
    if search.until:
        rest &= Q(at__lt=search.until)
    return rest


def _along(search: Search, walk: Walk, value: Any, bounds: Bounds | None, ascending: bool = False) -> QuerySet:
    """The ids of one walk in their order; without bounds, for counting, nothing that is not in the index itself."""
    picked = {walk.column: value} if walk.column else {}
    # "In", because SQLite finds no index for Django's way to say that something is false ("NOT succeeded").
    same = {f"{column}__in": [one] for column, one in (walk.same | picked).items()}
    entries = AuditEntry.objects.filter(_rest(search, walk), **same)
    if bounds is None:
        return entries.order_by().values(walk.column or "id")
    low, high = bounds
    if not walk.column:
        return entries.filter(id__gt=low, id__lt=high).order_by("id" if ascending else "-id").values("id")
    recency = Recency("id")
    between = GreaterThan(recency, -high), LessThan(recency, -low)
    return entries.filter(*between).order_by(recency.desc() if ascending else recency.asc()).values("id")


def _walks_in_sql(
    search: Search, bounds: Bounds | None, most: int, *, ascending: bool = False
) -> tuple[str, list] | None:
    """All walks as one statement of ids, ``most`` of each; None when there is nothing to walk.

    Django makes the statement of a walk once, and its values are filled in here: making sixty takes longer than the
    database needs to carry them out.
    """
    if search.workers == () or search.people == ():
        return None
    wanted = "1" if bounds is None else "id"
    parts: list[str] = []
    values: list[Any] = []
    for walk in _walks(search):
        filler = ANY.get(walk.column, ANY_ID)
        sql, given = _along(search, walk, filler, bounds, ascending)[:most].query.sql_with_params()
        for value in walk.values:
            parts.append(f"SELECT {wanted} FROM ({sql}) AS walk{len(parts)}")  # noqa: S608 - by Django, values apart
            values += [value if one == filler else one for one in given]
    return " UNION ALL ".join(parts), values


def _ids(search: Search, bounds: Bounds, most: int, *, ascending: bool = False) -> list[int]:
    found = _walks_in_sql(search, bounds, most, ascending=ascending)
    if found is None:
        return []
    sql, values = found
    direction = "ASC" if ascending else "DESC"
    return _rows(f"SELECT id FROM ({sql}) AS found ORDER BY id {direction} LIMIT %s", [*values, most])  # noqa: S608


def _rows(sql: str, values: list) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
