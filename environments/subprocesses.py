"""Programs of our own that read what came from outside, each in a process that memory and time bound.

What a decoder makes of a file that was built to break it ends with that process: no request of anybody else waits for
it, and it knows no secret. Nothing here needs the settings, because such a program imports it too.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Semaphore
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
INHERITED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")  # of the environment: it holds secrets besides


def ask(program: str, content: bytes, bounds: dict[str, Any]) -> Any | None:
    """Run the module ``program`` with ``content`` on its standard input. Returns the JSON that it wrote, or None when
    one of the bounds stopped it. ``bounds``: at least ``memory`` in bytes and ``seconds`` of a processor; by the clock
    it gets twice that. The program finds them in its first argument, see `keep_to`."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", program, json.dumps(bounds)],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment,
            timeout=2 * bounds["seconds"],
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return None if done.returncode or not done.stdout else json.loads(done.stdout)


@contextmanager
def turn(gate: Semaphore, seconds: float) -> Iterator[bool]:
    """Wait ``seconds`` for a place in a queue, and hold it; False when none came free. Not longer, because a row of
    files that each take all of their time would take all threads, and nobody would get a page."""
    has_turn = gate.acquire(timeout=seconds)
    try:
        yield has_turn
    finally:
        if has_turn:
            gate.release()


def keep_to(bounds: dict[str, Any]) -> None:
    """For the program itself: bound this process from here on."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (bounds["memory"], bounds["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (bounds["seconds"], bounds["seconds"] + 1))
