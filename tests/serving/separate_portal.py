"""A portal with a database, files, settings and a log of its own, and requests to it as they are written here.

`raw_http.request` is what a good proxy sends; here every header is the test's own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import server
from tests.provider import free_port
from tests.serving import raw_http
from tests.serving.raw_http import Answer

HOST = "mijn.voorbeeld.nl"
Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Portal:
    port: int
    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "db.sqlite3"

    def log(self) -> list[dict[str, Any]]:
        """The lines that the portal wrote so far."""
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def ask(self, target: str, headers: Headers | None = None, *, method: str = "GET", body: str = "") -> Answer:
        """A request that names the host, with these headers as they are."""
        fixed = [("Host", HOST), ("Connection", "close")]
        if body:
            fixed += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body)))]
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fixed + (headers or []))]
        return self.raw("\r\n".join([*lines, "", body]).encode("latin-1"), method)

    def raw(self, request: bytes, method: str = "GET") -> Answer:
        answer = raw_http.ask(self.port, request, method=method)
        assert answer is not None, request
        return answer


def prepare(folder: Path) -> Path:
    """A database with all tables, unless the folder has one, and the static files, to be copied for each portal. Takes
    seconds: once a run."""
    tables = [] if (folder / "db.sqlite3").exists() else [["migrate"]]
    for task in [*tables, ["collectstatic", "--noinput"]]:
        program = [sys.executable, "manage.py", *task, "--verbosity", "0"]
        subprocess.run(program, cwd=server.ROOT, env=_environment(folder, {}), check=True)
    return folder


@contextmanager
def running(folder: Path, prepared: Path | None = None, *, host: str = "127.0.0.1", **more: str) -> Iterator[Portal]:
    """The portal, until the end of the block. ``more``: environment variables; without ``prepared`` the database is
    empty and no files were collected."""
    if prepared:
        shutil.copy(prepared / "db.sqlite3", folder / "db.sqlite3")
        more = {"STATIC_ROOT": str(prepared / "static")} | more
    portal = Portal(free_port("127.0.0.1"), folder)
    with (folder / "log").open("wb") as log:
        address = f"http://{host}:{portal.port}"
        process = server.start(address, "--workers", "1", env=_environment(folder, more), stderr=log)
    try:
        yield portal
    finally:
        process.terminate()
        process.wait(raw_http.TIMEOUT)


def _environment(folder: Path, more: dict[str, str]) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.serving.separate_portal_settings",
        "SECRET_KEY": "only-for-tests-" * 4,
        "ENCRYPTION_KEYS": "b25seSBmb3IgdGVzdHMgb25seSBmb3IgdGVzdHMgISE=",
        "ALLOWED_HOSTS": HOST,
        "PUBLIC_URL": f"https://{HOST}",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "STATIC_ROOT": str(folder / "static"),
        "EMAIL_URL": "dummymail://",
        "WORKER": "separate",  # and there is none: a second process to start and to end, for which no test asks
        "INTERNAL_NETWORKS": "192.0.2.1",  # the tests ask from this machine, as visitors
    } | more
