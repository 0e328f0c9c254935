"""Sealing: in batches, in parallel with writers, and in the background soon after the commit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts import limits
from accounts.audit import chain
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry, AuditSeal
from tests.accounts.audit.entries import some_entries, sql, verify
from tests.factories import UserFactory


def test_more_than_a_batch_is_sealed_and_verified(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(limits, "SEAL_BATCH", 3)
    some_entries(10)
    assert chain.seal() == 10
    assert "10 entries are in order" in verify()
    some_entries(3)
    assert chain.seal() == 3


def test_entry_with_a_lower_id_that_was_committed_later_is_sealed(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    first, second = some_entries(2)
    sql("UPDATE audit_auditentry SET id = id + 50 WHERE id = %s", second.pk)
    sql("UPDATE audit_auditentry SET id = id + 20 WHERE id = %s", first.pk)
    late = AuditEntry(pk=first.pk, event=Event.SIGNED_OUT)
    assert chain.seal() == 2
    AuditEntry.objects.bulk_create([late])
    assert chain.seal() == 1
    assert AuditSeal.objects.get(position=3).entry_id == first.pk
    AuditEntry.objects.bulk_create([AuditEntry(pk=first.pk + 1, event=Event.SIGNED_OUT)])
    monkeypatch.setattr(limits, "SEAL_LOOK_BACK", 10)
    assert chain.seal() == 0  # too far back for the sealing that runs all day
    call_command("purge", stdout=StringIO())
    assert "4 entries are in order, 0 are not sealed yet" in verify()


@pytest.mark.django_db(transaction=True)
def test_sealing_meanwhile_loses_no_entry_and_seals_none_twice() -> None:
    person = UserFactory()

    def in_thread(work: Any) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(24) as pool:
        writers = [pool.submit(in_thread, lambda: len(some_entries(10, person))) for _ in range(20)]
        sealers = [pool.submit(in_thread, lambda: [chain.seal() for _ in range(15)]) for _ in range(4)]
        assert sum(done.result() for done in writers) == 200
        during = sum(sum(done.result()) for done in sealers)
    assert during + chain.seal(everything=True) == 200
    assert AuditSeal.objects.count() == AuditEntry.objects.count() == 200
    assert set(AuditSeal.objects.values_list("entry_id", flat=True)) == set(
        AuditEntry.objects.values_list("pk", flat=True)
    )
    assert "200 entries are in order, 0 are not sealed yet" in verify()


@pytest.mark.django_db
def test_worker_seals_what_is_new_and_looks_once_more_for_what_was_committed_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chain, "_newest_seen", 0)
    first, second = some_entries(2)
    late = AuditEntry(pk=first.pk, event=Event.SIGNED_OUT)
    sql("DELETE FROM audit_auditentry WHERE id = %s", first.pk)
    chain.seal_new()
    assert [seal.entry_id for seal in AuditSeal.objects.all()] == [second.pk]
    AuditEntry.objects.bulk_create([late])  # a lower id, whose transaction ended later
    chain.seal_new()
    assert AuditSeal.objects.count() == 2
    chain.seal_new()
    with CaptureQueriesContext(connection) as asked:
        chain.seal_new()
    assert len(asked) == 1, "an idle portal is asked for one number"
