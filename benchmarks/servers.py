"""Compares servers under the same portal, in one run: `python -m benchmarks.servers [FOLDER] [WORDS OF A NAME]`.

FOLDER: `bin` of a virtual environment with the packages of requirements.txt and `granian gunicorn_h1c a2wsgi`; a
candidate that lacks its package is left out. Needs `wrk`. The columns are explained below the table.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import server_measurements as trials
from benchmarks.server_candidates import CANDIDATES, Candidate

ROUNDS = 3
HEADINGS = (
    "server",
    "ms",
    "beside",
    "idle",
    "after",
    "cookies",
    "bodies",
    "heads",
    "lost",
    "back",
    "orphans",
    "stop",
    "cut",
)
LEGEND = """
ms       processor milliseconds a request of the sign-in page, all processes together: median of {rounds} rounds in turn
beside   the same, beside the first line
idle     memory of all processes in MiB (PSS), before any request
after    the same after the load
cookies  does `naam=José; language=en` leave the other cookie readable, in Latin-1 and in UTF-8?
bodies   with 540 forms whose body does not come: is somebody else answered within 2 s?
heads    the same with 540 heads that do not end
lost     requests that failed, of {asked} made one after another while a worker was killed (-9)
back     milliseconds until there were two workers again, the new one answering; - when it did not happen in 10 s
orphans  workers that go on, 10 s after the process that looks after them was killed (-9)
stop     seconds between SIGTERM under load and the end
cut      requests under way at SIGTERM that got no answer
"""


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else str(Path(sys.executable).parent)
    words = " ".join(sys.argv[2:])
    chosen = [one for one in CANDIDATES if words in one.name and _is_installed(one, folder)]
    with tempfile.TemporaryDirectory() as place:
        environment = _environment(Path(place))
        costs: dict[str, list[float]] = {one.name: [] for one in chosen}
        memory: dict[str, tuple[float, float]] = {}
        for _ in range(ROUNDS):
            for one in chosen:
                cost, *memory[one.name] = trials.load(one, folder, environment)
                costs[one.name].append(cost)
        print("| " + " | ".join(HEADINGS) + " |\n" + "|---" * len(HEADINGS) + "|")
        yardstick = statistics.median(costs[chosen[0].name])
        for one in chosen:
            cost = statistics.median(costs[one.name])
            rest = trials.behaviour(one, folder, environment)
            idle, after = memory[one.name]
            row = [one.name, f"{cost:.2f}", f"{cost / yardstick:.2f}", f"{idle:.0f}", f"{after:.0f}", *rest]
            print("| " + " | ".join(row) + " |", flush=True)
    print(LEGEND.format(rounds=ROUNDS, asked=trials.ASKED))


def _is_installed(one: Candidate, folder: str) -> bool:
    command = [f"{folder}/python", "-c", f"import {', '.join(('os', *one.needs))}"]
    found = subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not found:
        print(f"left out: {one.name} (needs {', '.join(one.needs)})")
    return found


def _environment(place: Path) -> dict[str, str]:
    """Of a portal with an empty database, answering to plain http."""
    assert shutil.which("wrk"), "wrk is needed (on Debian: apt-get install wrk)"
    facts = subprocess.run([sys.executable, "-m", "assetmaps.local_env"], capture_output=True, text=True, check=True)
    environment = os.environ | dict(re.findall(r"^(\w+)=(.*)$", facts.stdout, re.M))
    environment |= {
        "DJANGO_SETTINGS_MODULE": "assetmaps.settings",
        "DATABASE_URL": f"sqlite:///{place / 'db.sqlite3'}",
        "PUBLIC_URL": f"http://127.0.0.1:{trials.PORT}",
        "EMAIL_URL": "dummymail://",
    }
    for task in (["migrate"], ["collectstatic", "--noinput"]):
        subprocess.run([sys.executable, "manage.py", *task, "--verbosity", "0"], env=environment, check=True)
    return environment


if __name__ == "__main__":
    main()
