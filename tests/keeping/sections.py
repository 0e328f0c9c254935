"""The commands of a section of docs/operations.md, run as they stand there."""

from __future__ import annotations

import re
import shlex

from tests import server
from tests.keeping.installation import Installation
from tests.test_documents import document, section

PROGRAM = ".venv/bin/python manage.py "


def commands(title: str) -> list[str]:
    """The lines of the blocks, in their order."""
    blocks = re.findall(r"^```\n(.*?)^```", section(document("operations.md"), title), re.S | re.M)
    return [line for block in blocks for line in block.splitlines()]


def follow(place: Installation, title: str, *, instead: dict[str, str], only: str = "", **more: str) -> list[str]:
    """Run each command of the section, and return what each printed. ``instead``: what stands in the place of an
    example, such as a folder; ``only``: the commands in which this occurs; ``more``: environment variables."""
    told = [line for line in commands(title) if only in line]
    assert told
    answers = []
    for line in told:
        for example, real in instead.items():
            line = line.replace(example, real)
        assert line.startswith(PROGRAM), line
        answers.append(place.manage(*shlex.split(line.removeprefix(PROGRAM)), **more))
    return answers


assert (server.ROOT / "manage.py").exists()
