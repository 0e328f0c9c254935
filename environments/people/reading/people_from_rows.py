"""Lines of cells to people. A line becomes a whole row, rows of their own, or one that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from accounts import limits
from environments.people.reading import addresses, headings, names
from environments.people.reading.addresses import Mailbox
from environments.people.reading.characters import tidy
from environments.people.reading.headings import Columns
from environments.people.reading.types import LONGEST_CELL, Flaw, Line, Listing, Note, NoteKind, Row

IN_ORDER = ("first_name", "last_name", "environments")  # of a list without headings, behind the address
ABOVE = 30  # lines in which the heading is looked for
SHOWN = 300
MAY_BE_ONE_LINE = (None, Flaw.QUOTES, Flaw.TOO_LONG, Flaw.TOO_MANY)  # wrong as cells, but maybe people of a mail
SEVERAL_IN_A_CELL = " ::: "  # how Google writes the addresses of one person


def assemble(lines: Sequence[Line]) -> Listing:
    place = heading_place(lines)
    if place is None:
        return _listing(lines, _without_heading, [])
    heading = lines[place].cells
    kinds = headings.recognise(heading) or []
    body = [line for line in lines[place + 1 :] if list(line.cells) != list(heading)]
    columns = headings.choose(heading, kinds, body)
    notes = [*columns.notes, *_rows_not_used(lines[: place + 1], lines[place + 1 :])]
    if len(kinds) == 1:
        return _listing(body, _without_heading, notes)
    return _listing(body, partial(_with_heading, columns=columns), notes)


def _listing(lines: Sequence[Line], read: Callable[[Line], list[Row]], notes: list[Note]) -> Listing:
    """Looks no further than one list may go."""
    rows: list[Row] = []
    for place, line in enumerate(lines):
        many = line.text.count("@")
        if len(rows) > limits.IMPORT_LINES or many > limits.IMPORT_LINES:
            return Listing(rows, notes, len(lines) - place - 1 + max(many, 1))
        rows += read(line)
    return Listing(rows, notes)


def heading_place(lines: Sequence[Line]) -> int | None:
    for place, line in enumerate(lines[:ABOVE]):
        if headings.recognise(line.cells):
            return place
        if any("@" in cell for cell in line.cells):
            return None
    return None


def _rows_not_used(above: Sequence[Line], below: Sequence[Line]) -> list[Note]:
    """Titles above the heading, and the heading where it stands again."""
    again = [line for line in below if list(line.cells) == list(above[-1].cells)]
    numbers = tuple(str(line.number) for line in [*above[:-1], *again])
    return [Note(NoteKind.ROWS, numbers)] if numbers else []


def _wrong(line: Line, flaw: Flaw, text: str = "", about: str = "") -> Row:
    shown = text or line.text or next((cell for cell in line.cells if "@" in cell), "") or " ".join(line.cells)
    return Row(line.number, tidy(shown[: 2 * SHOWN])[:SHOWN], flaw=flaw, about=tidy(about[: 2 * SHOWN])[:SHOWN])


def _row(
    line: Line, address: str, first: str, last: str, environments: str = "", role: str = "", language: str = ""
) -> Row:
    """The one place where a row is made of names: no @ ever gets into one."""
    for name in (first, last):
        if "@" in name:
            return _wrong(line, Flaw.IN_A_NAME, address, name)
    lost = next((text for text in (first, last, environments) if "\ufffd" in text), "")
    if lost:
        return _wrong(line, Flaw.LOST_SIGN, address, lost)
    if max(map(len, (address, first, last, environments, role, language))) > LONGEST_CELL:
        return _wrong(line, Flaw.TOO_LONG)
    return Row(line.number, address, first, last, " | ".join(environments.split("\n")), role=role, language=language)


# Without headings


def _without_heading(line: Line) -> list[Row]:
    text = line.text if line.text else line.cells[0] if sum(map(bool, line.cells)) == 1 else ""
    is_plain = "@" in text and "\t" not in text and line.flaw in MAY_BE_ONE_LINE
    if is_plain and (found := addresses.mailboxes(text)) is not None:
        return [_alone(line, one) for one in found]
    return [_wrong(line, line.flaw)] if line.flaw else _by_content(line)


def _alone(line: Line, one: Mailbox) -> Row:
    if one.flaw:
        return _wrong(line, one.flaw, one.address)
    return _row(line, one.address, *_names_of(one))


def _names_of(one: Mailbox) -> tuple[str, str]:
    """Its own address again is no name."""
    if "@" in one.name:
        return ("", "") if addresses.clean(one.name).lower() == one.address.lower() else (one.name, "")
    return names.split(one.name)


def _by_content(line: Line) -> list[Row]:
    """The address is where the @ is, the others follow in their order."""
    cells = [addresses.bullets_off(line.cells[0]), *line.cells[1:]] if line.cells else []
    places = [place for place, cell in enumerate(cells) if "@" in cell]
    if len(places) > 1:
        if len(places) < sum(map(bool, cells)):
            return [_wrong(line, Flaw.SEVERAL)]
        return [_alone(line, addresses.mailbox(cell)) for cell in cells if cell]
    place = places[0] if places else 0
    others = [cell for number, cell in enumerate(cells) if number != place]
    one = addresses.mailbox(cells[place]) if places else Mailbox(cells[place])
    if one.flaw:
        return [_wrong(line, one.flaw)]
    if any(others[len(IN_ORDER) :]):
        return [_wrong(line, Flaw.TOO_MANY)]
    first, last, environments = _in_order(others, has_two_cells=len(cells) == 2)
    if any(name and not any(map(str.isalpha, name)) for name in (first, last)):
        return [_wrong(line, Flaw.NOT_ALONE)]
    if not first and not last:
        first, last = _names_of(one)
    return [_row(line, one.address, first, last, environments)]


def _in_order(others: list[str], *, has_two_cells: bool) -> tuple[str, str, str]:
    """First name, last name, environments; or a whole name and environments, which its particle shows."""
    first, last, environments = [*others, "", "", ""][: len(IN_ORDER)]
    first, last = tidy(first), tidy(last)
    whole = names.split(first)
    if not environments and (has_two_cells or names.is_particle(whole[1].split(" ")[0])):
        return (*whole, last)
    return first, last, environments


# With headings


def _with_heading(line: Line, columns: Columns) -> list[Row]:
    if line.flaw:
        return [_wrong(line, line.flaw)]
    if any(line.cells[columns.width :]):
        return [_wrong(line, Flaw.TOO_MANY)]
    cell = columns.cell("address", line.cells)
    text, *more = cell.split(SEVERAL_IN_A_CELL)
    found = _people_in(text)
    seconds = [_wrong(line, Flaw.SECOND, one) for one in more]
    if len(found) > 1 and (seconds or _says_more(line, columns)):
        return [_wrong(line, Flaw.SEVERAL, cell), *seconds]
    return [*(_person(line, columns, one) for one in found), *seconds]


def _people_in(text: str) -> list[Mailbox]:
    if "@" not in text:
        return [Mailbox(tidy(text))]
    found = addresses.mailboxes(text)
    return [addresses.mailbox(text)] if found is None else found


def _says_more(line: Line, columns: Columns) -> bool:
    return any(columns.cell(kind, line.cells) for kind in columns.places if kind != "address")


def _person(line: Line, columns: Columns, one: Mailbox) -> Row:
    if one.flaw:
        return _wrong(line, one.flaw, one.address)
    first, last = _names_in_columns(line, columns, one)
    if not first and not last:
        first, last = _names_of(one)
    environments = columns.cell("environments", line.cells)
    if not any((one.address, first, last, environments)):
        return Row(line.number, tidy(next(filter(None, line.cells), ""))[:SHOWN])
    role, language = (tidy(columns.cell(kind, line.cells)) for kind in ("role", "language"))
    return _row(line, one.address, first, last, environments, role, language)


def _names_in_columns(line: Line, columns: Columns, one: Mailbox) -> tuple[str, str]:
    cell = {kind: tidy(columns.cell(kind, line.cells)) for kind in headings.NAMES}
    first = cell["first_name"] or cell["initials"]
    particle, whole = cell["particle"], _without_address(cell["whole"], one)
    if names.is_particle(cell["middle"]):
        particle = particle or cell["middle"]
    elif cell["middle"]:
        first = f"{first} {cell['middle']}".strip()
    if "last_name" in columns.places:
        whole_first, whole_last = names.split(whole) if not first and not cell["last_name"] else ("", "")
        return first or whole_first, names.with_particle(particle, cell["last_name"] or whole_last)
    if not first:
        return names.split(whole)
    return first, names.with_particle(particle, whole.removeprefix(f"{first} ") if whole != first else "")


def _without_address(name: str, one: Mailbox) -> str:
    """ "Jan de Vries (jan@…)", as Outlook shows people."""
    if "@" not in name:
        return name
    found = addresses.mailbox(name)
    return found.name if not found.flaw and found.address.lower() == one.address.lower() else name
