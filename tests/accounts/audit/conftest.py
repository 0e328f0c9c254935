from __future__ import annotations

from pathlib import Path

import pytest

from accounts.audit import chain
from accounts.audit.models import AuditEntry
from tests.accounts.audit.entries import some_entries
from tests.factories import UserFactory


@pytest.fixture
def head_file(tmp_path: Path, settings: object) -> Path:
    settings.AUDIT_HEAD_FILE = str(tmp_path / "head")
    return tmp_path / "head"


@pytest.fixture
def sealed(db: None, head_file: Path) -> list[AuditEntry]:
    """Five sealed entries, and their head in a file."""
    entries = some_entries(5, UserFactory())
    assert chain.seal() == 5
    return entries
