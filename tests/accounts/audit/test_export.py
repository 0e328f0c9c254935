"""Exported entries: a spreadsheet runs nothing, and a file of JSON lines shows whatever was done to it."""

from __future__ import annotations

import base64
import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import translation
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from accounts import limits
from accounts.audit import chain, entry_codes, export, export_check, search
from accounts.audit.events import Event
from accounts.audit.export import Metadata
from accounts.audit.models import AuditEntry, AuditSeal
from accounts.audit.origin import CONSOLE, Origin
from accounts.audit.recording import record
from accounts.audit.search import Search
from tests.accounts.audit.entries import sql
from tests.factories import OrganisationFactory, UserFactory

METADATA = Metadata("beheer@voorbeeld.nl", "2026-11-23T10:00:00+00:00", {"Resultaat": "geweigerd"})
ORIGIN = Origin("192.0.2.7", "Testbrowser é \u2028 \"'", "ABCDE-FGHJK")
WHY = "Toestel weg: €, ß, 電話"
OTHER_KEY = base64.urlsafe_b64encode(b"another key, another key, 32 by!").decode()


def note(count: int, **fields: object) -> None:
    for number in range(count):
        record(Event.SIGNED_IN, subject=None, origin=ORIGIN, detail={"n": number}, **fields)


def exported(wanted: Search | None = None) -> bytes:
    batches = search.batches(wanted or Search(), search.newest_id())
    return "".join(export.json_lines(batches, METADATA)).encode()


def broken(content: bytes) -> str:
    """ "number: what is wrong", or empty when the file is as it was exported."""
    _reader, number, why = export_check.check(io.BytesIO(content))
    return f"{number}: {why}" if why else ""


@pytest.fixture
def file(db: None) -> bytes:
    """Five sealed entries and two that are not, with a reason in several alphabets."""
    person = UserFactory(organisation=OrganisationFactory())
    record(
        Event.SECOND_STEP_RESET, subject=person, actor=UserFactory(), origin=ORIGIN, reason="Toestel weg: €, ß, 電話"
    )
    note(4)
    chain.seal()
    note(2)
    return exported()


def test_untouched_file_is_in_order_and_holds_every_field_and_seal(file: bytes) -> None:
    assert broken(file) == ""
    lines = [json.loads(line) for line in file.splitlines()]
    assert [line["kind"] for line in lines] == ["begin", *["entry"] * 7, "end"]
    assert lines[-1]["count"] == 7
    assert lines[-1]["made_by"] == METADATA.made_by
    assert lines[-1]["filters"] == METADATA.filters
    entries = list(AuditEntry.objects.order_by("pk"))
    assert [line["entry"] for line in lines[1:-1]] == [entry_codes.fields_of(entry) for entry in entries]
    assert [line["seal"] and line["seal"]["position"] for line in lines[1:-1]] == [1, 2, 3, 4, 5, None, None]
    assert lines[1]["seal"]["before"] == chain.INITIAL_DIGEST
    assert lines[2]["seal"]["before"] == lines[1]["seal"]["digest"]


# ASVS 16.4.2
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(data=st.data())
def test_any_changed_byte_shows_with_the_number_of_its_line(file: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(file) - 1))
    other = data.draw(st.integers(0, 255))
    assume(file[place] != other)
    changed = file[:place] + bytes([other]) + file[place + 1 :]
    number = file[:place].count(b"\n") + 1
    assert broken(changed).startswith(f"{number}: ")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_removed_swapped_repeated_and_foreign_lines_show(file: bytes, data: st.DataObject) -> None:
    lines = file.splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 1))
    second = data.draw(st.integers(0, len(lines) - 1).filter(lambda number: number != first))
    foreign = exported(Search(succeeded=True)).splitlines(keepends=True)[first]
    swapped = lines.copy()
    swapped[first], swapped[second] = swapped[second], swapped[first]
    assert broken(b"".join(lines[:first] + lines[first + 1 :])).startswith(f"{first + 1}: ")
    assert broken(b"".join(swapped)).startswith(f"{min(first, second) + 1}: ")
    assert broken(b"".join(lines[: first + 1] + lines[first:])).startswith(f"{first + 2}: ")
    if second <= first:
        assert broken(b"".join([*lines[:second], foreign, *lines[second:]])).startswith(f"{second + 1}: ")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(1, 400), rubbish=st.binary(min_size=1, max_size=200))
def test_cut_off_and_lengthened_files_show(file: bytes, cut: int, rubbish: bytes) -> None:
    assert broken(file[:-cut])
    assert broken(file + rubbish)
    assert broken(rubbish + file)
    assert broken(rubbish)


def test_lines_of_two_exports_of_the_same_key_do_not_mix(file: bytes) -> None:
    note(1)
    later = exported()
    assert broken(later) == ""
    ours, theirs = file.splitlines(keepends=True), later.splitlines(keepends=True)
    assert broken(b"".join([*ours[:-1], theirs[-1]])).startswith(f"{len(ours)}: ")


def test_entry_changed_before_the_export_shows_by_its_seal(file: bytes) -> None:
    first = AuditEntry.objects.order_by("pk").first()
    sql("UPDATE audit_auditentry SET reason = 'anders' WHERE id = %s", first.pk)
    assert broken(exported()) == f"2: entry {first.pk} does not fit its seal 1: changed before the export"


