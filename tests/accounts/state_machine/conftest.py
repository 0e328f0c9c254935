from __future__ import annotations

import pytest
from django.contrib.auth.hashers import get_hasher

from accounts import limits


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """How strong a hash is plays no part here, and thousands of them would take all the time."""
    for name, cost in {"ARGON2_MEMORY_KIB": 16, "ARGON2_TIME": 1}.items():
        monkeypatch.setattr(limits, name, cost)
    for name, cost in {"memory_cost": 16, "time_cost": 1}.items():
        monkeypatch.setattr(type(get_hasher()), name, cost)
