"""The chain of seals: every change, removal and insertion shows."""

from __future__ import annotations

import logging

import pytest
from django.core.management import CommandError

from accounts.audit import chain, entry_codes
from accounts.audit.models import AppendOnlyError, AuditEntry, AuditSeal
from tests.accounts.audit.entries import OTHER_KEY, some_entries, sql, verify
from tests.factories import UserFactory


@pytest.fixture
def sealed(db: None) -> list[AuditEntry]:
    """Five sealed entries, without a head outside the database."""
    entries = some_entries(5, UserFactory())
    assert chain.seal() == 5
    return entries


def test_untouched_chain_is_in_order(sealed: list[AuditEntry]) -> None:
    assert list(AuditSeal.objects.values_list("position", flat=True)) == [1, 2, 3, 4, 5]
    assert "5 entries are in order, 0 are not sealed yet" in verify()
    assert chain.seal() == 0


@pytest.mark.django_db
def test_empty_chain_is_in_order() -> None:
    assert "0 entries are in order" in verify()


def test_unsealed_entries_are_counted_and_no_break(sealed: list[AuditEntry]) -> None:
    some_entries(2)
    assert "5 entries are in order, 2 are not sealed yet" in verify()


FIELDS = [field.column for field in AuditEntry._meta.concrete_fields if field.column != "id"]
VALUES = {
    "at": "2020-01-01 00:00:00+00:00",
    "succeeded": False,
    "detail": '{"factor": "password"}',
    "address": "192.0.2.8",
    "actor_id": 77,
    "subject_id": 77,
    "organisation_id": 77,
}


# ASVS 16.3.3
@pytest.mark.parametrize("column", FIELDS)
def test_change_of_any_column_shows(sealed: list[AuditEntry], column: str) -> None:
    sql(f"UPDATE audit_auditentry SET {column} = %s WHERE id = %s", VALUES.get(column, "x"), sealed[2].pk)
    with pytest.raises(CommandError, match=f"broken: entry {sealed[2].pk} or its seal 3 was changed"):
        verify()


def test_removed_entry_shows(sealed: list[AuditEntry]) -> None:
    sql("DELETE FROM audit_auditentry WHERE id = %s", sealed[1].pk)
    with pytest.raises(CommandError, match=rf"entry {sealed[1].pk} \(seal 2\) was removed"):
        verify()


def test_entry_removed_with_its_seal_shows(sealed: list[AuditEntry]) -> None:
    sql("DELETE FROM audit_auditentry WHERE id = %s", sealed[1].pk)
    sql("DELETE FROM audit_auditseal WHERE position = 2")
    with pytest.raises(CommandError, match="seal 2 is missing; the next one is 3"):
        verify()


def test_removed_beginning_shows(sealed: list[AuditEntry]) -> None:
    sql("DELETE FROM audit_auditseal WHERE position = 1")
    with pytest.raises(CommandError, match="seal 1 is missing"):
        verify()


def test_closed_gap_shows(sealed: list[AuditEntry]) -> None:
    sql("DELETE FROM audit_auditseal WHERE position = 2")
    for position in (3, 4, 5):
        sql("UPDATE audit_auditseal SET position = %s WHERE position = %s", position - 1, position)
    with pytest.raises(CommandError, match="its seal 2 was changed, or put in another place"):
        verify()


def test_entries_that_changed_places_show(sealed: list[AuditEntry]) -> None:
    sql("UPDATE audit_auditseal SET entry_id = -1 WHERE position = 2")
    sql("UPDATE audit_auditseal SET entry_id = %s WHERE position = 3", sealed[1].pk)
    sql("UPDATE audit_auditseal SET entry_id = %s WHERE position = 2", sealed[2].pk)
    with pytest.raises(CommandError, match="seal 2 was changed, or put in another place"):
        verify()


@pytest.mark.parametrize("position", [0, -1])
def test_seal_before_the_first_shows(sealed: list[AuditEntry], position: int) -> None:
    extra = some_entries(1)[0]
    sql("INSERT INTO audit_auditseal VALUES (%s, %s, %s, %s)", position, extra.pk, "0" * 64, "0" * 16)
    with pytest.raises(CommandError, match="seal 1 is missing"):
        verify()


def test_inserted_seal_without_the_key_shows(sealed: list[AuditEntry]) -> None:
    extra = some_entries(1)[0]
    key_id = AuditSeal.objects.get(position=5).key_id
    sql("INSERT INTO audit_auditseal VALUES (6, %s, %s, %s)", extra.pk, "ab" * 32, key_id)
    with pytest.raises(CommandError, match="its seal 6 was changed"):
        verify()


@pytest.mark.parametrize("key_id", ["0" * 16, "geen hex", ""])
def test_seal_of_an_unknown_key_shows(sealed: list[AuditEntry], key_id: str) -> None:
    sql("UPDATE audit_auditseal SET key_id = %s WHERE position = 4", key_id)
    with pytest.raises(CommandError, match=r"seal 4 was made with key .* not among ENCRYPTION_KEYS"):
        verify()


def test_removed_end_shows_by_the_digest_in_the_log(sealed: list[AuditEntry], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "accounts.audit.chain"):
        some_entries(1)
        chain.seal()
    head = caplog.records[-1].facts["head"]
    assert head in verify()
    verify("--head", head)
    sql("DELETE FROM audit_auditseal WHERE position = 6")
    sql("DELETE FROM audit_auditentry WHERE id > %s", sealed[-1].pk)
    assert "5 entries are in order" in verify()
    with pytest.raises(CommandError, match="its end was removed"):
        verify("--head", head)


def test_older_heads_are_found_too_and_rubbish_is_not_a_head(sealed: list[AuditEntry]) -> None:
    verify("--head", AuditSeal.objects.get(position=2).digest)
    for rubbish in ("kort", "é" * 64):
        with pytest.raises(CommandError, match="64 hexadecimal digits"):
            verify("--head", rubbish)


def test_chain_goes_on_with_a_newer_key(sealed: list[AuditEntry], settings: object) -> None:
    # ASVS 11.2.2, 13.3.4
    old = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [OTHER_KEY, *old]
    some_entries(1)
    chain.seal()
    assert AuditSeal.objects.values("key_id").distinct().count() == 2
    assert "6 entries are in order" in verify()
    settings.ENCRYPTION_KEYS = [OTHER_KEY]
    with pytest.raises(CommandError, match="seal 1 was made with key"):
        verify()


def test_column_that_comes_later_and_is_empty_changes_no_digest(sealed: list[AuditEntry]) -> None:
    entry = AuditEntry.objects.get(pk=sealed[0].pk)
    assert "reason" not in entry_codes.fields_of(entry)  # empty, so as if it were not there
    assert entry_codes.fields_of(entry)["succeeded"] is True
    assert set(FIELDS) | {"id"} == {field.attname for field in AuditEntry._meta.concrete_fields}


def test_entries_and_seals_are_never_changed_by_the_program(sealed: list[AuditEntry]) -> None:
    # ASVS 16.4.2
    for row in (sealed[0], AuditSeal.objects.get(position=1)):
        for action in (row.save, row.delete, type(row).objects.all().delete):
            with pytest.raises(AppendOnlyError):
                action()
        with pytest.raises(AppendOnlyError):
            type(row).objects.update(pk=9)
