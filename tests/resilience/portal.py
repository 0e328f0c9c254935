"""The portal as in production: the README's command at a socket as systemd keeps it, PostgreSQL, Redis, a mail server,
nginx in front, and an organisation whose identity provider is silent."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.resilience.mailbox import Mailbox
from tests.services import HOST, Disk, Postgres, Redis, SmallPostgres, free_port
from tests.serving import nginx, raw_http

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 500  # each signs in once in half a minute at most: a code works once
STARTED_AT = "127.0.0.1:8000"  # in the README
SYSTEMD_RESTARTS = 1.0  # seconds: RestartSec in deploy/assetmaps.service
WORKER_RESTARTS = 5.0  # the same in deploy/assetmaps-worker.service
GUNICORN = str(Path(sys.executable).with_name("gunicorn"))


def production_command(port: int) -> list[str]:
    """The last line of "Deployment" in the README, at another port."""
    deployment = re.search(r"## Deployment\n\n```\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert deployment
    told = deployment[1].strip().splitlines()[-1]
    assert STARTED_AT in told
    return shlex.split(told.replace(STARTED_AT, f"{HOST}:{port}"))


class Web:
    """The production command at a socket that outlives it, as `deploy/assetmaps.socket` sets it up. ``code``: the
    folder with the version that is started; ``wrapper``: a command that runs it."""

    def __init__(
        self,
        environment: dict[str, str],
        log: Path,
        at: socket.socket | None = None,
        wrapper: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
    ) -> None:
        self._options = options
        self.environment, self.log, self._wrapper = environment, log, wrapper
        self.socket = at or socket.create_server((HOST, 0), backlog=2048)
        self.host, self.port = self.socket.getsockname()
        self.code = ROOT
        self.process: subprocess.Popen[bytes] | None = None
        self.starts_in = 0.0  # seconds from the command to the first answer

    def wait(self) -> None:
        """Until it answers."""
        began = time.monotonic()
        with suppress(requests.RequestException):
            requests.get(f"http://{self.host}:{self.port}/healthz", timeout=60)
        self.starts_in = time.monotonic() - began

    def start(self) -> None:
        """Returns at once: whoever comes meanwhile waits at the socket."""
        command = [GUNICORN, *production_command(self.port)[1:], *self._options]
        given = f"exec 3<&{self.socket.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec {shlex.join(command)}"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._wrapper, "bash", "-c", given],
                cwd=self.code,
                env=self.environment,
                stdout=log,
                stderr=log,
                pass_fds=[self.socket.fileno()],
            )

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def restart(self, code: Path | None = None) -> None:
        """As `systemctl restart` does, with this version."""
        self.stop()
        self.code = code or self.code
        self.start()

    def kill(self) -> None:
        """`kill -9` of all of it, as after a lack of memory."""
        assert self.process is not None
        for pid in [self.process.pid, *self.children()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def kill_and_let_systemd_restart(self) -> None:
        self.kill()
        time.sleep(SYSTEMD_RESTARTS)
        self.start()

    def children(self) -> list[int]:
        assert self.process is not None
        pid = self.process.pid
        try:
            return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def __exit__(self, *_what: object) -> None:
        self.stop()
        self.socket.close()

    def __enter__(self) -> Web:
        self.start()
        return self


class Background:
    """`manage.py worker` apart from the server, as `deploy/assetmaps-worker.service` starts it."""

    def __init__(self, web: Web, wrapper: tuple[str, ...] = ()) -> None:
        self._web, self._wrapper = web, wrapper
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [*self._wrapper, sys.executable, "manage.py", "worker"]
        with self._web.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self._web.code, env=self._web.environment, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """It finishes what it has in hand."""
        if self.process:
            self.process.terminate()
            self.process.wait(40)
            self.process = None

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def kill_and_let_systemd_restart(self) -> None:
        self.kill()
        time.sleep(WORKER_RESTARTS)
        self.start()

    def __enter__(self) -> Background:
        self.start()
        return self

    def __exit__(self, *_what: object) -> None:
        self.stop()


@dataclass
class Stage:
    """``address``: of nginx, where visitors ask; ``secrets``, ``twins``, ``inviting``: of the authenticator app by
    e-mail address, in base32; ``fresh``: addresses without one; ``password``: the hash that all begin with."""

    web: Web
    background: Background
    address: str
    mailbox: Mailbox
    database: str
    postgres: Postgres | None = None
    redis: Redis | None = None
    silent: socket.socket | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    twins: dict[str, str] = field(default_factory=dict)
    inviting: dict[str, str] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    password: str = ""
    standby: int = 0  # the port of the second database server, which is there during and after the failover
    disk: Disk | None = None  # of the database, where it can be filled up
    refused: set[str] = field(default_factory=set)  # addresses that the mail server refuses for good
    complaints: list[str] = field(default_factory=list)  # of a fault that itself looks whether a promise was kept
    others: ExitStack = field(default_factory=ExitStack)  # what a fault started, and what ends with the stage

    @property
    def port(self) -> int:
        return self.web.port

    def workers(self) -> list[int]:
        return self.web.children()

    def memory(self) -> float:
        """MiB of all processes together, what they share counted once (PSS)."""
        found = 0
        process = self.web.process
        for pid in [process.pid, *self.workers()] if process else []:
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            found += int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])  # type: ignore[index]
        return found / 1024

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Of the portal's database, asked beside the portal."""
        if self.database.startswith("sqlite:///"):
            import sqlite3

            with closing(sqlite3.connect(self.database.removeprefix("sqlite:///"), timeout=20)) as connection:
                return connection.execute(question.replace("%s", "?"), values).fetchall()
        import psycopg

        with psycopg.connect(self.database.replace("postgres://", "postgresql://")) as connection:
            return connection.execute(question, values).fetchall()  # type: ignore[arg-type]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`manage.py` of this portal."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.web.code,
            env=self.web.environment,
            capture_output=True,
            text=True,
        )


