"""The markup of tiles. A process remembers what it made, because most people come back to tiles that did not change.

Remembered by everything that the tile shows, so a change is another key; and by language. Nothing of it depends on the
request: names and roles only, no token.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from django.template.loader import get_template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from accounts import limits
from accounts.organisations.models import Organisation
from environments.models import Access, Environment
from environments.tiles import Overview, Row, Section, Tile


class SectionMarkup(NamedTuple):
    section: Section
    tiles: SafeString  # of all of them


def of(overview: Overview) -> list[SectionMarkup]:
    language = get_language()
    return [
        SectionMarkup(one, _of_tiles(one.tiles, one.owner is None and overview.owner is None, language))
        for one in overview.sections
    ]


def _of_tiles(tiles: list[Tile], names_owner: bool, language: str | None) -> SafeString:
    return format_html_join("", "{}", ((_of_tile(tile, names_owner, language),) for tile in tiles))


def _of_tile(tile: Tile, names_owner: bool, language: str | None) -> str:
    if tile.next_address:  # whether the day of the other address is past depends on the time
        return _rendered(tile, names_owner)
    _pk, is_favourite, _opened_at, *shown = tile.row
    return _remembered((is_favourite, *shown), tile[1:], names_owner, language)


@lru_cache(limits.TILES_REMEMBERED)
def _remembered(row: tuple[Any, ...], others: tuple[Any, ...], names_owner: bool, _language: str | None) -> str:
    is_favourite, *shown = row
    return _rendered(Tile._make((Row._make((0, is_favourite, None, *shown)), *others)), names_owner)


def _rendered(tile: Tile, names_owner: bool) -> str:
    row = tile.row
    environment = Environment(
        organisation=Organisation(name=row.organisation, slug=tile.organisation_slug, colour=tile.colour),
        name=row.name,
        place=row.place,
        description=row.description,
        is_closed=row.is_closed,
        slug=tile.slug,
        closed_text=tile.closed_text,
        has_picture=tile.has_picture,
        picture_version=tile.picture_version,
        next_address=tile.next_address,
        next_address_at=tile.next_address_at,
    )
    context = {
        "access": Access(is_favourite=row.is_favourite, role=tile.role),
        "environment": environment,
        "logo": tile.logo,
        "names_owner": names_owner,
        "widths": limits.PICTURE_WIDTHS,
    }
    return get_template("environments/tile.html").render(context)
