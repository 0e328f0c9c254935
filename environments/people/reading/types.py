"""What a list is made of while it is read: lines of cells on the way in, rows and notes on the way out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST_CELL = 2_000  # characters, of one that is read; as many as the environments of a line may have


class Flaw(StrEnum):
    """Why a line cannot be read as one person. The values are those of `models.Why`."""

    SEVERAL = "several_addresses"
    NOT_ALONE = "not_alone"
    IN_A_NAME = "address_in_name"
    TOO_MANY = "too_many_cells"
    BROKEN = "broken_row"
    QUOTES = "quotes"
    TOO_LONG = "too_long"
    HIDDEN = "hidden_row"
    SECOND = "second_address"
    LOST_SIGN = "lost_sign"


class Unreadable(StrEnum):
    """Why nothing of a file can be read."""

    PASSWORD = "password"  # noqa: S105 - a kind of file
    OLD_EXCEL = "old_excel"
    OTHER_WORKBOOK = "other_workbook"
    NUMBERS = "numbers"
    WORD = "word"
    PDF = "pdf"
    MAIL = "mail"
    CONTACTS = "contacts"
    WEB_PAGE = "web_page"
    ARCHIVE = "archive"
    OTHER = "other"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    BUSY = "busy"  # others offer workbooks at this moment


class NoteKind(StrEnum):
    COLUMNS = "columns"  # that were not used
    ADDRESSES = "addresses"  # the column that the addresses come from, where there was a choice
    ROWS = "rows"  # numbers of lines that were not used
    SHEET = "sheet"  # that was read
    SHEETS = "sheets"  # that were not used


@dataclass(frozen=True)
class Note:
    kind: NoteKind
    names: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """``number``: of the line, the first is 1; several people may stand on one. ``environments``: separated by |, a
    comma, a semicolon or a line break. ``role`` and ``language``: as typed. With a ``flaw``, which ``about`` fills in,
    it is a line that is wrong."""

    number: int
    address: str = ""
    first_name: str = ""
    last_name: str = ""
    environments: str = ""
    flaw: Flaw | None = None
    about: str = ""
    role: str = ""
    language: str = ""


@dataclass(frozen=True)
class Line:
    """A line of a file or a row of a sheet. ``text``: what was typed, where that is known; ``cells`` keep the line
    breaks inside them."""

    number: int
    cells: Sequence[str]
    text: str = ""
    flaw: Flaw | None = None

    def __bool__(self) -> bool:
        return any(self.cells)


@dataclass(frozen=True)
class Listing:
    """``left``: how many lines were not looked at, because there are more than one list may have."""

    rows: list[Row] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    left: int = 0

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)
