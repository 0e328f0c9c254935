"""The commands of a section of docs/operations.md, run as they stand there."""

from __future__ import annotations

import re
import shlex
import subprocess

from tests import server
from tests.keeping.installation import Installation
from tests.test_documents import document, section

PROGRAM = ".venv/bin/python manage.py "
ASKING = "curl "
SECTION = re.compile(r"^## (.+)$", re.M)
# Commands of other programs of the system, which a test cannot run: the service manager's log.
OF_THE_SYSTEM = "journalctl "
# Commands in running text, each with the test that runs it.
ELSEWHERE = {
    "manage.py reset_two_factor": "tests/accounts/test_commands.py",
    "manage.py withdraw_passkey_demand": "tests/accounts/mfa_policy/test_passkey_demand.py",
    "manage.py worker": "tests/serving/test_watching.py",
    "promtool check": "tests/assetmaps/test_metrics.py",
    "python -m tests.outbound": "",  # a measurement: tests/test_documents.py looks whether it is there
    "python -m benchmarks.watching": "",
}


def commands(title: str) -> list[str]:
    """The lines of the blocks, in their order."""
    blocks = re.findall(r"^```\n(.*?)^```", section(document("operations.md"), title), re.S | re.M)
    return [line for block in blocks for line in block.splitlines()]


def in_running_text() -> set[str]:
    """The beginning of each command of docs/operations.md outside the blocks, as `ELSEWHERE` names it."""
    return set(re.findall(r"`((?:manage\.py|python -m|promtool) [\w.]+)", document("operations.md")))


def follow(place: Installation, title: str, *, instead: dict[str, str], only: str = "", **more: str) -> list[str]:
    """Run each command of the section, and return what each printed. ``instead``: what stands in the place of an
    example, such as a folder; ``only``: the commands in which this occurs; ``more``: environment variables."""
    told = [line for line in commands(title) if only in line]
    assert told
    answers = []
    for line in told:
        for example, real in instead.items():
            line = line.replace(example, real)
        if line.startswith(ASKING):
            asked = subprocess.run(shlex.split(line, comments=True), capture_output=True, text=True, check=True)
            answers.append(asked.stdout)
        else:
            assert line.startswith(PROGRAM), line
            answers.append(place.manage(*shlex.split(line.removeprefix(PROGRAM)), **more))
    return answers


assert (server.ROOT / "manage.py").exists()
