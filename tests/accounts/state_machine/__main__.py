"""A deep search for a way in or a way to shut the owner out: `python -m tests.accounts.state_machine --examples 2000`.

On SQLite, or on the database of `DATABASE_URL`. Every fault put back is looked for as well. Exit status 1 on a find.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=2000, help="paths of at most eight steps, for each machine")
    parser.add_argument("--seed", type=int, help="another order of steps than that of every run")
    parser.add_argument("--only", default="", help="a part of the name of the machines or faults, as pytest's -k")
    chosen = parser.parse_args()
    os.environ["STATE_MACHINE_EXAMPLES"] = str(chosen.examples)
    if chosen.seed is not None:
        os.environ["STATE_MACHINE_SEED"] = str(chosen.seed)
    return pytest.main(
        ["-q", "--show-capture=no", "--durations=0", str(HERE), *(["-k", chosen.only] if chosen.only else [])]
    )


if __name__ == "__main__":
    sys.exit(main())
