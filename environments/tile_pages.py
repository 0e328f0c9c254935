"""Which tiles are on one page of somebody who has more than a page of them, sorted by the database.

Favourites first, then what was opened last, then the rest by organisation and name, each environment once: the order of
`environments.tiles`, which sorts after reading. Here only counts and the rows of the page are read, from the indexes
`tiles_in_order` and `tiles_last_opened`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import BigAutoField, Count, F, QuerySet
from django.utils.translation import gettext as _

from accounts import limits
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.prepared_queries import Parameter, PreparedQuery
from environments.models import Access
from environments.name_order import by_name


class Places(NamedTuple):
    """``tiles``: on this page, each with its heading and the key of its access."""

    tiles: list[tuple[str, int]]
    page: Page
    several_headings: bool  # on all pages together
    owners: int  # organisations


class _Counts(NamedTuple):
    """Environments by the number of their organisation."""

    favourites: Counter[int]
    others: Counter[int]

    @property
    def owners(self) -> set[int]:
        return {*self.favourites, *self.others}


class _Part(NamedTuple):
    """What stands together, how many it is, and what reads the keys from one place up to another, with headings."""

    size: int
    headings: int
    read: Callable[[int, int], list[tuple[str, int]]]


class _Owner(NamedTuple):
    """Of tiles that stand under the heading of their organisation."""

    pk: int
    heading: str
    size: int


def places(user: User, number: int, first: list[int]) -> Places | None:
    """Page ``number``. ``first``: keys of what `in_order` gives first, without favourites; they are not read again.
    None when a row lacks what it is sorted by, or names an organisation that is gone."""
    counts = _counts(user)
    if counts is None:
        return None
    recent = _recent(user=user.pk)
    rest = _rest(user, counts, recent, first)
    if rest is None:
        return None
    parts = [
        _favourites(user, counts.favourites.total()),
        _recently_opened([pk for pk, _owner in recent]),
        rest,
    ]
    page = Paginator(range(sum(part.size for part in parts)), limits.ENVIRONMENTS_PAGE).get_page(number)
    return Places(
        tiles=list(_on(page, parts)),
        page=page,
        several_headings=sum(part.headings for part in parts) > 1,
        owners=len(counts.owners),
    )


def in_order(rows: QuerySet[Access]) -> QuerySet[Access]:
    """As in the index: by the number of the organisation, and in each the favourites last."""
    return rows.order_by("owner", "is_favourite", "order_key", "pk")


@PreparedQuery
def _counted() -> QuerySet[Any]:
    mine = Access.objects.filter(user=Parameter("user", BigAutoField()))
    return mine.order_by("owner", "is_favourite").values_list("owner", "is_favourite").annotate(number=Count("*"))


def _counts(user: User) -> _Counts | None:
    counts = _Counts(Counter(), Counter())
    for owner, is_favourite, number in _counted(user=user.pk):
        if owner is None:
            return None
        (counts.favourites if is_favourite else counts.others)[owner] = number
    return counts


@PreparedQuery
def _recent() -> QuerySet[Any]:
    mine = Access.objects.filter(user=Parameter("user", BigAutoField()), is_favourite=False, opened_at__isnull=False)
    return mine.order_by("-opened_at", "order_key", "pk").values_list("pk", "owner")[: limits.ENVIRONMENTS_RECENT]


# A query set is made only where it is asked: making one takes longer than SQLite takes to answer it.
def _favourites(user: User, size: int) -> _Part:
    def read(begin: int, end: int) -> list[tuple[str, int]]:
        rows = Access.objects.filter(user=user, is_favourite=True)
        rows = rows.order_by(F("opened_at").desc(nulls_last=True), "order_key", "pk")
        return [(_("Favourites"), pk) for pk in rows.values_list("pk", flat=True)[begin:end]]

    return _Part(size, min(size, 1), read)


def _recently_opened(pks: list[int]) -> _Part:
    return _Part(len(pks), min(len(pks), 1), lambda begin, end: [(_("Opened recently"), pk) for pk in pks[begin:end]])


def _rest(user: User, counts: _Counts, recent: list[tuple[int, int]], first: list[int]) -> _Part | None:
    """What is neither a favourite nor ``recent``."""
    shown = [pk for pk, _owner in recent]
    sizes = counts.others - Counter(owner for _pk, owner in recent)
    if len(counts.owners) == 1:
        owners = [_Owner(pk, _("Other environments"), size) for pk, size in sizes.items()]
        known = [pk for pk in first if pk not in shown]
    else:
        names = dict(Organisation.objects.filter(pk__in=sizes).values_list("pk", "name"))
        if names.keys() != sizes.keys():
            return None
        owners = [_Owner(pk, name, sizes[pk]) for pk, name in names.items()]
        owners.sort(key=lambda owner: (by_name(owner.heading), owner.pk))
        known = []

    def read(begin: int, end: int) -> list[tuple[str, int]]:
        if end <= len(known):
            return [(owners[0].heading, pk) for pk in known[begin:end]]
        # `__in`, because SQLite does not use the index for `NOT is_favourite`.
        rows = in_order(Access.objects.filter(user=user, is_favourite__in=[False]).exclude(pk__in=shown))
        return list(_of_owners(rows, owners, begin, end))

    return _Part(sizes.total(), len(owners), read)


def _of_owners(rows: QuerySet[Access], owners: list[_Owner], begin: int, end: int) -> Iterator[tuple[str, int]]:
    """In at most three queries: of organisations that are wholly between the two places, and of the first and last."""
    cut, begun = [], 0
    for owner in owners:
        first, last = max(begin - begun, 0), min(end - begun, owner.size)
        if first < last:
            cut.append((owner, first, last))
        begun += owner.size
    keys: defaultdict[int, list[int]] = defaultdict(list)
    whole = [owner.pk for owner, first, last in cut if last - first == owner.size]
    if whole:
        for owner_pk, pk in rows.filter(owner__in=whole).values_list("owner", "pk"):
            keys[owner_pk or 0].append(pk)  # never null here
    for owner, first, last in cut:
        if last - first < owner.size:
            keys[owner.pk] = list(rows.filter(owner=owner.pk).values_list("pk", flat=True)[first:last])
        yield from ((owner.heading, pk) for pk in keys[owner.pk])


def _on(page: Page, parts: list[_Part]) -> Iterator[tuple[str, int]]:
    first, last, begun = page.start_index() - 1, page.end_index(), 0
    for part in parts:
        begin, end = max(first - begun, 0), min(last - begun, part.size)
        if begin < end:
            yield from part.read(begin, end)
        begun += part.size
