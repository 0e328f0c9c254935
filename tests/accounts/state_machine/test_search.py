"""No path of at most eight steps lets a thief with one means in, or keeps the owner out for more than a day."""

from __future__ import annotations

import os

import pytest
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from tests.accounts.state_machine.conftest import Make
from tests.accounts.state_machine.machine import search
from tests.accounts.state_machine.model import Kind, Means

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("STATE_MACHINE_EXAMPLES", "2"))
MACHINES = [
    *((Kind.SECOND_STEP, means) for means in Means),
    *((Kind.PASSKEY, means) for means in (Means.PASSWORD, Means.MAILBOX, Means.SESSION)),
    *((Kind.PASSWORD_ONLY, means) for means in Means if means is not Means.PHONE),
    (Kind.PROVIDER, Means.MAILBOX),
    (Kind.PROVIDER, Means.SESSION),
    (Kind.STAFF, Means.PASSWORD),
    (Kind.STAFF, Means.MAILBOX),
]


@pytest.mark.parametrize(("kind", "means"), MACHINES, ids=[f"{kind.value}-{means.value}" for kind, means in MACHINES])
def test_one_means_opens_nothing_and_keeps_nobody_out(kind: Kind, means: Means, make: Make) -> None:
    chosen = make(kind, means)
    if number := os.environ.get("STATE_MACHINE_SEED"):
        chosen = seed(int(number))(chosen)
    run_state_machine_as_test(chosen, settings=search(EXAMPLES, shrinks=True))
