"""Rows written directly to the database: no forgery is sealed, and a chain that was made anew is not continued."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts import limits
from accounts.audit import chain, entry_codes
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry, AuditSeal
from accounts.audit.origin import CONSOLE, Origin
from accounts.audit.recording import record, record_many
from tests.accounts.audit.entries import OTHER_KEY, some_entries, sql, verify
from tests.factories import OrganisationFactory, UserFactory

COLUMNS = [field.column for field in AuditEntry._meta.concrete_fields if field.column != "id"]
LISTED = ", ".join(COLUMNS)


def copy_of(entry: AuditEntry, pk: int, **other: object) -> None:
    """Insert a copy of the row of the entry, with other values in the named columns."""
    values = ", ".join("%s" if name in other else name for name in COLUMNS)
    statement = f"INSERT INTO audit_auditentry (id, {LISTED}) SELECT %s, {values} FROM audit_auditentry WHERE id = %s"
    sql(statement, pk, *[other[name] for name in COLUMNS if name in other], entry.pk)


def purge() -> None:
    call_command("purge", stdout=StringIO())


def delete_all_seals() -> None:
    sql("DELETE FROM audit_auditseal")


# --- entries that the program did not write are never sealed


def test_inserted_backdated_row_is_not_sealed_by_the_next_purge(sealed: list[AuditEntry]) -> None:
    long_ago = timezone.now() - timedelta(days=200)
    copy_of(sealed[0], sealed[-1].pk + 7, at=long_ago, code="")
    copy_of(sealed[0], sealed[-1].pk + 8, at=long_ago)
    some_entries(3)
    purge()
    assert AuditSeal.objects.count() == 8, "it does not stand in the way of the others"
    with pytest.raises(CommandError, match=f"2 entries were not written by the program.*entry {sealed[-1].pk + 7}"):
        verify()


def test_many_forged_rows_do_not_block_the_sealing_of_entries(
    sealed: list[AuditEntry], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "SEAL_BATCH", 3)
    for number in range(10):
        copy_of(sealed[0], sealed[-1].pk + 10 + number, code=f"x{number}")
    some_entries(1)  # on SQLite with the next number, so behind them
    assert chain.seal() == 1
    assert "are not sealed" in caplog.text


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "code"])
def test_entry_that_was_changed_before_its_sealing_is_not_sealed(sealed: list[AuditEntry], column: str) -> None:
    values = {"at": "2020-01-01 00:00:00+00:00", "succeeded": False, "detail": "{}", "address": "192.0.2.8"}
    values |= dict.fromkeys(("actor_id", "subject_id", "organisation_id"), 77)
    fresh = some_entries(1, UserFactory())[0]
    sql(f"UPDATE audit_auditentry SET {column} = %s WHERE id = %s", values.get(column, "x"), fresh.pk)
    assert chain.seal() == 0
    with pytest.raises(CommandError, match=f"entry {fresh.pk}: it was changed"):
        verify()


@pytest.mark.parametrize("code", ["x", "..", "a.b.c", "é" * 30, "0" * 16 + ".00.00"])
def test_malformed_code_is_invalid_and_raises_nothing(sealed: list[AuditEntry], code: str) -> None:
    copy_of(sealed[0], sealed[-1].pk + 5, code=code)
    assert chain.seal() == 0
    with pytest.raises(CommandError, match="not written by the program"):
        verify()


def test_copied_entry_is_not_sealed(sealed: list[AuditEntry]) -> None:
    copy_of(sealed[2], sealed[-1].pk + 1)
    assert chain.seal() == 0
    with pytest.raises(CommandError, match=f"it repeats entry {sealed[2].pk}"):
        verify()


def test_edited_entries_with_all_seals_deleted_are_not_sealed_anew(sealed: list[AuditEntry], head_file: Path) -> None:
    sql("UPDATE audit_auditentry SET succeeded = %s WHERE id = %s", False, sealed[1].pk)
    delete_all_seals()
    head_file.unlink()  # even on a machine that noted nothing
    chain.seal(everything=True)
    with pytest.raises(CommandError, match=f"entry {sealed[1].pk}: it was changed"):
        verify()


# --- a chain that was made anew or shortened


def test_chain_whose_seals_were_all_deleted_is_not_begun_anew(
    sealed: list[AuditEntry], caplog: pytest.LogCaptureFixture
) -> None:
    sql("DELETE FROM audit_auditentry WHERE id = %s", sealed[1].pk)
    delete_all_seals()
    with pytest.raises(CommandError, match="does not hold seal 5"):
        verify()
    assert chain.seal(everything=True) == 0
    assert AuditSeal.objects.count() == 0
    assert "not sealed any more" in caplog.text
    with pytest.raises(CommandError, match="not sealed any more"):
        purge()


def test_chain_that_lost_its_end_is_not_continued(sealed: list[AuditEntry]) -> None:
    sql("DELETE FROM audit_auditseal WHERE position > 3")
    sql("DELETE FROM audit_auditentry WHERE id > %s", sealed[2].pk)
    some_entries(2)
    assert chain.seal() == 0
    with pytest.raises(CommandError, match="does not hold seal 5"):
        verify()


def test_chain_whose_last_entry_was_changed_is_not_continued_on_any_machine(
    sealed: list[AuditEntry], head_file: Path
) -> None:
    head_file.unlink()
    sql("UPDATE audit_auditentry SET reason = 'x' WHERE id = %s", sealed[-1].pk)
    some_entries(1)
    assert chain.seal() == 0
    sql("DELETE FROM audit_auditentry WHERE id = %s", sealed[-1].pk)
    assert chain.seal() == 0


def test_restored_backup_is_sealed_after_the_operator_removed_the_head_file(
    sealed: list[AuditEntry], head_file: Path
) -> None:
    sql("DELETE FROM audit_auditseal WHERE position > 3")
    sql("DELETE FROM audit_auditentry WHERE id > %s", sealed[2].pk)
    head_file.unlink()
    some_entries(2)
    assert chain.seal() == 2
    assert "5 entries are in order" in verify()


# --- every way of writing gives a code that is valid for the entry as it is read


@pytest.mark.parametrize("address", [None, "192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7", "2001:DB8:0:0::7"])
def test_every_way_to_write_an_entry_gives_it_a_code_that_fits_what_is_read(db: None, address: str | None) -> None:
    person = UserFactory(organisation=OrganisationFactory())
    origin = Origin(address, "Testbrowser é \u2028", "ABCDE-FGHJK")
    record(Event.SIGNED_IN, subject=person, origin=origin, detail={"factor": "totp", "n": 3, "name": "電話"})
    record(Event.RESET_REFUSED, subject=person, origin=CONSOLE, succeeded=False, reason="Toestel weg: €")
    record(Event.SSO_REFUSED, subject=None, origin=origin)
    record_many(Event.INVITED, [(person, {}), (UserFactory(), {"row": 1})], origin=origin)
    AuditEntry(event=Event.SIGNED_OUT, address=address).save()
    AuditEntry.objects.create(event=Event.SIGNED_OUT, address=address)
    AuditEntry.objects.bulk_create(AuditEntry(event=Event.SIGNED_OUT) for _ in range(2))
    for entry in AuditEntry.objects.all():
        assert entry_codes.authenticity_of(entry) is entry_codes.Authenticity.AUTHENTIC, entry
    assert chain.seal() == AuditEntry.objects.count() == 9


def test_two_entries_that_say_the_same_are_two(db: None) -> None:
    now = timezone.now()
    AuditEntry.objects.bulk_create(AuditEntry(event=Event.SIGNED_OUT, at=now) for _ in range(3))
    assert chain.seal() == 3


def test_code_of_a_retired_key_is_valid_and_of_a_lost_key_is_not(db: None, settings: object) -> None:
    some_entries(1)
    old = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [OTHER_KEY, *old]
    some_entries(1)
    assert chain.seal() == 2
    some_entries(1)
    settings.ENCRYPTION_KEYS = old
    assert chain.seal() == 0
    with pytest.raises(CommandError):
        verify()


@pytest.mark.django_db
def test_one_entry_costs_one_statement(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):
        record(Event.SIGNED_IN, subject=None, origin=CONSOLE)
    assert connection.vendor in ("sqlite", "postgresql")


def test_upgrade_gives_a_code_to_what_was_not_sealed_yet(sealed: list[AuditEntry]) -> None:
    some_entries(2)
    sql("UPDATE audit_auditentry SET code = '' WHERE id > %s", sealed[-1].pk)
    name = "0009_code_of_an_entry"
    old = MigrationExecutor(connection).loader.project_state(("audit", name)).apps
    import_module(f"accounts.audit.migrations.{name}").give_codes_to_what_is_not_sealed_yet(old, None)
    assert {entry_codes.authenticity_of(entry) for entry in AuditEntry.objects.all()} == {
        entry_codes.Authenticity.AUTHENTIC
    }
    assert chain.seal(everything=True) == 2
