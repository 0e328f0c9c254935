from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import get_hasher

from accounts import limits
from tests.accounts.sso.conftest import provider
from tests.accounts.state_machine.machine import Machine
from tests.accounts.state_machine.means import machine
from tests.accounts.state_machine.model import Kind, Means

Make = Callable[[Kind, Means], type[Machine]]
__all__ = ["provider"]


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """How strong a hash is plays no part here, and thousands of them would take all the time."""
    for name, cost in {"ARGON2_MEMORY_KIB": 16, "ARGON2_TIME": 1}.items():
        monkeypatch.setattr(limits, name, cost)
    for name, cost in {"memory_cost": 16, "time_cost": 1}.items():
        monkeypatch.setattr(type(get_hasher()), name, cost)


@pytest.fixture
def make(request: pytest.FixtureRequest) -> Make:
    """The machine of an account, with a provider on this machine for who signs in there."""

    def made(kind: Kind, means: Means) -> type[Machine]:
        more = {"provider": request.getfixturevalue("provider")} if kind is Kind.PROVIDER else {}
        return machine(kind, means, **more)

    return made
