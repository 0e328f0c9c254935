"""Workbooks as people have them, as attackers make them, and files that are no workbook at all."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest

from accounts import limits
from environments import subprocesses
from environments.people.list_reader import read, read_file
from environments.people.reading import workbooks
from environments.people.reading.types import Listing, NoteKind, Unreadable
from tests.environments.people.workbooks import Sheet, ods, pack, xlsx

PEOPLE = Sheet("Blad1", [["E-mail", "Naam"], ["jan@voorbeeld.nl", "Jan de Vries"]])
FAR = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
REPEATED = (
    '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="string" '
    'table:number-columns-repeated="16000"><text:p>x</text:p></table:table-cell></table:table-row>'
)
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&b;</t></si></sst>'
)


def ole(name: str) -> bytes:
    """As much of a container of old Office files as is looked at."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + name.encode("utf-16-le") + bytes(500)


def with_lying_size(content: bytes, name: str, size: int) -> bytes:
    """The same archive, but the entry says that it unpacks to less (APPNOTE.TXT 4.3.12: 24 bytes into the header)."""
    place = content.rindex(b"PK\x01\x02", 0, content.rindex(name.encode()))
    return content[: place + 24] + struct.pack("<I", size) + content[place + 28 :]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (ole("EncryptedPackage"), Unreadable.PASSWORD),
        (ole("Workbook"), Unreadable.OLD_EXCEL),
        (ole("__substg1.0_0037001F"), Unreadable.MAIL),
        (ole("WordDocument"), Unreadable.WORD),
        (ole("anything"), Unreadable.OTHER),
        (ods(PEOPLE, **{"META-INF/manifest.xml": "<manifest:encryption-data/>"}), Unreadable.PASSWORD),
        (pack({"word/document.xml": "<a/>"}), Unreadable.WORD),
        (pack({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}), Unreadable.WORD),
        (pack({"Index/Document.iwa": b"x"}), Unreadable.NUMBERS),
        (pack({"xl/workbook.bin": b"x"}), Unreadable.OTHER_WORKBOOK),
        (pack({"personen.csv": "jan@voorbeeld.nl"}), Unreadable.ARCHIVE),
        (b"PK\x03\x04" + b"x" * 300, Unreadable.DAMAGED),
        (xlsx(PEOPLE)[:-100], Unreadable.DAMAGED),
        (xlsx(PEOPLE, **{"xl/workbook.xml": "<workbook"}), Unreadable.DAMAGED),
        (b"%PDF-1.7 jan@voorbeeld.nl", Unreadable.PDF),
        (b"{\\rtf1 jan@voorbeeld.nl}", Unreadable.WORD),
        (b"\x1f\x8b\x08jan@voorbeeld.nl", Unreadable.ARCHIVE),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), Unreadable.OTHER),
        (b"\x00\x01\x02\x03jan@voorbeeld.nl" * 20, Unreadable.OTHER),
        (b"<html><table><tr><td>jan@voorbeeld.nl", Unreadable.WEB_PAGE),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><x:spreadsheet/>', Unreadable.OTHER_WORKBOOK),
        (b"dn: cn=Jan,mail=jan@voorbeeld.nl\nmail: jan@voorbeeld.nl\n", Unreadable.CONTACTS),
        (b"Received: by a\nMIME-Version: 1.0\nFrom: jan@voorbeeld.nl\n\nHallo", Unreadable.MAIL),
    ],
)
def test_file_that_is_no_list_is_called_what_it_is(content: bytes, why: Unreadable) -> None:
    assert read_file(content) is why


def test_pasted_web_page_is_called_what_it_is() -> None:
    assert read("<html><body>jan@voorbeeld.nl") is Unreadable.WEB_PAGE


@pytest.mark.parametrize("make", [xlsx, ods])
def test_pictures_and_programs_in_a_workbook_are_not_unpacked(make: object) -> None:
    more = {"xl/media/foto.png": bytes(limits.WORKBOOK_UNPACKED + 1), "xl/vbaProject.bin": b"x"}
    found = read_file(make(PEOPLE, **more))
    assert [row.address for row in found] == ["jan@voorbeeld.nl"]


