"""The head of the chain in a file outside the database."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from django.core.management import CommandError

from accounts.audit import chain, chain_head
from accounts.audit.models import AuditEntry, AuditSeal
from tests.accounts.audit.entries import some_entries, verify
from tests.pages import at_once


def test_head_is_stored_at_each_sealing_and_never_goes_back(sealed: list[AuditEntry], head_file: Path) -> None:
    last = AuditSeal.objects.get(position=5)
    assert head_file.read_text() == f"5 {last.digest}\n"
    chain_head.store(chain_head.Head(4, "0" * 64))
    assert chain_head.read() == chain_head.Head(5, last.digest)
    assert sorted(path.name for path in head_file.parent.iterdir()) == ["head", "head.lock"]
    assert head_file.stat().st_mode & 0o777 == 0o644


def test_heads_stored_by_many_processes_at_once_leave_the_newest(db: None, head_file: Path) -> None:
    at_once([lambda n=n: chain_head.store(chain_head.Head(n, f"{n:064x}")) for n in range(1, 21)])
    assert chain_head.read() == chain_head.Head(20, f"{20:064x}")


@pytest.mark.parametrize("text", ["", "5", "x y\n", "0 " + "0" * 64 + "\n", "é\n"])
def test_malformed_head_file_stops_the_sealing_with_a_reason(
    sealed: list[AuditEntry], head_file: Path, text: str
) -> None:
    head_file.write_text(text)
    some_entries(1)
    assert chain.seal() == 0
    with pytest.raises(CommandError, match="cannot be read"):
        verify()


def test_head_file_that_cannot_be_written_is_logged_and_sealing_goes_on(
    db: None, settings: object, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.AUDIT_HEAD_FILE = str(tmp_path / "there is none" / "head")
    some_entries(2)
    with caplog.at_level(logging.ERROR):
        assert chain.seal() == 2
    assert "could not be noted" in caplog.text
    assert "2 entries are in order" in verify()


def test_killed_between_commit_and_file_leaves_a_head_that_the_chain_contains(
    sealed: list[AuditEntry], head_file: Path
) -> None:
    before = head_file.read_text()
    some_entries(2)
    chain.seal()
    head_file.write_text(before)
    (head_file.parent / f"head.{os.getpid()}").write_text("half")
    assert chain.reason_not_to_seal() == ""
    some_entries(1)
    assert chain.seal() == 1
    assert chain_head.read().position == 8
