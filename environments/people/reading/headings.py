"""Which column holds what, by the heading that a program or a person gave it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from accounts.unicode_text import without_marks
from environments.people.reading.choices import language_of, role_of
from environments.people.reading.names import is_particle
from environments.people.reading.types import Line, Note, NoteKind

_WORK = "(?:werk|zakelijke?|business|work|kantoor|office|bedrijfs?|company|primaire?|primary)"
_MAIL = "(?:(?:e?mail|smtp)(?:s|adres(?:sen|se)?|address(?:es)?)?|epost(?:adres)?)"
_SECOND = """[2-9]|prive|private|thuis|home|personal|persoonlijk|alternat|other|ander|overig|tweede|second|proxy|
    herstel|recovery"""
_DESCRIBES = "type|label|soort|display|weergave|status|datum|date|verified"
PATTERNS = {
    "address": f"{_WORK}?(?:windows)?{_MAIL}1?{_WORK}?(?:value|waarde)?(?:medewerker|werknemer|employee)?",
    "sign_in": """userprincipalname|upn|gebruikersnaam|username|userid|signinname|aanmeldnaam|inlognaam|loginname|login|
        adres|address""",
    "first_name": "voornaam|voornamen|roepnaam|vorname|prenom|firstname|givenname|forename|first|preferredname",
    "initials": "voorletters?|initialen|initials?",
    "middle": "middlename|additionalname|middelstenaam|tweedevoornaam|middle",
    "particle": "(?:tussenvoegsels?|voorvoegsels?|infix|prefix|tussenv|voorv|tussenvgsl)(?:achternaam|geboortenaam)?",
    "last_name": "achternaam|nachname|nom|lastname|surname|familyname|familienaam|geboortenaam|last|sn",
    "whole": """naam|name|volledigenaam|voorenachternaam|fullname|displayname|weergavenaam|medewerker|
        naammedewerker|medewerkernaam|werknemer|employee|employeename|persoon|person|cn|commonname|fileas|contactnaam|contactpersoon""",
    "environments": "omgeving(?:en)?|environments?|toegang|access",
    "role": "rol|rollen|roles?",
    "language": "taal|language|voorkeurstaal",
}
_KINDS = {kind: re.compile(re.sub(r"\s", "", pattern)) for kind, pattern in PATTERNS.items()}
_OTHER = re.compile(re.sub(r"\s", "", _SECOND))
_REMARK = re.compile(r"\[.*?\]|\b(?:required|verplicht|optional|optioneel)\b")
ADDRESSES = ("address", "sign_in", "second")  # in the order in which they are taken
CHOICES = ("environments", "role", "language")
NAMES = ("first_name", "initials", "middle", "particle", "last_name", "whole")
LONGEST = 60  # characters of a heading; longer ones are no heading
LONGEST_SHOWN = 40


def kind_of(heading: str) -> str:
    """One of the above, "second" for an address that is not the one to write to, "" for what we do not know."""
    heading = without_marks(heading[:LONGEST]).lower()
    found = _kind(heading) or _kind(_REMARK.sub("", heading))
    in_short = _kind(heading.partition(",")[0])  # "Naam, achternaam eerst", but not "E-mail, leidinggevende"
    return found or (in_short if in_short in NAMES else "")


def _kind(heading: str) -> str:
    plain = re.sub("[^a-z0-9]", "", heading)
    if re.search("mail|smtp|proxyaddress", plain) and not re.search(_DESCRIBES, plain) and _OTHER.search(plain):
        return "second"
    return next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(plain)), "")


def recognise(cells: Sequence[str]) -> list[str] | None:
    """The kind of each cell, or None when the line is no heading: it says where the addresses are, or two things."""
    if any("@" in cell or len(cell) > LONGEST * 2 for cell in cells):
        return None
    kinds = [kind_of(cell) for cell in cells]
    known = set(filter(None, kinds))
    is_heading = "address" in known or len(known) > 1 or (bool(known & {"sign_in", "second"}) and len(cells) == 1)
    return kinds if is_heading else None


@dataclass(frozen=True)
class Columns:
    """``places``: of each kind that is read. ``width``: how many headings there are."""

    places: dict[str, int]
    width: int
    notes: list[Note] = field(default_factory=list)

    def cell(self, kind: str, cells: Sequence[str]) -> str:
        place = self.places.get(kind, len(cells))
        return cells[place] if place < len(cells) else ""


def choose(headings: Sequence[str], kinds: Sequence[str], body: Sequence[Line]) -> Columns:
    """The first column of each kind; what holds anything beside those is named."""
    filled = _filled(body)
    first: dict[str, int] = {}
    for place, kind in enumerate(kinds):
        first.setdefault(kind, place)
    places = {kind: place for kind, place in first.items() if kind in (*NAMES, *CHOICES)}
    _without_what_is_none(places, body)
    address = _address_column(kinds, first, body, filled)
    if address is not None:
        places["address"] = address
    _without_what_says_the_same(places, body)
    unused = [place for place in sorted(filled) if place < len(kinds) and place not in places.values()]
    notes = [Note(NoteKind.COLUMNS, tuple(_shown(headings, place) for place in unused))] if unused else []
    if address is not None and any(kinds[place] in ADDRESSES for place in unused):
        notes.insert(0, Note(NoteKind.ADDRESSES, (_shown(headings, address),)))
    return Columns(places, len(kinds), notes)


def _filled(body: Iterable[Line]) -> set[int]:
    return {place for line in body for place, cell in enumerate(line.cells) if cell}


def _address_column(kinds: Sequence[str], first: dict[str, int], body: Sequence[Line], filled: set[int]) -> int | None:
    """The first of the best kind. A sign-in name stands in only where no address is filled in at all; a second or
    private address only where the list has no other column for one."""
    address, sign_in = first.get("address"), first.get("sign_in")
    if address is not None and (address in filled or sign_in is None):
        return address
    if sign_in is not None and any("@" in line.cells[sign_in] for line in body if sign_in < len(line.cells)):
        return sign_in
    if address is None and "second" in first:
        return first["second"]
    if address is None:
        return _by_content(kinds, body)
    return address


def _by_content(kinds: Sequence[str], body: Sequence[Line]) -> int | None:
    """The only column with addresses, when it has a heading that we do not know."""
    found = {place for line in body for place, cell in enumerate(line.cells) if "@" in cell}
    return found.pop() if len(found) == 1 and not kinds[min(min(found), len(kinds) - 1)] else None


def _without_what_is_none(places: dict[str, int], body: Sequence[Line]) -> None:
    """ "Medewerker" may be a number, "Prefix" what somebody is called by: "Dhr.", "Role" that in a team: "Owner"."""
    meant: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("whole", lambda cell: any(map(str.isalpha, cell))),
        ("particle", is_particle),
        ("role", lambda cell: bool(role_of(cell))),
        ("language", lambda cell: bool(language_of(cell))),
    )
    for kind, is_one in meant:
        place = places.get(kind)
        if place is not None and not any(is_one(cell) for line in body for cell in line.cells[place : place + 1]):
            places.pop(kind)


def _without_what_says_the_same(places: dict[str, int], body: Sequence[Line]) -> None:
    """Initials beside a first name are not read, nor a whole name beside its parts where every row has those."""
    if "first_name" in places:
        places.pop("initials", None)
    if "whole" not in places:
        return
    if not places.keys() & {"first_name", "initials"}:
        for kind in ("last_name", "middle", "particle"):
            places.pop(kind, None)
    elif "last_name" in places:
        whole = places.pop("whole")
        parts = Columns({kind: place for kind, place in places.items() if kind in NAMES}, 0)
        rows = [line.cells for line in body if any(line.cells[whole : whole + 1])]
        if any(not any(parts.cell(kind, cells) for kind in parts.places) for cells in rows):
            places["whole"] = whole


def _shown(headings: Sequence[str], place: int) -> str:
    return " ".join(headings[place].split())[:LONGEST_SHOWN] or str(place + 1)
