"""Finding audit entries: a page of them, newest first, or all of them in batches, oldest first.

With ten million entries, no plan may read all of them to find a rare one. So a search is divided into index scans: each
reads one index for one combination of values (this organisation, this event, refused), and reads only entries that
match. The indexes end in `Recency`, which no other index has, so the planner cannot be misled by its estimates. The
results of the scans are then merged.
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
PLACEHOLDERS = {"event": "\x01"}  # by column, for the value in a statement that is made once for all values
ID_PLACEHOLDER = -(2**63)
Bounds = tuple[int, int]  # ids, both exclusive


@dataclass(frozen=True)
class Search:
    """The filters. None and empty do not filter, but no people or workers at all (``()``) finds nothing.

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
class IndexScans:
    """Scans of one index, one for each value of a column; ``same``: the other columns of the index. No column at all is
    a scan of the primary key."""

    column: str
    values: Sequence[Any]
    same: dict[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> set[str]:
        return {self.column, *self.same}


@dataclass(frozen=True)
class Page:
    """``older`` and ``newer``: whether there are more entries on that side."""

    entries: list[AuditEntry]
    older: bool
    newer: bool


def page(search: Search, *, before: int | None = None, after: int | None = None, size: int = 0) -> Page:
    """The newest page, or the one that follows an entry: older than ``before``, or newer than ``after``.

    ``size``: entries at most; 0 for `limits.AUDIT_PAGE`.
    """
    low, high = _bounds(search)
    size = size or limits.AUDIT_PAGE
    if after is not None:
        ids = _ids(search, (max(low, after), high), size + 1, ascending=True)
        return Page(_entries(ids[:size]), older=True, newer=len(ids) > size)
    ids = _ids(search, (low, high if before is None else min(high, before)), size + 1)
    return Page(_entries(ids[:size]), older=len(ids) > size, newer=before is not None)


def count(search: Search, most: int) -> int:
    """How many there are, counted to ``most`` at most."""
    bounds = _bounds(search) if search.since or search.until else None
    found = _as_sql(search, bounds, most)
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
    """How many of these there are by the id of the organisation; None for entries without one."""
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

    Ids follow the time except for the differences between the clocks of machines. So an entry of the period has a
    higher id than those more than `limits.AUDIT_CLOCK_SKEW` before it, and a lower id than those as long after it. Of
    several on each side the farthest counts, because the clock of one machine may have been wrong by years.
    """
    low, high, sample = 0, HIGHEST_ID, limits.AUDIT_CLOCK_SAMPLE
    ids = AuditEntry.objects.values_list("pk", flat=True)
    if search.since:
        earlier = ids.filter(at__lt=search.since - limits.AUDIT_CLOCK_SKEW).order_by("-at")[:sample]
        low = min(earlier) if len(earlier) == sample else low
    if search.until:
        later = ids.filter(at__gt=search.until + limits.AUDIT_CLOCK_SKEW).order_by("at")[:sample]
        high = max(later) if len(later) == sample else high
    return low, high


def _index_scans(search: Search) -> list[IndexScans]:
    """The combinations that together are the search, each on the index that finds the fewest."""
    if search.people is not None:
        return [IndexScans("subject_id", search.people)]
    if search.workers is not None:
        return [IndexScans("actor_id", search.workers)]
    organisation = {"organisation_id": search.organisation} if search.organisation else {}
    if search.events or search.succeeded is not None:
        results = [False, True] if search.succeeded is None else [search.succeeded]
        events = search.events or Event.values
        return [IndexScans("event", events, organisation | {"succeeded": result}) for result in results]
    return [IndexScans("organisation_id", [search.organisation])] if organisation else [IndexScans("", [None])]


def _rest(search: Search, scans: IndexScans) -> Q:
    """The conditions that the index itself does not answer."""
    rest = Q()
    if search.workers is not None and "actor_id" not in scans.columns:
        rest &= Q(actor_id__in=search.workers)
    if search.organisation and "organisation_id" not in scans.columns:
        rest &= Q(organisation_id=search.organisation)
    if search.events and "event" not in scans.columns:
        rest &= Q(event__in=search.events)
    if search.succeeded is not None and "succeeded" not in scans.columns:
        rest &= Q(succeeded=search.succeeded)
    if search.since:
        rest &= Q(at__gte=search.since)
    if search.until:
        rest &= Q(at__lt=search.until)
    return rest


def _scan(search: Search, scans: IndexScans, value: Any, bounds: Bounds | None, ascending: bool = False) -> QuerySet:
    """The ids of one scan in their order; without bounds, for counting, nothing that is not in the index itself."""
    picked = {scans.column: value} if scans.column else {}
    # "In", because SQLite finds no index for Django's way to say that something is false ("NOT succeeded").
    same = {f"{column}__in": [one] for column, one in (scans.same | picked).items()}
    entries = AuditEntry.objects.filter(_rest(search, scans), **same)
    if bounds is None:
        return entries.order_by().values(scans.column or "id")
    low, high = bounds
    if not scans.column:
        return entries.filter(id__gt=low, id__lt=high).order_by("id" if ascending else "-id").values("id")
    recency = Recency("id")
    between = GreaterThan(recency, -high), LessThan(recency, -low)
    return entries.filter(*between).order_by(recency.desc() if ascending else recency.asc()).values("id")


def _as_sql(search: Search, bounds: Bounds | None, most: int, *, ascending: bool = False) -> tuple[str, list] | None:
    """All scans as one statement that selects ids, ``most`` of each scan; None when nothing can be found.

    Django makes the statement of a scan once, and its values are filled in here: making sixty takes longer than the
    database needs to execute them.
    """
    if search.workers == () or search.people == ():
        return None
    selected = "1" if bounds is None else "id"
    parts: list[str] = []
    values: list[Any] = []
    for scans in _index_scans(search):
        placeholder = PLACEHOLDERS.get(scans.column, ID_PLACEHOLDER)
        sql, parameters = _scan(search, scans, placeholder, bounds, ascending)[:most].query.sql_with_params()
        for value in scans.values:
            parts.append(f"SELECT {selected} FROM ({sql}) AS scan{len(parts)}")  # noqa: S608 - by Django, values apart
            values += [value if parameter == placeholder else parameter for parameter in parameters]
    return " UNION ALL ".join(parts), values


def _ids(search: Search, bounds: Bounds, most: int, *, ascending: bool = False) -> list[int]:
    found = _as_sql(search, bounds, most, ascending=ascending)
    if found is None:
        return []
    sql, values = found
    direction = "ASC" if ascending else "DESC"
    return _rows(f"SELECT id FROM ({sql}) AS found ORDER BY id {direction} LIMIT %s", [*values, most])  # noqa: S608


def _rows(sql: str, values: list) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
