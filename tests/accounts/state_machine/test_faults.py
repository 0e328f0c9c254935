"""The search finds earlier faults, and similar ones, when they are put back into the program."""

from __future__ import annotations

import os

import pytest
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from tests.accounts.state_machine.conftest import Make
from tests.accounts.state_machine.faults import FAULTS, Fault
from tests.accounts.state_machine.machine import search
from tests.accounts.state_machine.model import BreachError

pytestmark = pytest.mark.django_db
DEEP = "STATE_MACHINE_EXAMPLES" in os.environ
PUT_BACK = [fault for fault in FAULTS if DEEP or fault.quick]


@pytest.mark.parametrize("fault", PUT_BACK, ids=[fault.name for fault in PUT_BACK])
def test_fault_put_back_is_found(fault: Fault, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    fault.put(monkeypatch)
    with pytest.raises(BreachError, match=fault.shows):
        run_state_machine_as_test(seed(1)(make(fault.kind, fault.means)), settings=search(fault.examples))
