"""What the run needs besides Python: Debian's packages, which root gets installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.services import missing

# By package, a program of it.
PROGRAMS = {
    "postgresql": "pg_config",
    "postgresql-common": "pg_virtualenv",
    "pgbouncer": "pgbouncer",
    "redis-server": "redis-server",
    "nginx": "nginx",
    "iproute2": "ip",
    "git": "git",
}
QUICK = ("postgresql", "redis-server", "nginx")  # what `--quick` takes of these
FAKETIME = "faketime"  # a library, whose folder depends on the processor


def faketime() -> str:
    """The path of the library that shows a program another time; empty without the package."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return str(found[0]) if found else ""


def lacking() -> list[str]:
    found = [package for package, program in PROGRAMS.items() if missing(program)]
    return found + ([] if faketime() else [FAKETIME])


def lacking_for_quick() -> list[str]:
    return [package for package in QUICK if missing(PROGRAMS[package])]


def install() -> None:
    """Raises SystemExit when something is missing that it may not install."""
    if not (wanted := lacking()):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SystemExit(f"Missing: {' '.join(wanted)}. On Debian: apt-get install {' '.join(wanted)}")
    print("Installing", *wanted, flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    command = ["apt-get", "install", "-y", "-qq", *wanted]
    subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL)
