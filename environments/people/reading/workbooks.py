"""Workbooks (.xlsx, .xlsm, .ods) to lines of cells, read by a process of their own: see `workbook.__main__`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Semaphore
from typing import Any

from accounts import limits
from environments import subprocesses
from environments.people.reading import headings
from environments.people.reading.delimited import plain
from environments.people.reading.people_from_rows import heading_place
from environments.people.reading.types import LONGEST_CELL, Flaw, Line, Note, NoteKind, Unreadable

PROGRAM = "environments.people.reading.workbook"
_slots = Semaphore(limits.WORKBOOKS_AT_ONCE)


@dataclass(frozen=True)
class Sheet:
    name: str
    is_hidden: bool
    lines: list[Line]


def read(content: bytes) -> tuple[list[Line], list[Note]] | Unreadable:
    """The lines of the sheet with people, with notes that name it and the others; or why there are none."""
    answer = _ask(content)
    if isinstance(answer, Unreadable):
        return answer
    sheets = [sheet for sheet in map(_sheet, answer) if sheet.lines]
    read = _with_people(sheets)
    if read is None or len(sheets) == 1:
        return (read.lines if read else []), []
    others = tuple(sheet.name for sheet in sheets if sheet is not read)
    return read.lines, [Note(NoteKind.SHEET, (read.name,)), Note(NoteKind.SHEETS, others)]


def _ask(content: bytes) -> list[dict[str, Any]] | Unreadable:
    bounds = {
        "memory": limits.WORKBOOK_MEMORY,
        "seconds": int(limits.WORKBOOK_SECONDS.total_seconds()),
        "entries": limits.WORKBOOK_ENTRIES,
        "unpacked": limits.WORKBOOK_UNPACKED,
        "sheets": limits.WORKBOOK_SHEETS,
        "rows": limits.WORKBOOK_ROWS,
        "cells": limits.WORKBOOK_CELLS,
        "cell": LONGEST_CELL + 1,
    }
    with subprocesses.slot(_slots, limits.UPLOAD_TURN.total_seconds()) as has_slot:
        if not has_slot:
            return Unreadable.BUSY
        answer = subprocesses.run(PROGRAM, content, bounds)
    if answer is None:
        return Unreadable.TOO_LARGE
    return Unreadable(answer["unreadable"]) if "unreadable" in answer else answer["sheets"]


def _sheet(found: dict[str, Any]) -> Sheet:
    lines = [
        Line(number, [plain(cell) for cell in cells], flaw=Flaw.HIDDEN if is_hidden else None)
        for number, is_hidden, cells in found["rows"]
    ]
    return Sheet(found["name"], found["hidden"], [line for line in lines if line])


def _with_people(sheets: Sequence[Sheet]) -> Sheet | None:
    """The first with addresses under a heading that says so, else with addresses, else with anything. A hidden sheet
    is what nobody saw who looked at the workbook."""
    seen = [sheet for sheet in sheets if not sheet.is_hidden]
    named = (sheet for sheet in seen if _has_addresses(sheet) and _has_heading(sheet))
    return next(named, None) or next(filter(_has_addresses, seen), None) or next(iter(seen), None)


def _has_addresses(sheet: Sheet) -> bool:
    return any("@" in cell for line in sheet.lines for cell in line.cells)


def _has_heading(sheet: Sheet) -> bool:
    place = heading_place(sheet.lines)
    return place is not None and bool(set(headings.recognise(sheet.lines[place].cells) or []) & {*headings.ADDRESSES})
