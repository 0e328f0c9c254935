"""Real services on loopback that a test may stop, pause and kill: PostgreSQL, PgBouncer, Redis.

PostgreSQL and PgBouncer refuse to run as root; then they run as the user that Debian's package makes.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
PGBOUNCER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"  # where Debian has it, which few have in PATH
USER = "postgres"
PATIENCE = 20  # seconds for a service to begin or to end


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return found.getsockname()[1]


def wait_for(done: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > until:
            raise RuntimeError(f"{what}: not in {PATIENCE} s")
        time.sleep(0.02)


def missing(program: str) -> bool:
    """For a test that is skipped then."""
    return not shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def listens(port: int) -> bool:
    with socket.socket() as asked:
        asked.settimeout(1)
        return asked.connect_ex((HOST, port)) == 0


class Disk:
    """A small disk in memory at a folder, that can be filled up. Takes root, and a kernel that allows it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_mounted = False

    def mount(self, size: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.folder)]
        self.is_mounted = os.getuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
        return self.is_mounted

    def unmount(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)
            self.is_mounted = False

    def fill(self) -> None:
        """To the last byte."""
        with suppress(OSError), (self.folder / "full").open("wb", buffering=0) as file:
            while file.write(b"x" * 65536):
                pass
        with suppress(OSError), (self.folder / "full").open("ab", buffering=0) as file:
            while file.write(b"x"):
                pass

    def empty(self) -> None:
        (self.folder / "full").unlink()


class Service:
    """One process of a service, in a folder of its own; ``with`` starts it and clears up."""

    name = ""
    as_user: str | None = None
    size = ""  # of a disk of its own, such as 300m: see `Disk`

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self.disk = Disk(self.folder)
        if self.size:
            self.disk.mount(self.size)
        if self.as_user and os.getuid() == 0:
            shutil.chown(self.folder, self.as_user)
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def run(self, command: list[str]) -> subprocess.Popen[bytes]:
        user = self.as_user if os.getuid() == 0 else None
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self.folder}
        return subprocess.Popen(command, user=user, group=user, extra_groups=[] if user else None, **quiet)

    def is_ready(self) -> bool:
        return listens(self.port)

    def start(self) -> None:
        self._process = self.run(self.command())
        wait_for(self.is_ready, f"{self.name} answers")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def send(self, what: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, what)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self.send(signal.SIGCONT)
            self.send(how)
            self._process.wait(PATIENCE)
            self._process = None

    def __enter__(self) -> Any:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *args: object) -> None:
        try:
            self.stop()
        finally:
            self.disk.unmount()
            shutil.rmtree(self.folder, ignore_errors=True)


class Redis(Service):
    name = "redis"

    def __init__(self, *options: str) -> None:
        super().__init__()
        self.options = options
        self.url = f"redis://{HOST}:{self.port}/0"

    def command(self) -> list[str]:
        return [
            *("redis-server", "--bind", HOST, "--port", str(self.port), "--save", "", "--appendonly", "no"),
            *("--dir", str(self.folder), *self.options),
        ]

    def pause(self) -> None:
        """It keeps its connections, and says nothing any more."""
        self.send(signal.SIGSTOP)

    def go_on(self) -> None:
        self.send(signal.SIGCONT)


def has_postgres() -> bool:
    return shutil.which("pg_config") is not None and (_programs() / "postgres").exists()


def _programs() -> Path:
    found = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip())


