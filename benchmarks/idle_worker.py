"""What the worker for background work costs sign-ins on SQLite, in one file: `python -m benchmarks.idle_worker`.

Three portals with a database each: without a worker, with one that has nothing to do, and with one that seals the audit
trail of the sign-ins. They take turns in each round, in another order each time; a ratio is taken within a round.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from benchmarks import processes, serving
from benchmarks.rounds import CLIENTS, at_once
from benchmarks.serving import WITHOUT_BACKGROUND, Server

NONE, IDLE, WORKING = "no worker", "idle worker", "working one"
NEVER_SEALS = {"NEVER_SEAL": "1"}
# The environment of the worker of each side.
WORKERS: dict[str, dict[str, str] | None] = {NONE: None, IDLE: NEVER_SEALS, WORKING: {}}
SETTLED = 5  # seconds until a worker has begun
IDLE_FOR = 20  # seconds
IN_TURN, TOGETHER = 20, 3 * CLIENTS  # sign-ins of a side in each round


@dataclass
class Portal:
    """``waits``: milliseconds of the clock of each sign-in, by round; ``used``: processor milliseconds of the web
    processes for one of them, ``a_second``: sign-ins a second of eight people at once, each by round."""

    server: Server
    worker: int
    waits: list[list[float]] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    a_second: list[float] = field(default_factory=list)

    def take_turn(self) -> None:
        used, waits = self.server.processor_ms(), [self._timed() for _ in range(IN_TURN)]
        self.used.append((self.server.processor_ms() - used) / IN_TURN)
        self.waits.append(waits)
        began = time.monotonic()
        at_once([self._some] * CLIENTS)
        self.a_second.append(TOGETHER / (time.monotonic() - began))

    def _some(self) -> None:
        for _ in range(TOGETHER // CLIENTS):
            self._timed()

    def _timed(self) -> float:
        (person,) = self.server.prepared.take_people(1)
        browser, began = self.server.browser(), time.monotonic()
        self.server.side.visits.sign_in(browser, person)
        browser.close()
        return (time.monotonic() - began) * 1000


@contextmanager
def running(name: str, folder: Path, people: int) -> Iterator[Portal]:
    own = folder / name.replace(" ", "-")
    own.mkdir()
    prepared = serving.prepare(WITHOUT_BACKGROUND, own, people)
    with serving.running(prepared) as server, ExitStack() as stack:
        more = WORKERS[name]
        if more is None:
            yield Portal(server, 0)
            return
        environment = prepared.side.environment(prepared.folder, **more)
        command = [prepared.side.python, "manage.py", "worker"]
        worker = subprocess.Popen(command, cwd=serving.ROOT, env=environment, stderr=subprocess.DEVNULL)
        stack.callback(worker.wait, 40)
        stack.callback(worker.terminate)
        yield Portal(server, worker.pid)


def idle(portals: dict[str, Portal]) -> dict[str, float]:
    """Processor milliseconds a second of each worker while nobody asks anything."""
    time.sleep(SETTLED)
    before = {name: processes.processor_ms([one.worker]) for name, one in portals.items() if one.worker}
    time.sleep(IDLE_FOR)
    return {name: (processes.processor_ms([portals[name].worker]) - used) / IDLE_FOR for name, used in before.items()}


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.idle_worker", description=__doc__)
    options.add_argument("--rounds", type=int, default=11, help="the first does not count")
    rounds = options.parse_args().rounds
    people = rounds * (IN_TURN + TOGETHER)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        portals = {name: stack.enter_context(running(name, Path(folder), people)) for name in WORKERS}
        for name, used in idle(portals).items():
            print(f"{name}: {used:.2f} ms of processor time a second while nobody asks anything", flush=True)
        for number in range(rounds):
            names = list(portals)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                portals[name].take_turn()
    _print("one sign-in, clock, ms", portals, lambda one: [median(waits) for waits in one.waits])
    _print("the slowest of twenty, ms", portals, lambda one: [quantiles(waits, n=20)[-1] for waits in one.waits])
    _print("one sign-in, processor time of the server, ms", portals, lambda one: one.used)
    _print("sign-ins a second, eight at once", portals, lambda one: one.a_second)


def _print(what: str, portals: dict[str, Portal], values: Callable[[Portal], list[float]]) -> None:
    found = {name: values(portal)[1:] for name, portal in portals.items()}
    print(f"{what}: {NONE} {median(found[NONE]):.1f}", end="")
    for name in (IDLE, WORKING):
        ratios = [one / other for one, other in zip(found[name], found[NONE], strict=True)]
        within = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"; {name} {median(found[name]):.1f}, × {median(ratios):.3f} (rounds {within})", end="")
    print(flush=True)


if __name__ == "__main__":
    main()
