"""What the library does not tell of a sheet: hidden rows, links to mail addresses, merged cells of an .ods."""

from __future__ import annotations

import bisect
import posixpath
import re
import sys
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from environments.people.reading.types import Unreadable
from environments.people.reading.workbook.archive import RefusedError

Attributes = dict[str, str]
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")


class Marks:
    """What the library does not tell of a sheet, counted from 0: ``hidden`` rows as sorted ranges with both ends,
    ``links`` to mail addresses by place, and ``merged`` cells (first row, column, last row)."""

    def __init__(self) -> None:
        self.hidden: list[tuple[int, int]] = []
        self.links: dict[tuple[int, int], str] = {}
        self.merged: list[tuple[int, int, int]] = []

    def hides(self, row: int) -> bool:
        place = bisect.bisect_right(self.hidden, (row, sys.maxsize))
        return place > 0 and self.hidden[place - 1][1] >= row


def scan(content: bytes, start: Callable[[str, Attributes], None], end: Callable[[str], None] | None = None) -> None:
    """Local names of elements and attributes. A document type, which could define entities, is refused."""
    parser = expat.ParserCreate(namespace_separator=" ")

    def refuse(*_about: Any) -> None:
        raise RefusedError(Unreadable.DAMAGED)

    def opened(name: str, attributes: Attributes) -> None:
        start(name.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in attributes.items()})

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = opened
    if end is not None:
        parser.EndElementHandler = lambda name: end(name.rpartition(" ")[2])
    parser.Parse(content, True)


def relations(files: dict[str, bytes], part: str) -> dict[str, str]:
    """Targets by identifier, of what belongs to a part of an .xlsx."""
    folder, name = posixpath.split(part)
    found: dict[str, str] = {}

    def start(element: str, attributes: Attributes) -> None:
        if element == "Relationship":
            found[attributes.get("Id", "")] = attributes.get("Target", "")

    if (path := f"{folder}/_rels/{name}.rels") in files:
        scan(files[path], start)
    return found


def place_of(reference: str) -> tuple[int, int] | None:
    """("B3") is row 2, column 1."""
    found = _PLACE.match(reference)
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def marks_of_xlsx(files: dict[str, bytes]) -> dict[str, Marks]:
    """By the names of the sheets."""
    sheets: dict[str, str] = {}
    targets = relations(files, "xl/workbook.xml")

    def start(element: str, attributes: Attributes) -> None:
        if element == "sheet":
            target = targets.get(attributes.get("id", ""), "")
            sheets[attributes.get("name", "")] = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")

    scan(files["xl/workbook.xml"], start)
    return {name: sheet_marks(files, path) for name, path in sheets.items() if path in files}


def sheet_marks(files: dict[str, bytes], path: str) -> Marks:
    marks, targets, row = Marks(), relations(files, path), -1

    def start(element: str, attributes: Attributes) -> None:
        nonlocal row
        if element == "row":
            row = int(attributes.get("r", row + 2)) - 1
            if attributes.get("hidden") in ("1", "true"):
                marks.hidden.append((row, row))
        elif element == "hyperlink" and (place := place_of(attributes.get("ref", ""))):
            target = targets.get(attributes.get("id", ""), "")
            if target.lower().startswith("mailto:"):
                marks.links[place] = target
        elif element == "mergeCell":
            first, _colon, last = attributes.get("ref", "").partition(":")
            if (begin := place_of(first)) and (finish := place_of(last)):
                marks.merged.append((*begin, finish[0]))

    scan(files[path], start)
    return marks


class OdsMarks:
    """Follows the cells of an .ods, where each may stand for many."""

    def __init__(self) -> None:
        self.found: dict[str, Marks] = {}
        self.marks, self.row, self.rows, self.column, self.cells = Marks(), 0, 1, 0, 1

    def start(self, element: str, attributes: Attributes) -> None:
        if element == "table":
            self.marks, self.row = Marks(), 0
            self.found[attributes.get("name", "")] = self.marks
        elif element == "table-row":
            self.rows, self.column = int(attributes.get("number-rows-repeated", 1)), 0
            if attributes.get("visibility", "visible") != "visible":
                self.marks.hidden.append((self.row, self.row + self.rows - 1))
        elif element in ("table-cell", "covered-table-cell"):
            self.cells = int(attributes.get("number-columns-repeated", 1))
            spanned = int(attributes.get("number-rows-spanned", 1))
            if spanned > 1:
                self.marks.merged.append((self.row, self.column, self.row + spanned - 1))
        elif element == "a" and attributes.get("href", "").lower().startswith("mailto:"):
            self.marks.links[self.row, self.column] = attributes["href"]

    def end(self, element: str) -> None:
        if element == "table-row":
            self.row += self.rows
        elif element in ("table-cell", "covered-table-cell"):
            self.column += self.cells


def of(kind: str, files: dict[str, bytes]) -> dict[str, Marks]:
    """By the names of the sheets; ``kind`` is "xlsx" or "ods"."""
    if kind == "xlsx":
        return marks_of_xlsx(files)
    following = OdsMarks()
    scan(files["content.xml"], following.start, following.end)
    return following.found
