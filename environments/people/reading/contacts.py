"""vCards (.vcf, RFC 6350 and the versions before it) to lines of cells: the only thing that Contacts on a Mac exports.

Own code: the kept library brings dateutil and its own calendars, and four properties are read.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator

from environments.people.reading.characters import tidy, visible
from environments.people.reading.types import Line

HEADING = ("e-mail", "voornaam", "tweede voornaam", "achternaam", "naam")
_PROPERTY = re.compile(
    r"(?:[\w-]+\.)?(EMAIL|N|FN)((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(.*)", re.IGNORECASE | re.DOTALL
)
_BETWEEN = re.compile(r"(?<!\\);")


def is_one(text: str) -> bool:
    return bool(re.match(r"\s*begin:vcard\s", text[:200].lstrip("\ufeff"), re.IGNORECASE))


def lines(text: str) -> list[Line]:
    """A heading and a line for each card, numbered as the line that it begins on."""
    found: list[Line] = [Line(0, HEADING)]
    values: dict[str, list[tuple[str, str]]] = {}
    begin = 0
    for number, line in _unfolded(visible(text)):
        plain = line.strip().upper()
        if plain == "BEGIN:VCARD":
            begin, values = number, {}
        elif plain == "END:VCARD":
            found.append(Line(begin, _cells(values)))
        elif match := _PROPERTY.match(line):
            values.setdefault(match[1].upper(), []).append((match[2].lower(), _value(match[2], match[3])))
    return found


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """A line that begins with a space goes on the one before it; so does what follows a = in quoted-printable."""
    begin, parts = 0, [""]
    for number, line in enumerate(text.split("\n"), 1):
        if line[:1] in (" ", "\t"):
            parts.append(line[1:])
        elif parts[-1].endswith("=") and "QUOTED-PRINTABLE" in parts[0].upper():
            parts.append("\n" + line)
        else:
            yield begin, "".join(parts)
            begin, parts = number, [line]
    yield begin, "".join(parts)


def _value(parameters: str, value: str) -> str:
    if "quoted-printable" in parameters.lower():
        value = quopri.decodestring(value.encode("utf-8", "replace")).decode("utf-8", "replace")
    return value


def _cells(values: dict[str, list[tuple[str, str]]]) -> list[str]:
    last, first, middle = ([_plain(part) for part in _BETWEEN.split(_only(values, "N"))] + [""] * 3)[:3]
    addresses = [_plain(value) for _kind, value in sorted(values.get("EMAIL", []), key=lambda one: _rank(one[0]))]
    return [" ::: ".join(filter(None, addresses)), first, middle, last, _plain(_only(values, "FN"))]


def _only(values: dict[str, list[tuple[str, str]]], name: str) -> str:
    return values.get(name, [("", "")])[0][1]


def _rank(parameters: str) -> int:
    """An address for work first, one for home last, otherwise the preferred one and then the order of the card."""
    if "work" in parameters:
        return 0
    return 3 if "home" in parameters else 1 if "pref" in parameters else 2


def _plain(value: str) -> str:
    return tidy(re.sub(r"\\([\\,;:])", r"\1", value.replace("\\n", " ").replace("\\N", " ")))
