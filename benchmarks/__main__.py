"""The portal beside bare Django and two packages that do the same, in real server processes: `python -m benchmarks`.

Prints a table and ends with status 1 when a goal is missed. `--only landing,sign-in --quick` takes a minute.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import growth, instructions, serving
from benchmarks.peers import sides as peers
from benchmarks.rounds import FULL, QUICK
from benchmarks.rows import Comparison
from benchmarks.serving import BARE, BY_PASSKEY, NEW_CONNECTIONS, OURS
from benchmarks.table import Row, printed

PARTS = ("sign-in", "passkey", "landing", "set-up", "statements", "import", "start", "first-visit")


def main() -> int:
    chosen = _chosen()
    size = QUICK if chosen.quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        if chosen.growth:
            return _judged(growth.rows(Path(folder), size, chosen.people))
        if chosen.instructions:
            return _judged(instructions.rows([serving.prepare(side, Path(folder), 4) for side in (BARE, OURS)]))
        others = peers.installed() if chosen.peers or not chosen.quick else ()
        count = size.people(chosen.only)
        passkeys = (BY_PASSKEY,) if "passkey" in chosen.only else ()
        every = (BARE, NEW_CONNECTIONS, OURS, *passkeys, *others)
        sides = [serving.prepare(side, Path(folder), count) for side in every]
        return _judged(Comparison(sides, size, chosen.only, chosen.verbose).rows())


def _judged(rows: list[Row]) -> int:
    print(printed(rows))
    return int(any(row.missed for row in rows))


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", type=_parts, default=list(PARTS), help=f"parts, with commas: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no peers")
    parser.add_argument("--peers", action="store_true", help="with the peers after all")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the statements too")
    parser.add_argument("--instructions", action="store_true", help="instead: of a landing page, by callgrind")
    parser.add_argument("--growth", action="store_true", help="instead: with many people and environments")
    parser.add_argument("--people", type=int, default=growth.MANY, help="of the large database of --growth")
    return parser.parse_args()


def _parts(text: str) -> list[str]:
    chosen = text.split(",")
    if unknown := set(chosen) - set(PARTS):
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(sorted(unknown))}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