# ASVS 5.2.3
@pytest.mark.parametrize(
    "make",
    [
        lambda: xlsx(PEOPLE, **{"xl/more.xml": bytes(limits.WORKBOOK_UNPACKED)}),
        lambda: with_lying_size(xlsx(PEOPLE, **{"xl/more.xml": bytes(limits.WORKBOOK_UNPACKED)}), "xl/more.xml", 10),
        lambda: xlsx(PEOPLE, **{f"xl/{number}.xml": "" for number in range(limits.WORKBOOK_ENTRIES)}),
        lambda: xlsx(Sheet("Blad1", PEOPLE.rows, extra=FAR)),
        lambda: ods(Sheet("Blad1", PEOPLE.rows, extra=REPEATED)),
        lambda: ods(Sheet("Blad1", PEOPLE.rows, extra=REPEATED.replace("16000", "1"))),
        lambda: xlsx(Sheet("Blad1", [["x"] for _row in range(limits.WORKBOOK_ROWS + 1)])),
    ],
    ids=["unpacks", "lies about its size", "entries", "last cell", "repeated cells", "repeated rows", "rows"],
)
def test_workbook_that_would_take_too_much_is_refused(make: Callable[[], bytes]) -> None:
    content = make()
    assert read_file(content) in (Unreadable.TOO_LARGE, Unreadable.DAMAGED)
    assert len(content) < limits.IMPORT_BYTES


# ASVS 5.2.3
def test_entities_are_not_expanded() -> None:
    for part in ("xl/sharedStrings.xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"):
        found = read_file(xlsx(PEOPLE, **{part: ENTITIES}))
        assert found is Unreadable.DAMAGED or [row.address for row in found] == ["jan@voorbeeld.nl"]


@pytest.mark.parametrize("kept", range(0, 2000, 97))
def test_cut_off_or_changed_workbook_never_raises(kept: int) -> None:
    content = xlsx(PEOPLE)
    changed = content[:kept] + bytes([content[kept % len(content)] ^ 0xFF]) + content[kept + 1 :]
    assert isinstance(read_file(changed), Listing | Unreadable)


def test_program_that_reads_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str] = {}
    original = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **more: given.update(more["env"]) or original(*a, **more))
    monkeypatch.setenv("SECRET_KEY", "x" * 60)
    assert isinstance(read_file(xlsx(PEOPLE)), Listing)
    assert "SECRET_KEY" in os.environ
    assert set(given) <= set(subprocesses.INHERITED)


def test_program_that_reads_is_stopped_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WORKBOOK_MEMORY", 10_000_000)  # less than Python itself needs
    # Which of the two depends on where Python, or the library, is when memory ends.
    assert read_file(xlsx(PEOPLE)) in (Unreadable.TOO_LARGE, Unreadable.DAMAGED)


def test_sheet_that_is_read_and_those_that_are_not_are_named() -> None:
    book = xlsx(Sheet("Leeg", []), Sheet("Uitleg", [["Lees dit"]]), PEOPLE, Sheet("Oud", PEOPLE.rows, hidden=True))
    notes = {note.kind: note.names for note in read_file(book).notes}
    assert notes == {NoteKind.SHEET: ("Blad1",), NoteKind.SHEETS: ("Uitleg", "Oud")}


def test_rows_have_the_numbers_that_the_spreadsheet_shows() -> None:
    rows = [[], *PEOPLE.rows, [], ["els@voorbeeld.nl", "Els Bakker"]]
    assert [row.number for row in read_file(xlsx(Sheet("Blad1", rows)))] == [3, 5]


def test_five_thousand_people_fit() -> None:
    rows = [["E-mail", "Voornaam", "Achternaam", "Omgevingen"]]
    rows += [[f"voornaam{number}@voorbeeld.nl", "Voornaam", "van den Achternaam", "Wegen"] for number in range(5000)]
    content = xlsx(Sheet("Blad1", rows))
    assert len(content) < limits.IMPORT_BYTES
    assert len(read_file(content).rows) == limits.IMPORT_LINES


def test_utf16_list_of_five_thousand_fits() -> None:
    line = (
        "voornaam.van-den-achternaam@gemeente-voorbeeld.nl;Voornaam;van den Achternaam;Wegen en bruggen | Riolering\n"
    )
    assert len(line.encode("utf-16")) * limits.IMPORT_LINES < limits.IMPORT_BYTES


def test_archive_is_made_as_the_standard_says() -> None:
    """So that the tests above refuse what they are about, and not for another reason."""
    content = with_lying_size(pack({"a.xml": b"x" * 1000}), "a.xml", 10)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.getinfo("a.xml").file_size == 10
        assert zlib.crc32(b"x" * 1000) == archive.getinfo("a.xml").CRC


def test_more_workbooks_than_may_be_read_at_once_are_asked_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UPLOAD_TURN", timedelta(0))
    workbook = xlsx(Sheet("Mensen", [["jan@voorbeeld.nl"]]))
    with ExitStack() as others:
        for _ in range(limits.WORKBOOKS_AT_ONCE):
            assert others.enter_context(subprocesses.slot(workbooks._slots, 0))
        assert read_file(workbook) is Unreadable.BUSY
    assert isinstance(read_file(workbook), Listing)
