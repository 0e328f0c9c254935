"""A morning: so many people sign in within so many minutes, at the production command behind nginx.

`python -m tests.resilience.storm` lets 10,000 people come in ten minutes, at random moments, each in a browser of their
own with a password, a real code and Mijn Omgevingen; `--people 1000 --minutes 1` is a shorter part at the same rate.
Prints the waits, the memory, and the processor time of each part, that of this simulator too: on the same machine it
takes away what it uses. Exit status 1 on an error, when 95 % did not get each page within a second, or when the memory
grew by half.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from tests.resilience import portal  # noqa: E402 - after the settings
from tests.resilience.portal import Stage  # noqa: E402
from tests.resilience.promises import GROWTH  # noqa: E402
from tests.resilience.visitors import CutShortError, Record, Visit  # noqa: E402

PEOPLE, MINUTES = 10_000, 10.0
SOON = 1.0  # seconds within which 95 % of the answers come
A_MILLION = 1_000_000
TICKS = os.sysconf("SC_CLK_TCK")


class Waits(Record):
    """Every wait, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def waited(self, seconds: float) -> None:
        self.waits.append(seconds)


def seconds_of(roots: dict[str, int]) -> dict[str, float]:
    """Processor seconds of process trees so far, by part of the portal."""
    return {name: sum(map(_seconds, _tree(pid))) for name, pid in roots.items()}


def _tree(root: int) -> Iterator[int]:
    yield root
    for task in Path(f"/proc/{root}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _tree(int(child))


def _seconds(pid: int) -> float:
    """Its own and those of its children that ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def roots_of(on: Stage) -> dict[str, int]:
    assert on.web.process
    assert on.background.process
    assert on.postgres
    assert on.redis
    own = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    proxies = [int(pid) for pid in own if "nginx" in Path(f"/proc/{pid}/comm").read_text()]
    return {
        "portal": on.web.process.pid,
        "worker": on.background.process.pid,
        "database": on.postgres.pid,
        "cache": on.redis.pid,
        "proxy": proxies[0],
    }


def come(on: Stage, record: Waits, person: str, wrong: Counter[str]) -> None:
    try:
        Visit(on, record, person).sign_in(on.secrets[person])
    except CutShortError as where:
        with record.lock:
            wrong[str(where)] += 1


def let_come(on: Stage, record: Waits, minutes: float, wrong: Counter[str]) -> float:
    """Everybody once, at a random moment. Returns the MiB of the portal at most."""
    moments = sorted(random.uniform(0, minutes * 60) for _ in on.secrets)
    began, threads, most, looked = time.monotonic(), [], on.memory(), 0.0
    for moment, person in zip(moments, on.secrets, strict=True):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        threads.append(threading.Thread(target=come, args=[on, record, person, wrong]))
        threads[-1].start()
        if time.monotonic() > looked + 2:
            most, looked = max(most, on.memory()), time.monotonic()
    for thread in threads:
        thread.join()
    return max(most, on.memory())


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.resilience.storm", description=__doc__)
    options.add_argument("--people", type=int, default=PEOPLE)
    options.add_argument("--minutes", type=float, default=MINUTES)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, portal.running(Path(name), chosen.people) as on:
        Path(name).chmod(0o755)
        warm = Waits()
        for person in list(on.secrets)[-8:]:
            come(on, warm, person, Counter())
            del on.secrets[person]
        record, wrong, roots = Waits(), Counter[str](), roots_of(on)
        before, used, own = on.memory(), seconds_of(roots), _own_seconds()
        began = time.monotonic()
        most = let_come(on, record, chosen.minutes, wrong)
        lasted = time.monotonic() - began
        spent = {name: after - used[name] for name, after in seconds_of(roots).items()}
        spent["this simulator"] = _own_seconds() - own
        return report(len(on.secrets), lasted, record, wrong, spent, before, most)


def _own_seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def report(
    people: int,
    lasted: float,
    record: Waits,
    wrong: Counter[str],
    spent: dict[str, float],
    before: float,
    most: float,
) -> int:
    waits = sorted(record.waits)
    part = {share: waits[min(len(waits) - 1, len(waits) * share // 100)] for share in (50, 95, 99)}
    print(f"{people} people in {lasted:.0f} s ({people / lasted:.1f} a second), {len(waits)} requests")
    print(
        "waits:",
        ", ".join(f"{share} % within {wait:.2f} s" for share, wait in part.items()),
        f"longest {waits[-1]:.2f} s",
    )
    print(f"memory of the portal: {before:.0f} MiB before, {most:.0f} MiB at most")
    for name, seconds in spent.items():
        print(f"{name:<16}{seconds / people * 1000:>8.1f} ms a person{seconds / lasted:>8.2f} cores")
    needed = sum(seconds for name, seconds in spent.items() if name != "this simulator") / people
    rate = A_MILLION / (MINUTES * 60)
    print(
        f"a million people in {MINUTES:.0f} minutes: {rate:.0f} a second x {needed:.3f} s = {rate * needed:.0f} cores"
    )
    for what, count in wrong.items():
        print(f"    broken: {count} could not go on at {what}")
    if part[95] > SOON:
        print(f"    broken: 95 % within {part[95]:.2f} s, {SOON:.0f} s is promised")
    if most > before * GROWTH:
        print(f"    broken: memory grew from {before:.0f} to {most:.0f} MiB")
    return int(bool(wrong) or part[95] > SOON or most > before * GROWTH)


if __name__ == "__main__":
    sys.exit(main())
