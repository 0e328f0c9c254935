"""The rows of every sheet."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator
from typing import Any

from python_calamine import SheetVisibleEnum, load_workbook

from environments.people.reading.types import Unreadable
from environments.people.reading.workbook import archive, sheet_details
from environments.people.reading.workbook.archive import RefusedError
from environments.people.reading.workbook.sheet_details import Marks


def text_of(value: Any, longest: int) -> str:
    """As the sheet shows it, nearly: a whole number has no decimals, a day is written 2026-11-28."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, datetime.date | datetime.time):
        value = value.isoformat()
    return str(value)[:longest].replace("_x000D_", "").replace("\r\n", "\n").strip()


def rows_of(sheet: Any, known: Marks, limits: dict[str, int]) -> Iterator[tuple[int, bool, list[str]]]:
    """Number from 1, whether it is hidden, and the cells, of the rows with anything in them."""
    found: dict[int, list[str]] = {}
    top, left = sheet.start or (0, 0)
    if (sheet.height + 1) * (sheet.width + left + 1) > limits["cells"]:
        raise RefusedError(Unreadable.TOO_LARGE)
    for place, values in enumerate(sheet.to_python(skip_empty_area=True)):
        cells = [""] * left + [text_of(value, limits["cell"]) for value in values]
        row = top + place
        for column, shown in enumerate(cells):
            link = known.links.get((row, column)) if "@" not in shown else None
            if link:
                cells[column] = f"{shown} <{link}>" if shown else link
        if any(cells):
            found[row] = cells
    known.hidden.sort()
    for first, column, last in known.merged:
        fill(found, first, column, last)
    for row, cells in sorted(found.items()):
        yield row + 1, known.hides(row), cells


def fill(rows: dict[int, list[str]], first: int, column: int, last: int) -> None:
    """Put what a merged cell holds into each of its rows: the environment of three people, for example."""
    value = rows.get(first, [])[column : column + 1]
    for row in range(first + 1, min(last, max(rows, default=0)) + 1) if value and value[0] else ():
        if column < len(rows.get(row, [])) and not rows[row][column]:
            rows[row][column] = value[0]


def read(content: bytes, limits: dict[str, int]) -> list[dict[str, Any]]:
    """``name``, ``hidden`` and ``rows`` (see `rows_of`) of each sheet. Raises RefusedError."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        kind = archive.kind_of(packed)
        files = archive.bounded_copy(packed, limits)
    known = sheet_details.of(kind, files)
    found: list[dict[str, Any]] = []
    left = limits["rows"]
    with load_workbook(archive.packed(files)) as workbook:
        for about in workbook.sheets_metadata[: limits["sheets"]]:
            rows = list(rows_of(workbook.get_sheet_by_name(about.name), known.get(about.name, Marks()), limits))
            left -= len(rows)
            if left < 0:
                raise RefusedError(Unreadable.TOO_LARGE)
            found.append({"name": about.name, "hidden": about.visible != SheetVisibleEnum.Visible, "rows": rows})
    return found
