"""Reads a workbook in a process of its own: the workbook on standard input, JSON on standard output.

A cell in the last row and column makes the library ask for hundreds of gigabytes, and that ends the process it runs in
(tried with calamine 0.9). Here memory and time are bounded, whatever the workbook is made of. Nothing is imported that
needs the settings, so that it starts in a moment and knows no secret.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from environments import subprocesses
from environments.people.reading.types import Unreadable
from environments.people.reading.workbook import sheets
from environments.people.reading.workbook.archive import RefusedError


def main() -> None:
    limits = json.loads(sys.argv[1])
    subprocesses.apply_limits(limits)
    try:
        answer: dict[str, Any] = {"sheets": sheets.read(sys.stdin.buffer.read(), limits)}
    except RefusedError as refused:
        answer = {"unreadable": refused.why}
    except MemoryError:
        answer = {"unreadable": Unreadable.TOO_LARGE}
    except BaseException:  # a panic of the library is no Exception
        answer = {"unreadable": Unreadable.DAMAGED}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
