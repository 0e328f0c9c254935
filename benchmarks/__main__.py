"""The portal beside bare Django, in real server processes: `python -m benchmarks`.

Prints a table and ends with status 1 when a goal is missed. `--only landing,sign-in --quick` takes a minute.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import fresh, rounds, serving
from benchmarks.rounds import FULL, QUICK, Size, ratios
from benchmarks.serving import BARE, OURS, Prepared
from benchmarks.table import Row, printed

PARTS = ("sign-in", "landing", "statements", "set-up", "import", "start")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help=f"parts, with commas: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the statements too")
    chosen = parser.parse_args()
    only = [part for part in chosen.only.split(",") if part] or list(PARTS)
    if unknown := set(only) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    size = QUICK if chosen.quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        count = size.people(only)
        sides = [serving.prepare(side, Path(folder) / side.name, count) for side in (BARE, OURS)]
        rows = [row for measure in (_visits, _statements, _fresh) for row in measure(sides, size, only, chosen.verbose)]
    print(printed(rows))
    return int(any(row.missed for row in rows))


def _visits(sides: list[Prepared], size: Size, only: list[str], verbose: bool) -> list[Row]:
    rows = []
    with ExitStack() as stack:
        servers = [stack.enter_context(serving.running(one)) for one in sides]
        if "sign-in" in only:
            rows.append(_beside("sign-in, processor time × bare", 2.4, rounds.sign_in(servers, size)))
        if "landing" in only:
            browsers = rounds.signed_in(servers)
            rows.append(_beside("landing page, processor time × bare", 2.6, rounds.landing(servers, size, browsers)))
            rates = rounds.landings_a_second(servers, size, browsers)
            rows.append(Row("landing pages a second, 8 clients", None, rates[OURS.name], 0, note=_each(rates, "/s", 0)))
    return rows


def _statements(sides: list[Prepared], size: Size, only: list[str], verbose: bool) -> list[Row]:
    if not {"statements", "sign-in", "landing", "set-up"} & set(only):
        return []
    rows = []
    goals = {"sign-in": (13, 5), "landing": (3, None), "set-up": (14, 5)}
    found = {one.side.name: fresh.statements(one) for one in sides}
    for name, (every, writes) in goals.items():
        if name not in only and "statements" not in only:
            continue
        told = {side: visits[name] for side, visits in found.items() if name in visits}
        note = ", ".join(f"{side} {one.every} ({one.writes})" for side, one in told.items())
        rows.append(Row(f"{name}, statements", every, (told[OURS.name].every,), 0, note=note))
        if writes is not None:
            rows.append(Row(f"{name}, statements that write", writes, (told[OURS.name].writes,), 0))
        if verbose:
            print(f"{name}:", *told[OURS.name].texts, sep="\n  ")
    return rows


def _fresh(sides: list[Prepared], size: Size, only: list[str], verbose: bool) -> list[Row]:
    rows = []
    if "import" in only:
        rows.append(_beside("import of the application, × bare", 1.3, fresh.load(sides, size.fresh)))
    if "start" in only:
        started, memory = fresh.start(sides, size.fresh)
        rows.append(_beside("start to first page, × bare", 1.3, started))
        rows.append(_beside("memory after first requests, × bare", 1.2, memory, "MiB"))
    return rows


def _beside(name: str, goal: float, figures: rounds.Figures, unit: str = "ms") -> Row:
    return Row(name, goal, ratios(figures, OURS.name, BARE.name), note=_each(figures, unit))


def _each(figures: rounds.Figures, unit: str, digits: int = 2) -> str:
    return ", ".join(f"{name} {statistics.median(values):.{digits}f} {unit}" for name, values in figures.items())


if __name__ == "__main__":
    sys.exit(main())
