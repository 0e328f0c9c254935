"""Mijn Omgevingen for one person: the tiles, their order, headings and pages.

Whoever has no more than a page holds is answered by one query, and sorted here. Of more the database sorts
(`environments.tile_pages`) and a page is read; a search reads what it looks at of all of them, because SQLite and
PostgreSQL differ in case folding. Rows and not objects, because sixty tiles are 180 objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import BigAutoField, QuerySet
from django.utils.translation import gettext as _

from accounts import limits
from accounts.models import User
from accounts.prepared_queries import Parameter, PreparedQuery
from accounts.unicode_text import folded
from environments import tile_pages
from environments.models import Access
from environments.name_order import by_name


class Logo(NamedTuple):
    pk: int
    width: int
    height: int


class Owner(NamedTuple):
    """What a page shows of an organisation; ``logo`` is None without one."""

    pk: int
    name: str
    slug: str
    colour: str
    logo: Logo | None


class Row(NamedTuple):
    """The fields of one access that sorting and searching need: `ROW_FIELDS`."""

    pk: int
    is_favourite: bool
    opened_at: datetime | None
    is_closed: bool
    name: str
    place: str
    description: str
    organisation_id: int
    organisation: str

    @property
    def last_opened(self) -> float:
        """Seconds since 1970, negative, so that the latest comes first; 0 when it never was."""
        return -self.opened_at.timestamp() if self.opened_at else 0

    @property
    def text(self) -> str:
        return folded(f"{self.name}\n{self.organisation}\n{self.place}\n{self.description}")


ROW_FIELDS = (
    *("pk", "is_favourite", "opened_at"),
    *(f"environment__{name}" for name in ("is_closed", "name", "place", "description", "organisation_id")),
    "environment__organisation__name",
)
TILE_FIELDS = (
    *ROW_FIELDS,
    "role",
    *(f"environment__{name}" for name in ("slug", "closed_text", "has_picture", "picture_version")),
    *("environment__next_address", "environment__next_address_at"),
    *(f"environment__organisation__{name}" for name in ("slug", "colour")),
    *(f"environment__organisation__logo__{name}" for name in ("pk", "width", "height")),
)


class Tile(NamedTuple):
    """Everything that is shown of one access: `TILE_FIELDS`."""

    row: Row
    role: str
    slug: str
    closed_text: str
    has_picture: bool
    picture_version: int
    next_address: str
    next_address_at: datetime | None
    organisation_slug: str
    colour: str
    logo: Logo | None

    @classmethod
    def of(cls, values: tuple[Any, ...]) -> Tile:
        logo = Logo(*values[-3:]) if values[-3] is not None else None
        return cls._make((Row(*values[: len(ROW_FIELDS)]), *values[len(ROW_FIELDS) : -3], logo))

    @property
    def owner(self) -> Owner:
        row = self.row
        return Owner(row.organisation_id, row.organisation, self.organisation_slug, self.colour, self.logo)


class Section(NamedTuple):
    heading: str  # "" when there is only one section
    tiles: list[Tile]

    @property
    def owner(self) -> Owner | None:
        """The organisation that the heading names, so that the tiles need not."""
        owner = self.tiles[0].owner if self.tiles else None
        return owner if owner and owner.name == self.heading else None


class Overview(NamedTuple):
    sections: list[Section]
    page: Page
    total: int  # environments of this person, found or not
    owner: Owner | None  # of all of them, when it is only one
    all_are_closed: bool

    @property
    def is_short(self) -> bool:
        return _are_few(self.total)


def overview(user: User, words: str, number: int) -> Overview:
    """Page ``number`` of the environments that the person may open and that contain all ``words``."""
    tiles = {tile.row.pk: tile for tile in map(Tile.of, _first_tiles(user=user.pk))}
    if len(tiles) <= limits.ENVIRONMENTS_PAGE:
        return _sorted_here([tile.row for tile in tiles.values()], words, number, tiles)
    if not words:
        others = [pk for pk, tile in tiles.items() if not tile.row.is_favourite]
        if places := tile_pages.places(user, number, others):
            return _placed(user, places, tiles)
    return _sorted_here([Row(*row) for row in _rows(user=user.pk)], words, number, tiles)


def _sorted_here(rows: list[Row], words: str, number: int, tiles: dict[int, Tile]) -> Overview:
    """``rows``: all that the person may open."""
    order = list(_found(rows, words) if words else _in_one(rows) if _are_few(len(rows)) else _sections(rows))
    page = Paginator([(heading, row.pk) for heading, row in order], limits.ENVIRONMENTS_PAGE).get_page(number)
    sections = list(_filled(page, len({heading for heading, _row in order}) > 1, tiles))
    owners = {row.organisation_id for row in rows}
    return Overview(
        sections=sections,
        page=page,
        total=len(rows),
        owner=_owner(sections) if len(owners) == 1 else None,
        all_are_closed=bool(rows) and all(row.is_closed for row in rows),
    )


def _placed(user: User, places: tile_pages.Places, tiles: dict[int, Tile]) -> Overview:
    sections = list(_filled(places.tiles, places.several_headings, tiles))
    shown_are_closed = all(tile.row.is_closed for section in sections for tile in section.tiles)
    are_open = Access.objects.filter(user=user, environment__is_closed=False)
    return Overview(
        sections=sections,
        page=places.page,
        total=places.page.paginator.count,
        owner=_owner(sections) if places.owners == 1 else None,
        all_are_closed=shown_are_closed and not are_open.exists(),
    )


def _owner(sections: list[Section]) -> Owner | None:
    return next((tile.owner for section in sections for tile in section.tiles), None)


@PreparedQuery
def _first_tiles() -> QuerySet[Any]:
    """As many as a page holds, and one more, which tells that there are more."""
    mine = tile_pages.in_order(Access.objects.filter(user=Parameter("user", BigAutoField())))
    return mine.values_list(*TILE_FIELDS)[: limits.ENVIRONMENTS_PAGE + 1]


@PreparedQuery
def _rows() -> QuerySet[Any]:
    return Access.objects.filter(user=Parameter("user", BigAutoField())).values_list(*ROW_FIELDS)


@PreparedQuery
def _named_tiles() -> QuerySet[Any]:
    named: Any = [Parameter(f"tile{place}", BigAutoField()) for place in range(limits.ENVIRONMENTS_PAGE)]
    return Access.objects.filter(pk__in=named).values_list(*TILE_FIELDS)


def _found(rows: list[Row], words: str) -> Iterator[tuple[str, Row]]:
    """Environments with every word. Those with all words in the name come first: Enter opens the first one."""
    wanted = folded(words).split()

    def rank(row: Row) -> tuple:
        name = folded(row.name)
        return not all(word in name for word in wanted), not row.is_favourite, row.last_opened, by_name(row.name)

    matching = [row for row in rows if all(word in row.text for word in wanted)]
    return (("", row) for row in sorted(matching, key=rank))


def _are_few(number: int) -> bool:
    return number <= limits.ENVIRONMENTS_FEW


def _in_one(rows: list[Row]) -> Iterator[tuple[str, Row]]:
    """Favourites first. What was opened last moves nothing, so a hand finds each where it was."""

    def place(row: Row) -> tuple:
        return not row.is_favourite, by_name(row.organisation), row.organisation_id, by_name(row.name), row.pk

    return (("", row) for row in sorted(rows, key=place))


def _sections(rows: list[Row]) -> Iterator[tuple[str, Row]]:
    """Favourites, recently opened, and the rest by organisation; each environment once."""
    used = [row for row in rows if row.is_favourite or row.opened_at]
    used.sort(key=lambda row: (row.last_opened, by_name(row.name), row.pk))
    favourites = [row for row in used if row.is_favourite]
    recent = [row for row in used if not row.is_favourite][: limits.ENVIRONMENTS_RECENT]
    shown = {row.pk for row in (*favourites, *recent)}
    owners = {row.organisation_id: by_name(row.organisation) for row in rows}
    rest = [row for row in rows if row.pk not in shown]
    rest.sort(key=lambda row: (owners[row.organisation_id], row.organisation_id, by_name(row.name), row.pk))
    others = "" if len(owners) > 1 else _("Other environments")
    for heading, section in ((_("Favourites"), favourites), (_("Opened recently"), recent)):
        yield from ((heading, row) for row in section)
    yield from ((others or row.organisation, row) for row in rest)


def _filled(page: Iterable[tuple[str, int]], several: bool, known: dict[int, Tile]) -> Iterator[Section]:
    """The tiles of a page; without access that was removed in the meantime. ``known``: need not be read."""
    wanted = list(page)
    tiles = known | _tiles_of([pk for _heading, pk in wanted if pk not in known])
    for heading, of_one in groupby(wanted, key=lambda pair: pair[0]):
        yield Section(heading if several else "", [tiles[pk] for _heading, pk in of_one if pk in tiles])


def _tiles_of(pks: list[int]) -> dict[int, Tile]:
    named = {f"tile{place}": pks[place] if place < len(pks) else 0 for place in range(limits.ENVIRONMENTS_PAGE)}
    return {tile.row.pk: tile for tile in map(Tile.of, _named_tiles(**named))} if pks else {}