def test_seal_made_anew_without_its_predecessor_shows(file: bytes) -> None:
    third = AuditSeal.objects.get(position=3)
    entry = AuditEntry.objects.get(pk=third.entry_id)
    digest = chain.digest_of(
        third.key_id, 3, "f" * 64, entry_codes.fields_of(entry)
    )  # with the key, on another predecessor
    reader = export_check.Reader(seal=(2, AuditSeal.objects.get(position=2).digest))
    seal = {"position": 3, "key_id": third.key_id, "digest": digest, "before": "f" * 64}
    with pytest.raises(export_check.BreakError, match="does not follow the seal"):
        reader._entry(entry_codes.fields_of(entry), seal)
    sql("DELETE FROM audit_auditseal WHERE position = 2")
    assert "does not fit its seal 3" in broken(exported())  # its predecessor is gone, so it proves nothing


def test_unknown_key_is_distinguished_from_a_change(file: bytes, settings: object) -> None:
    settings.ENCRYPTION_KEYS = [OTHER_KEY]
    assert broken(file) == "1: the export was made with a key that is not among ENCRYPTION_KEYS"
    assert "2: seal 1 was made with a key that is not among" in broken(exported())


def test_file_of_an_older_key_is_checked_with_it(file: bytes, settings: object) -> None:
    settings.ENCRYPTION_KEYS = [OTHER_KEY, *settings.ENCRYPTION_KEYS]
    assert broken(file) == ""
    assert broken(exported()) == ""


@pytest.mark.django_db
def test_export_of_nothing_is_in_order() -> None:
    assert broken(exported(Search(people=()))) == ""


@pytest.mark.django_db
def test_memory_does_not_grow_with_the_number_of_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORT_BATCH", 50)
    AuditEntry.objects.bulk_create([AuditEntry(event="signed_in", browser="b" * 300) for _ in range(3000)])

    def peak(most: int) -> int:
        tracemalloc.start()
        for _line in export.json_lines(search.batches(Search(), most), METADATA):
            pass
        _now, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    newest = search.newest_id()
    peak(newest - 2800)  # what is loaded once does not count
    assert peak(newest) < 1.5 * peak(newest - 2500)


def test_command_checks_a_file_and_ends_with_the_number_of_the_line(file: bytes, tmp_path: Path) -> None:
    path, out = tmp_path / "activiteit.jsonl", io.StringIO()
    path.write_bytes(file)
    call_command("verify_audit_trail", "--export", str(path), stdout=out)
    assert "7 entries are as they were exported, 5 of them sealed." in out.getvalue()
    assert "Exported by beheer@voorbeeld.nl" in out.getvalue()
    path.write_bytes(file.replace(b"Toestel", b"Telefoo"))
    with pytest.raises(CommandError, match=r"Line 2: this line was changed"):
        call_command("verify_audit_trail", "--export", str(path))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_audit_trail", "--export", str(tmp_path / "niets"))


def test_endless_line_is_not_read_into_memory() -> None:
    class Endless(io.RawIOBase):
        asked: list[int] = []

        def readline(self, size: int = -1) -> bytes:
            self.asked.append(size)
            return b"x" * size

    assert export_check.check(Endless())[2] == "this is not a whole line of an export"
    assert Endless.asked == [limits.EXPORT_LINE_BYTES]


def cells(wanted: Search | None = None) -> list[list[str]]:
    lines = export.csv_lines(search.batches(wanted or Search(), search.newest_id()))
    content = "".join(lines)
    assert content.startswith("\ufeff")
    return list(csv.reader(io.StringIO(content[1:]), delimiter=";"))


FORMULAS = ["=1+1", "+31", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x";"y")', " =1"]


@pytest.mark.django_db
@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula(formula: str) -> None:
    AuditEntry.objects.bulk_create(
        [AuditEntry(event="signed_in", reason=formula, browser=formula, subject_name=formula, actor_name=formula)]
    )
    row = cells()[1]
    assert f"'{formula}" in row
    assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]


@pytest.fixture
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def test_spreadsheet_is_in_the_language_of_who_asked_although_it_is_read_later(file: bytes, english: None) -> None:
    lines = export.csv_lines(search.batches(Search(), search.newest_id()))
    with translation.override("nl"):
        content = "".join(lines)
    assert "Signed in;succeeded" in content
    assert "Ingelogd" not in content


def test_spreadsheet_tells_what_the_page_tells(file: bytes) -> None:
    headings, reset, *others = cells()
    told = dict(zip(headings, reset, strict=True))
    assert told["wat"] == "Oud apparaat losgekoppeld door support"
    assert told["resultaat"] == "gelukt"
    assert told["reden"] == WHY
    assert told["organisatie"].startswith("Organisatie")
    assert told["netwerkadres"] == "192.0.2.7"
    assert len(others) == 6


@pytest.mark.django_db
def test_hour_that_comes_twice_is_unambiguous() -> None:
    for at in ("2025-10-26T00:30:00+00:00", "2025-10-26T01:30:00+00:00"):
        with time_machine.travel(at, tick=False):
            record(Event.SIGNED_OUT, subject=None, origin=CONSOLE)
    rows = cells()
    local, utc = (rows[0].index(heading) for heading in ("wanneer", "wanneer (UTC)"))
    assert {row[local] for row in rows[1:]} == {"2025-10-26 02:30:00"}
    assert {row[utc] for row in rows[1:]} == {"2025-10-26 00:30:00", "2025-10-26 01:30:00"}
