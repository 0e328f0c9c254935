from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.accounts.sso.conftest import provider
from tests.accounts.state_machine.machine import Machine
from tests.accounts.state_machine.means import machine
from tests.accounts.state_machine.model import Kind, Means

Make = Callable[[Kind, Means], type[Machine]]
__all__ = ["provider"]


@pytest.fixture
def make(request: pytest.FixtureRequest) -> Make:
    """The machine of an account, with a provider on this machine for who signs in there."""

    def made(kind: Kind, means: Means) -> type[Machine]:
        more = {"provider": request.getfixturevalue("provider")} if kind is Kind.PROVIDER else {}
        return machine(kind, means, **more)

    return made
