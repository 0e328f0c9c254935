"""Does a sign-in or the landing page cost more when there are more people, or more environments a person?"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks import rounds, serving
from benchmarks.rounds import Size, ratios
from benchmarks.rows import each
from benchmarks.serving import OURS, Prepared
from benchmarks.table import Row

FEW, MANY = 1_000, 1_000_000
ENVIRONMENTS, MANY_ENVIRONMENTS = 5, 2_000
GOAL = 1.2


def rows(folder: Path, size: Size, many: int) -> list[Row]:
    """``many``: people of the large database."""
    few = _prepare(folder, size, f"{FEW:,} people", ENVIRONMENTS, FEW)
    compared = (
        _prepare(folder, size, f"{many:,} people", ENVIRONMENTS, many),
        _prepare(folder, size, f"{MANY_ENVIRONMENTS:,} environments a person", MANY_ENVIRONMENTS, FEW),
    )
    found = []
    with ExitStack() as stack:
        servers = [stack.enter_context(serving.running(one)) for one in (few, *compared)]
        sign_in = rounds.sign_in(servers, size)
        landing = rounds.landing(servers, size, rounds.signed_in(servers))
    for one in compared:
        name = one.side.name
        beside = f"{FEW:,}" if one is compared[0] else str(ENVIRONMENTS)
        for what, figures in (("sign-in", sign_in), ("landing page", landing)):
            of_both = {side: figures[side] for side in (few.side.name, name)}
            found.append(
                Row(f"{what}, {name} × {beside}", GOAL, ratios(figures, name, few.side.name), note=each(of_both))
            )
    return found


def _prepare(folder: Path, size: Size, name: str, environments: int, crowd: int) -> Prepared:
    begun = time.monotonic()
    side = replace(OURS, name=name)
    prepared = serving.prepare(side, folder, size.people(["sign-in"]), str(environments))
    prepared.run("-m", "benchmarks.growth_data", str(crowd))
    megabytes = (prepared.folder / "db.sqlite3").stat().st_size / 1e6
    print(f"{name}: {megabytes:,.0f} MB, filled in {time.monotonic() - begun:.0f} s", flush=True)
    return prepared
