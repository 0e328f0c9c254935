"""Addresses with the names around them, as mail programs and people write them. Linear in the length of the text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from accounts import email_input
from environments.people.reading import names
from environments.people.reading.characters import bare, straight, tidy
from environments.people.reading.types import LONGEST_CELL, Flaw

_ANY_OF = {separators: re.compile(f"[{separators}]") for separators in (",", ";\n")}
_BETWEEN = re.compile(r"([\s<>()\[\]\",;|]+)")
_LABEL = re.compile(
    r"(?:aan|to|cc|bcc|van|from|e-?mail(?:adres| address)?|mail|adres|address|e|m)\s*:\s*", re.IGNORECASE
)
_BULLET = re.compile(r"\s*(?:[-*•·–—▪◦>]|\d{1,4}[.)])\s+")
# Nothing stands around it and nothing of it has to be changed.
_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63}")
BEFORE, BEHIND = '<([{“”„«"‘’•·*', ".,;:!?'\"‘’“”»>)]}*"
GUEST = "#ext#@"  # how Entra writes the sign-in name of somebody of another organisation


@dataclass(frozen=True)
class Mailbox:
    """``address`` without a name, or with a ``flaw`` the whole text; ``is_bracketed``: it stood in <>, [] or ()."""

    address: str
    name: str = ""
    flaw: Flaw | None = None
    is_bracketed: bool = False


def clean(token: str) -> str:
    """The address without what pasting adds, see `typed_addresses.read`; also without what stands around it in a list.

    The domain is lower case; so is what is written in capitals alone.
    """
    text = tidy(token).lstrip(BEFORE).rstrip(BEHIND)
    scheme, _colon, rest = text.partition(":")  # mailto:, and smtp: in directories
    text = rest.partition("?")[0].lstrip(BEFORE) if "@" in rest.partition("?")[0] and scheme.isalpha() else text
    if GUEST in text.lower():
        text = _of_guest(text)
    if not _is_one_script(text.rpartition("@")[2]):
        return text
    local, at, domain = email_input.read(text).rpartition("@")
    return f"{local.lower() if local.isupper() else local}{at}{domain.lower()}"


def _of_guest(text: str) -> str:
    """Their own address: Entra puts _ for its @, and a domain has no _ in it."""
    local = text[: text.lower().index(GUEST)]
    person, found, domain = local.rpartition("_")
    return f"{person}@{domain}" if found else text


def _is_one_script(domain: str) -> bool:
    """Latin alone: a Cyrillic а among Latin letters is somebody else's domain that looks like this one."""
    return domain.isascii() or all("LATIN" in unicodedata.name(sign, "") for sign in domain if sign.isalpha())


def mailbox(text: str) -> Mailbox:
    """One address with the name before or behind it; a flaw when it cannot be told what is what."""
    if len(text) > LONGEST_CELL:
        return Mailbox(tidy(text[:LONGEST_CELL]), flaw=Flaw.TOO_LONG)
    if _PLAIN.fullmatch(text):
        return Mailbox(text)
    whole = tidy(straight(text))
    parts = _BETWEEN.split(whole)
    places = [place for place, part in enumerate(parts) if "@" in part]
    found = {address.lower(): address for address in (clean(parts[place]) for place in places)}
    if len(found) != 1 or any(parts[place].count("@") > 1 for place in places):
        return Mailbox(whole, flaw=Flaw.SEVERAL)
    before, behind = "".join(parts[: places[0]]), "".join(parts[places[-1] + 1 :])
    between = "".join(
        part for place, part in enumerate(parts[places[0] : places[-1]]) if place + places[0] not in places
    )
    is_bracketed = before.rstrip(" \"'").endswith(("<", "[", "("))
    name = _name(before, behind, is_bracketed=is_bracketed)
    if name is None or re.search(r"\w", between):
        return Mailbox(whole, flaw=Flaw.NOT_ALONE)
    return Mailbox(next(iter(found.values())), _decoded(name), is_bracketed=is_bracketed)


def _decoded(name: str) -> str:
    """Out of the form that names with accents have in the source of a mail (RFC 2047)."""
    if "=?" not in name:
        return name
    try:
        return tidy(str(make_header(decode_header(name))))
    except (HeaderParseError, LookupError, UnicodeError):
        return name


def _name(before: str, behind: str, *, is_bracketed: bool) -> str | None:
    """None when what stands around the address is more than a name."""
    before = _LABEL.sub("", before, count=1) if _LABEL.match(before) else before
    before, behind = before.strip(' <[](",;:-–|'), behind.strip(" >]\",;:.!?-–|'")
    if behind == ")" or not re.search(r"\w", behind):
        behind = ""
    if before and behind:
        return None
    if behind:
        inside = bare(behind.strip("()"))
        return inside if behind.startswith("(") or names.looks_like_one(inside) else None
    before = bare(before)
    is_name = names.looks_like_one(before) or names.looks_like_first(before)
    return before if is_bracketed or not before or is_name else None


def bullets_off(text: str) -> str:
    """Without the sign or number of a list in front."""
    found = _BULLET.match(text)
    return text[found.end() :] if found else text


def mailboxes(text: str) -> list[Mailbox] | None:
    """The people of a line like that of a mail's header, separated by semicolons, commas and line breaks.

    A name without an address among them is a mailbox without one. None: the text is no such line, for example because
    it has columns.
    """
    text = bullets_off(straight(text))
    text = _LABEL.sub("", text, count=1) if _LABEL.match(text) else text
    parts = [_pieces(part) for part in map(str.strip, _apart(text, ";\n")) if part]
    if sum(len(pieces) for pieces, _left in parts) < 2 and any(left for _pieces, left in parts):
        return None  # the usual line with columns; looked at no further
    found, rest, is_plain = [], 0, True
    for pieces, left in parts:
        for piece in pieces:
            one = mailbox(piece)
            if "," in piece and one.flaw is not Flaw.TOO_LONG and not one.is_bracketed and _has_comma(piece):
                return None
            is_plain = is_plain and (one.is_bracketed or one.flaw is not None)
            found.append(one)
        if left:
            rest += 1
            found.append(Mailbox("", tidy(bare(left[:LONGEST_CELL]))))
    count = len(found) - rest
    return None if not count or (rest and not is_plain) else found


def _has_comma(piece: str) -> bool:
    return len(_apart(piece, ",")) > 1


def _pieces(part: str) -> tuple[list[str], str]:
    """Each up to and with its address, and what is left behind the last: commas stand in names as well."""
    pieces: list[str] = []
    waiting: list[str] = []
    for one in _apart(part, ","):
        waiting.append(one)
        if "@" in one:
            pieces.append(",".join(waiting).strip())
            waiting = []
    return pieces, ",".join(waiting).strip(" ,")


def _apart(text: str, separators: str) -> list[str]:
    """Split where a separator stands outside quotation marks; a single stray mark is no quotation."""
    if '"' not in text:
        return _ANY_OF[separators].split(text)
    quoted = text.count('"') % 2 == 0
    parts, start, inside = [], 0, False
    for place in [found.start() for found in re.finditer(f'[{re.escape(separators)}"]', text)]:
        if text[place] == '"':
            inside = quoted and not inside
        elif not inside:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
