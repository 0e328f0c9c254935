"""Judges the pages with independent tools, prints a table, and exits with 1 when a target is missed.

`python -m tests.quality lighthouse`: 100 in all four categories, on a phone, the median of three runs.
`python -m tests.quality pa11y`: no finding of axe or HTML CodeSniffer (WCAG 2, level AA), in two languages and colours.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests import provider
from tests.browser import chromium
from tests.quality import portal

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", choices=("lighthouse", "pa11y"))
    tool = parser.parse_args().tool
    if chromium.path() is None:
        sys.exit("This needs Chromium or Chrome on the PATH.")
    try:
        provider.install(HERE)
    except provider.MissingError as missing:
        sys.exit(f"This needs Node: {missing}.")
    with tempfile.TemporaryDirectory() as folder, portal.running(Path(folder)) as address:
        sys.exit(max([judge(tool, visits) for visits in _rounds(tool, address)]))


def _rounds(tool: str, address: str) -> Iterator[list[dict[str, object]]]:
    """One round at a time, because the language of an account is the same for all its browsers."""
    from tests.quality import visits

    if tool == "lighthouse":
        yield [visit.as_facts(address) for visit in visits.for_lighthouse()]
        return
    for language in ("nl", "en"):
        yield [visit.as_facts(address) for visit in visits.for_pa11y(language)]


def judge(tool: str, visits: list[dict[str, object]]) -> int:
    facts = chromium.launch_args() | {"visits": visits}
    command = ["node", str(HERE / f"{tool}.mjs")]
    return subprocess.run(command, input=json.dumps(facts, default=str), text=True, check=False).returncode


if __name__ == "__main__":
    main()
