"""Running our own programs that read uploaded files, each in a process with limited memory and time.

A malicious file can break only that process: other requests do not wait for it, and it has no secrets. This module
needs no settings, because those programs import it too.
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
INHERITED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")  # environment variables; the others may be secrets


def run(program: str, content: bytes, bounds: dict[str, Any]) -> Any | None:
    """Run the module ``program`` with ``content`` on its standard input. Returns the JSON that it wrote, or None when
    one of the bounds stopped it. ``bounds``: at least ``memory`` in bytes and ``seconds`` of a processor; by the clock
    it gets twice that. The program finds them in its first argument, see `apply_limits`."""
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
def slot(gate: Semaphore, seconds: float) -> Iterator[bool]:
    """Wait at most ``seconds`` for a free slot; False when there is none. Not longer, because files that each use all
    of their time would occupy all threads."""
    has_slot = gate.acquire(timeout=seconds)
    try:
        yield has_slot
    finally:
        if has_slot:
            gate.release()


def apply_limits(bounds: dict[str, Any]) -> None:
    """For the program itself: limit its memory and processor time from here on."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (bounds["memory"], bounds["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (bounds["seconds"], bounds["seconds"] + 1))
