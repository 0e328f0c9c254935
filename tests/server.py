"""The portal as in production, in processes of its own, for tests of HTTP itself."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START = 20  # seconds that the portal may take to begin


def command(address: str, *options: str) -> list[str]:
    """The production command of the README, at another address. ``options``: of gunicorn."""
    host_and_port = address.rpartition("/")[2]
    return [str(Path(sys.executable).with_name("gunicorn")), "--bind", host_and_port, *options]


def start(address: str, *options: str, **how: object) -> subprocess.Popen:
    """Raises RuntimeError when it does not answer in time. ``how``: for `subprocess.Popen`."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command(address, *options), **{"cwd": ROOT} | quiet | how)
    until = time.monotonic() + START
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=1):
                return server
        except OSError:
            time.sleep(0.1)
    server.kill()
    raise RuntimeError(f"the portal at {address} did not start")
