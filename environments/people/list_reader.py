"""Reads a list of people from what a spreadsheet or mail program exports. Pure: text or bytes in, rows out."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import replace

from environments.people.reading import contacts, delimited, file_types, workbooks
from environments.people.reading.decoding import decode
from environments.people.reading.people_from_rows import assemble
from environments.people.reading.types import Listing, Row, Unreadable


def read_file(content: bytes) -> Listing | Unreadable:
    """A text file in any encoding, a workbook, or why it is neither."""
    if content.startswith(file_types.ZIP):
        found = workbooks.read(content)
        if isinstance(found, Unreadable):
            return found
        lines, notes = found
        listing = assemble(lines)
        return Listing(listing.rows, [*notes, *listing.notes], listing.left)
    return file_types.of_bytes(content) or read(decode(content))


def read(text: str) -> Listing | Unreadable:
    """Pasted text, or the text of a file. The first lines may be a heading, Dutch or English."""
    if contacts.is_one(text):
        return Listing(assemble(contacts.lines(text)).rows)
    lines = file_types.of_text(text) or delimited.lines(text)
    return lines if isinstance(lines, Unreadable) else assemble(lines)


def environment_names(text: str) -> list[str]:
    """Separated by |, a comma, a semicolon or a line break; each once."""
    names = (name.strip() for name in re.split(r"[|,;\n]", text))
    return list(dict.fromkeys(name for name in names if name))


def name_for(name: str, slug: str) -> str:
    """How to write an environment in a list: its short name where the name has a separator in it."""
    return name if environment_names(name) == [name] else slug


def with_environments(listing: Listing, chosen: Sequence[str], known: Container[str]) -> Listing:
    """The list with these environments in each line that names none. ``known``: names of environments in lower case;
    a line that has one where a name should stand is left as it is, for its reason to be shown."""

    def given(row: Row) -> Row:
        is_misplaced = row.first_name.lower() in known or row.last_name.lower() in known
        if row.flaw or is_misplaced or environment_names(row.environments):
            return row
        return replace(row, environments=" | ".join(chosen))

    return replace(listing, rows=[given(row) for row in listing]) if chosen else listing
