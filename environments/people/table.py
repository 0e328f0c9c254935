"""A list of people out of whatever a spreadsheet or a mail program makes of it. Pure: text in, rows out.

A line is a line of the file, however its quotation marks stand, so that a stray one spoils its own line only.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from accounts.audit.origin import one_line
from accounts.spreadsheets import bare_cell

SEPARATORS = ";\t,"
COLUMNS = {
    "address": {
        *("email", "emailadres", "emailaddress", "mail", "mailadres", "mailaddress", "adres", "address"),
        *("gebruikersnaam", "username", "emailadressen"),
    },
    "first_name": {"voornaam", "firstname", "givenname", "roepnaam", "first", "voornamen"},
    "infix": {"tussenvoegsel", "tussenvoegsels", "voorvoegsel", "voorvoegsels", "infix", "prefix"},
    "last_name": {"achternaam", "lastname", "surname", "familyname", "familienaam", "last", "naam", "name"},
    "environments": {"omgeving", "omgevingen", "environment", "environments", "toegang", "access"},
}
IN_ORDER = ("address", "first_name", "last_name", "environments")
_MARKS = {"“": '"', "”": '"', "„": '"'}


@dataclass(frozen=True)
class Row:
    """``number``: of the line, the first is 1; the rest as typed, without the spaces around it."""

    number: int
    address: str = ""
    first_name: str = ""
    last_name: str = ""
    environments: str = ""


def decode(content: bytes) -> str:
    """UTF-8 with or without a mark in front, UTF-16 with one, else Windows-1252: what Dutch spreadsheets write."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read(text: str) -> Iterator[Row]:
    """The rows with anything in them. The first line may be a heading, Dutch or English."""
    lines = re.split(r"\r\n|\r|\n", text.lstrip("\ufeff").replace("\x00", ""))
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip(" \t;,")]
    if numbered and re.fullmatch(r"sep=.", numbered[0][1].strip(), re.IGNORECASE):
        numbered = numbered[1:]  # Excel's own note about the separator
    if not numbered:
        return
    separator = _separator(numbered[0][1])
    first = _cells(numbered[0][1], separator)
    heading = _heading(first)
    columns = heading or _columns_by_content(first)
    for number, line in numbered[1:] if heading else numbered:
        yield _row(number, columns, _cells(line, separator))


def environment_names(text: str) -> list[str]:
    """Separated by | or a comma; each once."""
    names = (name.strip() for name in re.split(r"[|,]", text))
    return list(dict.fromkeys(name for name in names if name))


def _separator(line: str) -> str:
    """The first of them that stands outside quotation marks: commas also stand between environments."""
    outside = re.sub(r'"[^"]*"', "", line)
    return next((separator for separator in SEPARATORS if separator in outside), SEPARATORS[0])


def _cells(line: str, separator: str) -> list[str]:
    plain = "".join(_MARKS.get(sign, sign) for sign in line)
    try:
        cells = next(csv.reader([plain], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        cells = plain.split(separator)
    return [bare_cell(one_line(cell).strip().strip('"').strip()) for cell in cells]


def _heading(cells: Sequence[str]) -> list[str] | None:
    """The column of each cell ("" for one that we do not know), or None when the first line is no heading."""
    if any("@" in cell for cell in cells):
        return None
    plain = [re.sub(r"[^a-z]", "", cell.lower()) for cell in cells]
    found = [next((name for name, words in COLUMNS.items() if cell in words), "") for cell in plain]
    return found if "address" in found or sum(map(bool, found)) > 1 else None


def _columns_by_content(cells: Sequence[str]) -> list[str]:
    """Without a heading: the address is where the @ is, the others follow in their order."""
    place = next((place for place, cell in enumerate(cells) if "@" in cell), 0)
    others = iter(IN_ORDER[1:])
    return ["address" if index == place else next(others, "") for index in range(max(len(cells), len(IN_ORDER)))]


def _row(number: int, columns: Sequence[str], cells: Sequence[str]) -> Row:
    found = {name: cell for name, cell in zip(columns, cells, strict=False) if name and cell}
    infix = found.pop("infix", "")
    if infix:
        found["last_name"] = f"{infix} {found.get('last_name', '')}".strip()
    return Row(number, address=_bare_address(found.pop("address", "")), **found)


def _bare_address(text: str) -> str:
    """Without the name that a mail program puts before it. No regular expression: a line of nothing but < kept one busy
    for hours."""
    _name, opens, inside = text[:-1].rpartition("<")
    return inside if opens and inside and text.endswith(">") else text.removeprefix("mailto:")
