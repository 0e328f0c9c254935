"""A PostgreSQL server that keeps its data in a folder, for `benchmarks.large`: filling takes too long for each run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "bench"
PORT = "5599"


@contextmanager
def running(folder: str) -> Iterator[None]:
    """Start the server of this folder, which is made when it is empty, set `DATABASE_URL`, and stop it afterwards.
    Whoever is root runs it as the user postgres, because PostgreSQL refuses root."""
    home = Path(folder).resolve()
    data = home / "pg"
    if not (data / "PG_VERSION").exists():
        home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(home, "postgres")
        _run("initdb", "-D", data, "-A", "trust", "-U", NAME, "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-p {PORT} -k {home} -c listen_addresses=127.0.0.1 -c max_wal_size=4GB"
    was_running = subprocess.run(_command("pg_ctl", "-D", data, "status"), capture_output=True).returncode == 0
    if not was_running:
        _run("pg_ctl", "-D", data, "-l", home / "pg.log", "-o", options, "-w", "start")
    os.environ["DATABASE_URL"] = f"postgres://{NAME}@127.0.0.1:{PORT}/postgres"
    try:
        yield
    finally:
        if not was_running:
            _run("pg_ctl", "-D", data, "-m", "fast", "-w", "stop")


def _run(program: str, *arguments: object) -> None:
    subprocess.run(_command(program, *arguments), check=True, stdout=subprocess.DEVNULL)


def _command(program: str, *arguments: object) -> list[str]:
    folder = subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    return [*as_postgres, f"{folder}/{program}", *map(str, arguments)]
