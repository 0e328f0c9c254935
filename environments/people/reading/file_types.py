"""What a file is, by its first bytes: its name is what somebody called it."""

from __future__ import annotations

import re

from environments.people.reading.types import Unreadable

ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of old Office files, and of locked new ones
_IN_OLE = (
    ("EncryptedPackage", Unreadable.PASSWORD),
    ("__substg1.0_", Unreadable.MAIL),
    ("WordDocument", Unreadable.WORD),
    ("Workbook", Unreadable.OLD_EXCEL),
    ("Book", Unreadable.OLD_EXCEL),
)
_BEGINS = (
    (b"%PDF", Unreadable.PDF),
    (b"{\\rtf", Unreadable.WORD),
    (b"PK\x05\x06", Unreadable.ARCHIVE),
    (b"Rar!", Unreadable.ARCHIVE),
    (b"7z\xbc\xaf", Unreadable.ARCHIVE),
    (b"\x1f\x8b", Unreadable.ARCHIVE),
    (b"\x89PNG", Unreadable.OTHER),
    (b"\xff\xd8\xff", Unreadable.OTHER),
    (b"GIF8", Unreadable.OTHER),
)
LOOKED_AT = 4_000  # characters, of a text
_RUBBISH = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd\ufffe\uffff]")


def of_bytes(content: bytes) -> Unreadable | None:
    """What it is, when that is neither text nor a zip archive."""
    if content.startswith(_OLE):
        found = (kind for name, kind in _IN_OLE if name.encode("utf-16-le") in content)
        return next(found, Unreadable.OTHER)
    return next((kind for begin, kind in _BEGINS if content.startswith(begin)), None)


def of_text(text: str) -> Unreadable | None:
    """What it is, when that is not a list of people."""
    begin = text[:LOOKED_AT].lstrip("\ufeff \t\r\n").lower()
    if begin.startswith(("<!doctype html", "<html", "<table", "<meta", "<head")):
        return Unreadable.WEB_PAGE
    if begin.startswith("<?xml"):
        return Unreadable.OTHER_WORKBOOK if "spreadsheet" in begin else Unreadable.OTHER
    if re.match(r"(?:version: ?1\s+)?(?:#.*\s+)*dn::? ", begin):
        return Unreadable.CONTACTS
    if re.search(r"^mime-version:", begin, re.M) and re.search(r"^(?:received|message-id|return-path):", begin, re.M):
        return Unreadable.MAIL
    return Unreadable.OTHER if len(_RUBBISH.findall(begin)) * 10 > len(begin) else None