@contextmanager
def running(folder: Path, people: int = PEOPLE, *, more: dict[str, str] | None = None) -> Iterator[Stage]:
    """Everything, with PostgreSQL and Redis. ``more``: of the environment."""
    with ExitStack() as stack:
        silent = stack.enter_context(closing(socket.create_server((HOST, 0), backlog=512)))
        # Else a standby could lack what was reported as done.
        postgres = stack.enter_context(SmallPostgres("synchronous_commit=on"))
        redis = stack.enter_context(Redis())
        mailbox = stack.enter_context(Mailbox())
        standby = free_port()
        place = f"{HOST}:{postgres.port}"
        database = postgres.url.replace(place, f"{place},{HOST}:{standby}") + "?target_session_attrs=read-write"
        environment = environment_of(folder, database, redis.url, mailbox, silent) | (more or {})
        told = fill(environment, silent, people)
        web = stack.enter_context(Web(environment, folder / "portal.log"))
        web.wait()
        address = f"https://{HOST}:{stack.enter_context(nginx.running(folder, web.port))}"
        background = stack.enter_context(Background(web))
        stage = Stage(web, background, address, mailbox, database, postgres, redis, silent, standby=standby, **told)
        stage.disk = postgres.disk if postgres.disk.is_mounted else None
        stack.enter_context(stage.others)
        yield stage


@contextmanager
def on_sqlite(folder: Path, people: int, size: str = "40m") -> Iterator[Stage]:
    """The smallest portal: SQLite on a disk of its own, the cache of the process, one process that answers."""
    with ExitStack() as stack:
        silent = stack.enter_context(closing(socket.create_server((HOST, 0), backlog=512)))
        mailbox = stack.enter_context(Mailbox())
        (folder / "disk").mkdir()
        disk = Disk(folder / "disk")
        if not disk.mount(size):
            raise RuntimeError("no disk in memory can be mounted here")
        stack.callback(disk.unmount)
        database = f"sqlite:///{disk.folder}/db.sqlite3"
        environment = environment_of(folder, database, "locmemcache://", mailbox, silent)
        environment |= {"AUDIT_HEAD_FILE": str(disk.folder / "audit-head")}
        told = fill(environment, silent, people)
        web = stack.enter_context(Web(environment, folder / "portal.log", options=("--workers", "1")))
        web.wait()
        background = stack.enter_context(Background(web))
        address = f"https://{HOST}:{stack.enter_context(nginx.running(folder, web.port))}"
        yield Stage(web, background, address, mailbox, database, silent=silent, disk=disk, **told)


def fill(environment: dict[str, str], silent: socket.socket, people: int) -> dict[str, Any]:
    issuer = f"http://{HOST}:{silent.getsockname()[1]}"
    command = [sys.executable, "-m", "tests.resilience.fill", issuer, str(people)]
    filled = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(filled.stdout)
    return found


def environment_of(folder: Path, database: str, cache: str, mailbox: Mailbox, silent: socket.socket) -> dict[str, str]:
    own = subprocess.run([sys.executable, "-m", "assetmaps.local_env"], capture_output=True, text=True, check=True)
    return (
        os.environ
        | dict(line.split("=", 1) for line in own.stdout.splitlines())
        | {
            "DJANGO_SETTINGS_MODULE": "assetmaps.settings",
            "ALLOWED_HOSTS": f"{raw_http.HOST},{HOST}",
            "PUBLIC_URL": f"https://{raw_http.HOST}",
            "TRUSTED_PROXIES": raw_http.PROXY,
            "DATABASE_URL": database,
            "CACHE_URL": cache,
            "WORKER": "separate",
            "EMAIL_URL": f"smtp://{mailbox.host}:{mailbox.port}",
            "SSO_ALLOWED_PRIVATE_ADDRESSES": f"{HOST}:{silent.getsockname()[1]}",
            "AUDIT_HEAD_FILE": str(folder / "audit-head"),
        }
    )
