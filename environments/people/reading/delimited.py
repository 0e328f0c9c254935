"""Text in lines, with or without columns, to lines of cells. Linear in the length of the text.

A cell between quotation marks may go on in the next lines (Alt+Enter in a spreadsheet). A stray quotation mark spoils
its own line only.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

from accounts import limits
from accounts.spreadsheets import bare_cell
from environments.people.reading import headings
from environments.people.reading.characters import bare, is_plain, straight, tidy, visible
from environments.people.reading.types import LONGEST_CELL, Flaw, Line, Unreadable

SEPARATORS = ";\t,|"
MOST_CELLS = 1_000  # of a line; a spreadsheet that was saved whole has more, but they are empty
CELL_LINES, CELL_CHARACTERS = 20, 8_000  # how far a cell may go on; also bounds the work of a stray quotation mark
ABOVE = 30  # lines with anything in them that may stand above the heading
_MACHINE_NOTE = re.compile(r"#TYPE\b.*|\ufeff?sep=(.)\s*", re.IGNORECASE)


def lines(text: str) -> list[Line] | Unreadable:
    """Those with anything in them, unless there are very many. `Line.text` is what was typed, for a line that has no
    columns at all."""
    typed = list(enumerate(visible(text.replace("\x00", "")).split("\n"), 1))
    if sum(1 for _number, line in typed if line) > limits.WORKBOOK_ROWS:
        return Unreadable.TOO_LONG
    named = ""
    while typed and (note := _MACHINE_NOTE.fullmatch(typed[0][1].strip(" "))):
        named = note[1] or named
        typed = typed[1:]
    separator = named or _of_heading(typed)
    found = list(_records(typed, separator or _of_content(typed)))
    return _whole(found) if separator else found


def _of_heading(typed: Sequence[tuple[int, str]]) -> str:
    """The separator with which one of the first lines becomes a heading, that of the most headings; "" when none."""
    tried = [place for place, (_number, line) in enumerate(typed[: ABOVE * 10]) if line.strip(f" {SEPARATORS}")]
    for place in tried[:ABOVE]:
        known = {}
        for separator in SEPARATORS:
            first = next(_records(typed[place : place + CELL_LINES], separator), None)
            known[separator] = sum(map(bool, headings.recognise(first.cells) or [])) if first else 0
        best = max(known, key=lambda separator: known[separator])
        if known[best]:
            return best
        if "@" in typed[place][1]:
            break
    return ""


def _of_content(typed: Sequence[tuple[int, str]]) -> str:
    """The first separator outside quotation marks on the first line with an address: commas also stand between
    environments."""
    line = next((line for _number, line in typed if "@" in line), typed[0][1] if typed else "")
    outside = re.sub(r'"[^"]*"', "", line)
    return next((separator for separator in SEPARATORS if separator in outside), SEPARATORS[0])


def _records(typed: Sequence[tuple[int, str]], separator: str) -> Iterator[Line]:
    place = 0
    while place < len(typed):
        number, line = typed[place]
        taken, cells = 1, _cells(line, separator)
        if cells is None:
            taken, cells = _over_lines(typed, place, separator)
        text = "\n".join(line for _number, line in typed[place : place + taken])
        found = _line(number, text, cells, separator)
        if text.strip(f" {SEPARATORS}") and (found or found.flaw):
            yield found
        place += taken


def _line(number: int, text: str, cells: list[str] | None, separator: str) -> Line:
    flaw = Flaw.QUOTES if cells is None else None
    cells = text.split(separator) if cells is None else cells
    while len(cells) > MOST_CELLS and not cells[-1].strip():
        cells.pop()
    if len(cells) > MOST_CELLS:
        return Line(number, [text[:LONGEST_CELL]], text, Flaw.TOO_MANY)
    if max(map(len, cells), default=0) > 2 * LONGEST_CELL:
        return Line(number, [plain(cell[:LONGEST_CELL]) for cell in cells], text, Flaw.TOO_LONG)
    return Line(number, [plain(cell) for cell in cells], text, flaw)


def _over_lines(typed: Sequence[tuple[int, str]], place: int, separator: str) -> tuple[int, list[str] | None]:
    """How many lines the cells that begin here go over, and those cells; None when the quotation marks never fit."""
    text, closing = typed[place][1], re.compile(rf'"\s*(?:{re.escape(separator)}|\Z)')
    for taken in range(2, CELL_LINES + 1):
        if place + taken > len(typed) or len(text) > CELL_CHARACTERS:
            break
        line = typed[place + taken - 1][1]
        text += "\n" + line
        fits = text.count('"') % 2 == 0 and closing.search(line)
        if fits and (cells := _cells(text, separator)) is not None:
            return taken, cells
    return 1, None


def _cells(text: str, separator: str) -> list[str] | None:
    """None when the quotation marks do not fit. Without any, as nearly always, no reader is made for the line."""
    if '"' not in text and separator in SEPARATORS and 0 < len(text) < CELL_CHARACTERS:
        return [cell.lstrip(" ") for cell in text.split(separator)]
    source = [f"{line}\n" for line in text.split("\n")]
    source[-1] = source[-1][:-1]
    try:
        rows = list(csv.reader(source, delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error:
        return None
    return (rows[0] if rows else []) if len(rows) < 2 else None


def plain(cell: str) -> str:
    if is_plain(cell):
        return bare_cell(bare(tidy(cell)))
    parts = [tidy(part) for part in visible(cell).split("\n")]
    return bare_cell(bare(straight("\n".join(filter(None, parts)))))


def _whole(found: list[Line]) -> list[Line]:
    """Mark the rows that go on in the next line without quotation marks: the cells of both together are one row's."""
    place, width = 0, max((len(line.cells) for line in found[:ABOVE]), default=0)
    while place < len(found):
        parts = _parts(found, place, width)
        for one in range(place, place + parts) if parts > 1 else ():
            line = found[one]
            found[one] = Line(line.number, line.cells, line.text, Flaw.BROKEN)
        place += parts
    return found


def _parts(found: Sequence[Line], place: int, width: int) -> int:
    count = len(found[place].cells)
    if "@" not in found[place].text or count >= width or found[place].flaw:
        return 1
    for taken in range(1, CELL_LINES):
        following = found[place + taken : place + taken + 1]
        if not following or "@" in following[0].text or following[0].number != found[place].number + taken:
            return 1
        count += len(following[0].cells) - 1
        if count >= width:
            return taken + 1 if count == width else 1
    return 1