class Postgres(Service):
    name = "postgresql"
    as_user = USER

    def __init__(self, *options: str) -> None:
        super().__init__()
        self.options = options
        self.url = f"postgres://{USER}@{HOST}:{self.port}/postgres"
        programs = _programs()
        self._server = str(programs / "postgres")
        make = [str(programs / "initdb"), "-D", str(self.folder / "data"), "-U", USER, "-A", "trust", "-N"]
        if self.run(make).wait(60) != 0:
            raise RuntimeError("initdb failed")

    def command(self) -> list[str]:
        settings = {"listen_addresses": HOST, "port": self.port, "unix_socket_directories": self.folder, "fsync": "off"}
        settings |= {"synchronous_commit": "off", "full_page_writes": "off"}
        pairs = [f"{name}={value}" for name, value in settings.items()]
        options = [part for pair in [*pairs, *self.options] for part in ("-c", pair)]
        return [self._server, "-D", str(self.folder / "data"), *options]

    def is_ready(self) -> bool:
        """It listens before it answers."""
        import psycopg

        try:
            psycopg.connect(self.url.replace("postgres://", "postgresql://"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """At once, with every connection cut, as `pg_ctl restart` does."""
        if self._process is not None:
            self.go_on()
        super().stop(how)

    def restart(self) -> None:
        self.stop()
        self.start()

    def start_if_it_ended(self) -> None:
        """As systemd does; it ends by itself when it cannot write."""
        assert self._process is not None
        if self._process.poll() is not None:
            self.start()

    def pause(self) -> None:
        """It and all of its processes keep their connections, and say nothing any more."""
        for pid in self._all():
            os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        for pid in self._all():
            os.kill(pid, signal.SIGCONT)

    def allow(self, network: str) -> None:
        """Connections from there too, without a password. ``network``: an address of it and its bits."""
        file = self.folder / "data" / "pg_hba.conf"
        file.write_text(f"{file.read_text()}\nhost all all {network} trust\n")
        self.ask("SELECT pg_reload_conf()")

    def standby(self, port: int) -> Standby:
        """A second server that follows this one."""
        return Standby(self, port)

    def wait_for_standby(self) -> None:
        """From now on this one reports no commit that a standby does not have; takes ``synchronous_commit=on``."""
        self.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.ask("SELECT pg_reload_conf()")
        wait_for(lambda: self.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'") == [(1,)], "a standby")

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        import psycopg

        address = self.url.replace("postgres://", "postgresql://")
        with psycopg.connect(address, connect_timeout=2, autocommit=True) as connection:
            answer = connection.execute(question)  # type: ignore[call-overload]
            return answer.fetchall() if answer.description else []

    def _all(self) -> list[int]:
        assert self._process is not None
        own = self._process.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return [own, *map(int, children)]


class SmallPostgres(Postgres):
    """On a disk of its own that can be filled up."""

    size = "600m"


class Standby(Postgres):
    """A copy of a running server that follows it (streaming replication), until it is promoted."""

    def __init__(self, primary: Postgres, port: int) -> None:
        Service.__init__(self)
        self.port = port
        self.options, self.url = primary.options, f"postgres://{USER}@{HOST}:{port}/postgres"
        self._server, self._programs = primary._server, Path(primary._server).parent
        copy = [str(self._programs / "pg_basebackup"), "-D", str(self.folder / "data"), "-R", "-c", "fast", "-N"]
        if self.run([*copy, "-h", HOST, "-p", str(primary.port), "-U", USER]).wait(60) != 0:
            raise RuntimeError("pg_basebackup failed")

    def promote(self) -> None:
        self.ask("SELECT pg_promote()")
        self.ask(
            "ALTER SYSTEM SET synchronous_standby_names = ''"
        )  # a copy of the other's setting: nobody follows this one
        self.ask("SELECT pg_reload_conf()")


class PgBouncer(Service):
    """In transaction mode, in front of the database at an address."""

    name = "pgbouncer"
    as_user = USER

    def __init__(self, host: str, port: int | str, user: str, password: str, *, pool_size: int) -> None:
        super().__init__()
        users = self.folder / "users.txt"
        users.write_text(f'"{user}" "{password}"\n')
        self._file = self.folder / "pgbouncer.ini"
        self._file.write_text(f"""[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = {HOST}
listen_port = {self.port}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 200
""")
        for file in (users, self._file):
            file.chmod(0o644)

    def command(self) -> list[str]:
        return [PGBOUNCER, str(self._file)]
