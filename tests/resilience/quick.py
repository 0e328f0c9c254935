"""A short selection of the faults, for every run of the tests: one start of the server, about a minute and a half.

Judged at the end, by the waits at the beginning and at the end while nothing happens: so a machine that is busy with
something else breaks no promise, and what one fault leaves behind is waited for during the next ones.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.resilience import faults, killing, portal
from tests.resilience.ledger import Ledger
from tests.resilience.promises import IN_FLIGHT, Promise, Usual
from tests.resilience.run import COLUMNS, HEADING, KILLS, Outcome, Part, calm, cause, show
from tests.resilience.visitors import Crowd, Record

PEOPLE = 150  # each signs in once in half a minute at most, and it takes a minute and a half
VISITORS = 2  # fewer than usual: the processors may have something else to do
KILLED_TWICE = replace(KILLS, errors=4 * IN_FLIGHT, kills=2)
GROWS = Promise(may_grow=True)  # workers that were begun moments ago still load what they need
# First what leaves most to be done again: it has the time of the others for that.
PARTS = [
    Part("kill -9 in a list of people", partial(killing.list_of_people, rounds=2), KILLED_TWICE),
    Part("kill -9 of a worker", faults.worker_killed, replace(GROWS, errors=IN_FLIGHT, may_be_unready=True)),
    Part("Redis flushed", faults.cache_flushed, GROWS),
    Part("mail server refuses one", faults.mail_server_refuses_one, GROWS),
]


def run() -> int:
    """The exit status: 1 when a promise was broken."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, portal.running(Path(name), PEOPLE) as on:
        Path(name).chmod(0o755)
        record, ledger = Record(), Ledger(on)
        with Crowd(on, record, VISITORS):
            calm(record)  # each worker loads what it lacks
            before = calm(record)
            outcomes = [cause(on, record, part, before.longest) for part in PARTS]
            usual = Usual.of(before, calm(record))
        failed = _judge(outcomes, usual, on.web.starts_in)
        for complaint in (lost := list(ledger.complaints())):
            print(f"broken: {complaint}")
    print(f"{time.monotonic() - began:.0f} s")
    return int(failed or bool(lost))


def _judge(outcomes: list[Outcome], usual: Usual, starts_in: float) -> bool:
    print(
        f"while nothing happens somebody waits {usual.longest:.1f} s, {usual.failed:.1%} of requests are refused, "
        f"and the server starts in {starts_in:.1f} s"
    )
    print(COLUMNS.format(*HEADING))
    failed = False
    for outcome in outcomes:
        complaints = outcome.complaints(usual, starts_in)
        show(outcome, complaints)
        failed |= bool(complaints)
    return failed
