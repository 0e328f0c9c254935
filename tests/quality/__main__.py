"""Judges the pages with independent tools, prints a table, and exits with 1 when a target is missed.

`python -m tests.quality lighthouse`: 100 in all four categories, on a phone, the median of three runs.
`python -m tests.quality pa11y`: no finding of axe or HTML CodeSniffer (WCAG 2, level AA) on any page in any state,
in two languages and colours; what is left apart is counted in the table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import provider
from tests.browser import chromium
from tests.quality import portal, states

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
    sys.exit(states.main([]) if tool == "pa11y" else lighthouse())


def lighthouse() -> int:
    with tempfile.TemporaryDirectory() as folder, portal.running(Path(folder)) as address:
        from tests.quality import visits

        seen = [visit.as_facts(address) for visit in visits.all_visits()]
        facts = chromium.launch_args(windows=True) | {"visits": seen}
        command = ["node", str(HERE / "lighthouse.mjs")]
        return subprocess.run(command, input=json.dumps(facts, default=str), text=True, check=False).returncode


if __name__ == "__main__":
    main()
