"""What every shape is made of."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

Person = tuple[str, str, str, str]  # address, first name, last name, environments separated by " | "


@dataclass(frozen=True)
class Shape:
    """``content``: of a file, or pasted text; ``wrong``: how many lines must be wrong; ``unused``: what the page must
    name as not used."""

    name: str
    content: bytes | str
    people: Sequence[Person]
    wrong: int = 0
    unused: Sequence[str] = ()


def one(address: str, first: str = "", last: str = "", environments: str = "") -> Person:
    return (f"{address}@voorbeeld.nl", first, last, environments)


JAN, KARIN, ELS = one("jan", "Jan", "de Vries"), one("karin", "Karin", "Pieters"), one("els", "Els", "Bakker")
JAN_W = one("jan", "Jan", "de Vries", "Wegen | Riolering")
ELS_W = one("els", "Els", "Bakker", "Wegen")
PRIVATE = "jan.prive@thuis.example"


def table(*rows: Sequence[str], separator: str = ",", every: bool = False) -> str:
    written = io.StringIO()
    quoting = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    csv.writer(written, delimiter=separator, quoting=quoting).writerows(rows)
    return written.getvalue()


def records(headings: str, *people: dict[str, str], every: bool = False) -> str:
    """A table with commas; ``headings`` are separated by semicolons, line breaks between them do not count."""
    names = headings.replace("\n", "").split(";")
    rows = [[person.get(name, "") for name in names] for person in people]
    return table(names, *rows, every=every)
