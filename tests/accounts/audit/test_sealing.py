"""Sealing: in batches, in parallel with writers, and in the background soon after the commit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

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


@pytest.mark.django_db(transaction=True)
def test_entries_are_sealed_in_the_background_soon_after_the_commit(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = []

    class Timer:
        def __init__(self, seconds: float, work: Any) -> None:
            planned.append((seconds, work))

        def start(self) -> None:
            pass

    settings.AUDIT_SEAL_AFTER_COMMIT = True
    monkeypatch.setattr(chain.threading, "Timer", Timer)
    some_entries(3)
    assert [seconds for seconds, _work in planned] == [limits.SEAL_AFTER.total_seconds()]  # one for all three
    with ThreadPoolExecutor(1) as pool:
        pool.submit(planned[0][1]).result()
    assert AuditSeal.objects.count() == 3
    some_entries(1)
    assert len(planned) == 2  # the next entry plans the next sealing
    chain._scheduled.release()


@pytest.mark.django_db
def test_failure_of_the_background_sealing_is_logged_and_leaves_the_next_one_free(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(chain, "seal", lambda: 1 / 0)
    chain._scheduled.acquire()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(chain._seal_in_thread).result()
    assert "could not be sealed" in caplog.text
    assert not chain._scheduled.locked()
