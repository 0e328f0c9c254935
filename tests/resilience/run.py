"""The parts of the run, one after the other, and the table."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.resilience import faults, killing, machines, portal
from tests.resilience.ledger import Ledger
from tests.resilience.portal import Stage
from tests.resilience.promises import IN_FLIGHT, Promise, Usual, broken
from tests.resilience.visitors import Crowd, Record, Seen
from tests.serving import nginx

SETTLE = 4  # seconds after each fault that still count for it
WARM = 8  # complete visits before the first part: each worker loads what it lacks
BACK = 20  # seconds in which somebody must have signed in from beginning to end
# A visit has seven requests, of which an interrupted one ends the visit; so a restart that takes a second or two can
# meet each visitor at each of the visits begun in that time.
RESTART = Promise(errors=4 * IN_FLIGHT, may_be_unready=True)
# Pages say so with 503 and Retry-After as long as it lasts; nothing may be lost.
OUTAGE = Promise(errors=1000, may_be_unready=True, silence=10)
# The codes of all phones are wrong then. Nobody may have to wait for that afterwards.
CLOCK = Promise(starts=True, may_refuse=True, may_be_unready=True, may_grow=True)
UPGRADE = Promise(starts=True, may_be_unready=True, may_grow=True)
KILLS = Promise(
    errors=killing.ROUNDS * 2 * IN_FLIGHT, may_be_unready=True, may_grow=True, starts=True, kills=killing.ROUNDS
)
SQLITE = "disk of sqlite full for 10 s"
MACHINES = "several machines"


@dataclass(frozen=True)
class Part:
    title: str
    fault: Callable[[Stage], None]
    promise: Promise = field(default_factory=Promise)


PARTS = [
    Part("nothing", faults.nothing),
    Part("kill -9 of a worker", faults.worker_killed, Promise(errors=IN_FLIGHT, may_be_unready=True)),
    Part(
        "kill -9 of gunicorn and all",
        faults.all_killed,
        Promise(errors=2 * IN_FLIGHT, may_be_unready=True, starts=True),
    ),
    Part("kill -9 of the background worker", faults.background_killed),
    Part("systemctl restart", faults.restarted, Promise(starts=True)),
    Part("systemctl reload (HUP)", faults.reloaded, Promise(starts=True)),
    *(Part(f"kill -9 in {what}", fault, KILLS) for what, fault in killing.FAULTS.items()),
    Part("PostgreSQL restarted", faults.database_restarted, RESTART),
    Part("Redis mute for 10 s", faults.cache_mute),
    Part("Redis gone for 10 s, then empty", faults.cache_gone),
    Part("Redis flushed", faults.cache_flushed),
    Part("500 silent sockets for 10 s", faults.silent_sockets),
    Part("silent provider for 10 s", faults.provider_silent),
    Part("mail server gone for 10 s", faults.mail_server_gone),
    Part("mail server mute for 10 s", faults.mail_server_mute),
    Part("mail server greylists", faults.mail_server_greylists),
    Part("mail server refuses one", faults.mail_server_refuses_one),
    Part("disk of PostgreSQL full for 10 s", faults.disk_full, OUTAGE),
    Part("clock 5 minutes ahead", faults.clock_wrong(300), CLOCK),
    Part("clock 5 minutes behind", faults.clock_wrong(-300), CLOCK),
    Part("the code of before, and back", faults.upgraded, UPGRADE),
    Part("PostgreSQL fails over", faults.database_fails_over, replace(RESTART, silence=10)),
    Part("nothing, afterwards", faults.nothing),
]
COLUMNS = "{:<34}{:>9}{:>8}{:>12}{:>10}{:>10}{:>8}{:>8}{:>9}{:>14}  {}"
HEADING = (
    *("what happened", "requests", "failed", "sign-ins", "longest", "probe", "back"),
    *("pairs", "changes", "MiB", "lost, and kept?"),
)


def run(only: str = "", *, only_names: bool = False) -> int:
    parts = [part for part in PARTS if only.lower() in part.title.lower()]
    if only_names:
        print("\n".join([*(part.title for part in PARTS), SQLITE, MACHINES]))
        return 0
    failed = False
    if parts:
        failed |= _with_postgresql(parts)
    if only.lower() in SQLITE:
        failed |= _with_sqlite()
    if only.lower() in MACHINES:
        failed |= _with_machines()
    return int(failed)


def _with_postgresql(parts: list[Part]) -> bool:
    failed = False
    with tempfile.TemporaryDirectory() as name, portal.running(Path(name)) as on:
        Path(name).chmod(0o755)
        print(" ".join(portal.production_command(on.port)), "behind", on.address, flush=True)
        print(COLUMNS.format(*HEADING), flush=True)
        record = Record()
        with Crowd(on, record):
            usual = warm_up(record)
            print(
                f"while nothing happens somebody waits {usual:.1f} s, and the server starts in {on.web.starts_in:.1f} s"
            )
            for part in parts:
                failed |= judge(on, record, part, usual)
        log = (Path(name) / "portal.log").read_text()
        print(f"in the log: {log.count('Traceback')} tracebacks")
    return failed


def _with_sqlite() -> bool:
    with tempfile.TemporaryDirectory() as name, portal.on_sqlite(Path(name), people=100) as on:
        Path(name).chmod(0o755)
        record = Record()
        with Crowd(on, record):
            usual = warm_up(record)
            return judge(on, record, Part(SQLITE, faults.disk_full, OUTAGE), usual)


def _with_machines() -> bool:
    failed = False
    with tempfile.TemporaryDirectory() as name, machines.running(Path(name), people=200) as on:
        Path(name).chmod(0o755)
        print(
            "\n" + MACHINES, "in network namespaces" if on.is_real else "at addresses of loopback: no namespaces here"
        )
        for title, check in machines.CHECKS.items():
            complaints = list(check(on))
            failed |= bool(complaints)
            print(f"{title:<45}{'BROKEN: ' + '; '.join(complaints) if complaints else 'kept'}", flush=True)
        record = Record()
        with Crowd(on.stage, record):
            usual = warm_up(record)
            for part, undo in machine_parts(on):
                failed |= judge(on.stage, record, part, usual)
                undo()
    return failed


def machine_parts(on: machines.Machines) -> Iterator[tuple[Part, Callable[[], None]]]:
    """Each with what undoes it. While a machine is silent nginx waits for it as long as `deploy/nginx.conf` says."""

    def part(title: str, fault: Callable[[machines.Machines], None], promise: Promise) -> Part:
        return Part(title, lambda _stage: fault(on), promise)

    dies = Promise(errors=IN_FLIGHT)
    silent = Promise(errors=IN_FLIGHT, silence=nginx.SILENCE)
    yield part("one of two machines dies", machines.second_dies, dies), lambda: machines.second_comes_back(on)
    yield part("both restarted in turn", machines.both_are_restarted_in_turn, Promise(starts=True)), lambda: None
    if on.is_real:
        yield part("one is cut off", machines.second_is_cut_off, silent), lambda: machines.second_is_put_back(on)


def warm_up(record: Record) -> float:
    """Returns the longest wait of somebody, in seconds, when every worker has loaded what it needs."""
    calm(record)
    return calm(record).longest


def calm(record: Record) -> Seen:
    """What is seen while nothing happens, until WARM visits are complete."""
    seen, until = record.begin(), time.monotonic() + 60
    while len(seen.complete) < WARM and time.monotonic() < until:
        time.sleep(0.1)
    with record.lock:
        return deepcopy(seen)


@dataclass(frozen=True)
class Outcome:
    """``seen`` during a fault and for a while after it; ``back``: seconds after which somebody could sign in from
    beginning to end, 0 when nobody could; ``before``, ``after``: MiB of the server; ``told``: what the fault itself
    found broken."""

    part: Part
    seen: Seen
    back: float
    before: float
    after: float
    told: list[str]

    def complaints(self, usual: Usual, starts_in: float) -> list[str]:
        return [*broken(self.part.promise, self.seen, self.back, self.before, self.after, usual, starts_in), *self.told]


def judge(on: Stage, record: Record, part: Part, usual: float) -> bool:
    """Cause one fault, print its row, and say whether a promise was broken."""
    ledger = Ledger(on)
    outcome = cause(on, record, part, usual)
    complaints = [*outcome.complaints(Usual(usual), on.web.starts_in), *ledger.complaints()]
    show(outcome, complaints)
    return bool(complaints)


def cause(on: Stage, record: Record, part: Part, usual: float) -> Outcome:
    """``usual``: the longest wait while nothing happens, in seconds."""
    seen, before = record.begin(), on.memory()
    part.fault(on)
    over = time.monotonic()
    time.sleep(SETTLE)
    patience = BACK + 2 * on.web.starts_in + 4 * usual
    while not (back := seen.back_after(over)) and time.monotonic() < over + patience:
        time.sleep(0.1)
    after = on.memory()
    with record.lock:
        seen = deepcopy(seen)
    told = on.complaints[:]
    on.complaints.clear()
    return Outcome(part, seen, back, before, after, told)


def show(outcome: Outcome, complaints: list[str]) -> None:
    seen = outcome.seen
    numbers = (seen.requests, seen.failed, f"{len(seen.complete)} of {seen.begun}")
    waits = (f"{seen.longest:.2f} s", f"{seen.longest_probe:.2f} s", f"{outcome.back:.1f} s")
    rest = (seen.pairs, seen.changes, f"{outcome.before:.0f} -> {outcome.after:.0f}")
    print(COLUMNS.format(outcome.part.title, *numbers, *waits, *rest, "BROKEN" if complaints else "nothing, kept"))
    for complaint in complaints:
        print(f"    broken: {complaint}")
    for line in _odd(seen) if complaints else ():
        print(f"    {line}")
    sys.stdout.flush()


def _odd(seen: Seen) -> Iterator[str]:
    for what, count in sorted(seen.odd.items()):
        yield f"{count} times {what}"
