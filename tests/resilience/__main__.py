"""Injects faults while people sign in, and prints what they saw. Exit status 1 when a promise was broken.

"longest" and "probe" are the longest waits of a visitor, and of /healthz or /readyz; "back" is how long after the fault
somebody who began afterwards was through. About a minute and a half, on loopback only; needs PostgreSQL, Redis and
nginx.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from tests.resilience import faults, portal  # noqa: E402 - after the settings
from tests.resilience.portal import Stage  # noqa: E402
from tests.resilience.promises import IN_FLIGHT, Promise, broken  # noqa: E402
from tests.resilience.visitors import BROKEN, Crowd, Record, Seen  # noqa: E402

SETTLE = 4  # seconds after each fault that still count for it
BACK = 20  # seconds in which somebody must have signed in from beginning to end
# A visit has seven requests, of which an interrupted one ends the visit; so a restart that takes a second or two can
# meet each visitor at each of the visits begun in that time.
RESTART = Promise(errors=4 * IN_FLIGHT, may_be_unready=True)
PARTS: list[tuple[str, Callable[[Stage], None], Promise]] = [
    ("nothing", faults.nothing, Promise()),
    ("kill -9 of a worker", faults.worker_killed, Promise(errors=IN_FLIGHT, may_be_unready=True)),
    ("PostgreSQL restarted", faults.database_restarted, RESTART),
    ("Redis mute for 10 s", faults.cache_mute, Promise()),
    ("500 silent sockets for 10 s", faults.silent_sockets, Promise()),
    ("silent provider for 10 s", faults.provider_silent, Promise()),
    ("nothing, afterwards", faults.nothing, Promise()),
]
COLUMNS = "{:<28}{:>9}{:>16}{:>6}{:>8}{:>7}{:>10}{:>10}{:>10}{:>14}"
HEADING = ("what happened", "requests", "sign-ins", "503", "broken", "other", "longest", "probe", "back", "MiB")


def main() -> int:
    failed = False
    with tempfile.TemporaryDirectory() as name, portal.running(Path(name)) as on:
        Path(name).chmod(0o755)
        print(" ".join(portal.production_command(on.port)), "behind", on.address, flush=True)
        print(COLUMNS.format(*HEADING), flush=True)
        record = Record()
        with Crowd(on, record):
            time.sleep(SETTLE)  # the first requests of each worker load what it lacks
            for title, fault, promise in PARTS:
                failed |= _part(on, record, title, fault, promise)
        log = (Path(name) / "portal.log").read_text()
        print(f"in the log: {log.count('Traceback')} tracebacks")
    return int(failed)


def _part(on: Stage, record: Record, title: str, fault: Callable[[Stage], None], promise: Promise) -> bool:
    seen, before = record.begin(), on.memory()
    fault(on)
    over = time.monotonic()
    time.sleep(SETTLE)
    while not (back := seen.back_after(over)) and time.monotonic() < over + BACK:
        time.sleep(0.1)
    after = on.memory()
    with record.lock:
        _print(title, seen, back, before, after)
        complaints = list(broken(promise, seen, back, before, after))
    for complaint in complaints:
        print(f"    broken: {complaint}")
    sys.stdout.flush()
    return bool(complaints)


def _print(title: str, seen: Seen, back: float, before: float, after: float) -> None:
    usual = sum(count for status, count in seen.statuses.items() if 200 <= status < 400)
    failed = seen.statuses[503] + seen.statuses[BROKEN]
    other = seen.requests - usual - failed
    numbers = (seen.requests, f"{len(seen.complete)} of {seen.begun}", seen.statuses[503], seen.statuses[BROKEN], other)
    waits = (f"{seen.longest:.2f} s", f"{seen.longest_probe:.2f} s", f"{back:.1f} s", f"{before:.0f} -> {after:.0f}")
    print(COLUMNS.format(title, *numbers, *waits))
    for what, count in sorted(seen.odd.items()):
        print(f"    {count} times {what}")


if __name__ == "__main__":
    sys.exit(main())
