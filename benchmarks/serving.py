"""The sides that are compared, and each of them in real server processes with a database of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import processes, visits
from tests.provider import free_port

ROOT = Path(__file__).resolve().parents[1]
START = 30  # seconds that a server may take until its first answer
WORKERS = "2"
# Like ours, the others load the application once, before the workers are forked.
PLAIN = ("-c", "/dev/null", "--preload", "--no-control-socket", "--log-level", "error")


@dataclass(frozen=True)
class Side:
    """``settings`` and ``application``: modules; ``python``: of the environment that has its packages; ``options``: of
    gunicorn; ``people``: the module that fills its database and prints the people; ``variables``: more of the
    environment; ``processes``: how many its server has."""

    name: str
    settings: str
    application: str
    visits: visits.Bare
    people: str = "benchmarks.people"
    wsgi: str = "benchmarks.wsgi"
    python: str = sys.executable
    options: tuple[str, ...] = PLAIN
    tasks: tuple[tuple[str, ...], ...] = (("migrate",),)
    variables: tuple[tuple[str, str], ...] = ()
    processes: int = 1 + int(WORKERS)

    def environment(self, folder: Path, **more: str) -> dict[str, str]:
        database = folder / "db.sqlite3"
        return {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": self.settings,
            "DATABASE": str(database),
            "DATABASE_URL": f"sqlite:///{database}",
            "SECRET_KEY": "only-for-the-benchmark-" * 3,
            "ENCRYPTION_KEYS": "b25seSBmb3IgdGVzdHMgb25seSBmb3IgdGVzdHMgISE=",
            "ALLOWED_HOSTS": visits.HOST,
            "PUBLIC_URL": f"https://{visits.HOST}",
            "TRUSTED_PROXIES": "127.0.0.1",
            "STATIC_ROOT": str(folder / "static"),
            "EMAIL_URL": "dummymail://",
            **dict(self.variables),
        } | more


BARE = Side("bare Django", "benchmarks.baseline_settings", "benchmarks.wsgi:application", visits.Bare())
# Django's default: every request opens the database anew.
NEW_CONNECTIONS = replace(BARE, name="bare, new connections", variables=(("NEW_CONNECTIONS", "1"),))
OURS = Side(
    "ours",
    "benchmarks.our_settings",
    "assetmaps.asgi:application",
    visits.Ours(),
    wsgi="assetmaps.wsgi",
    options=("--log-level", "error"),  # the rest is in gunicorn.conf.py, as in production
    tasks=(("migrate",), ("collectstatic", "--noinput")),
    processes=2 + int(WORKERS),  # with the worker for background work
)
WITHOUT_BACKGROUND = replace(
    OURS, name="ours, background work apart", variables=(("WORKER", "separate"),), processes=BARE.processes
)
# Signing in with nothing but a passkey.
BY_PASSKEY = replace(OURS, name="by passkey", visits=visits.ByPasskey(), people="benchmarks.passkey_people")


@dataclass
class Prepared:
    """A side with a filled database. ``people``: with a second factor, where the side has one.
    ``newcomers``: without one so far."""

    side: Side
    folder: Path
    people: list[dict[str, str]] = field(default_factory=list)
    newcomers: list[dict[str, str]] = field(default_factory=list)

    def as_side(self, side: Side) -> Prepared:
        """The same database and people, served as another side does."""
        return replace(self, side=side)

    def take_people(self, count: int) -> list[dict[str, str]]:
        """So many who did not sign in yet."""
        return [self.people.pop() for _ in range(count)]

    def take_newcomers(self, count: int) -> list[dict[str, str]]:
        return [self.newcomers.pop() for _ in range(count)]

    def run(self, *arguments: str, **more: str) -> str:
        """What a Python program of this side prints."""
        environment = self.side.environment(self.folder, **more)
        command = [self.side.python, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{self.side.name}: {' '.join(arguments)}\n{done.stderr[-3000:]}")
        return done.stdout


def prepare(side: Side, folder: Path, count: int, *more: str) -> Prepared:
    """Make the database in a folder of its own, and ``count`` people of each kind that the side knows.

    ``more``: for the program that makes them.
    """
    prepared = Prepared(side, folder / re.sub(r"\W+", "-", side.name))
    prepared.folder.mkdir()
    for task in side.tasks:
        prepared.run("-m", "django", *task, "--verbosity", "0")
    for person in json.loads(prepared.run("-m", side.people, str(count), *more).splitlines()[-1]):
        kind = prepared.people if "secret" in person or not hasattr(side.visits, "set_up") else prepared.newcomers
        kind.append(person)
    return prepared


@dataclass(eq=False)
class Server:
    """A side that runs. ``started_ms``: processor milliseconds of all its processes until its first answer."""

    prepared: Prepared
    port: int
    process: subprocess.Popen
    started_ms: float

    def __post_init__(self) -> None:
        self.side = self.prepared.side
        self.pids = processes.family(self.process.pid)

    def browser(self) -> visits.Browser:
        return visits.Browser(self.port)

    def processor_ms(self) -> float:
        return processes.processor_ms(self.pids)

    def memory_mib(self) -> float:
        return processes.memory_mib(self.pids)


@contextmanager
def running(prepared: Prepared, host: str = visits.HOST, **more: str) -> Iterator[Server]:
    """The side's server, until the end of the block. ``host``: that its first visitor asks; ``more``: environment
    variables."""
    side, port = prepared.side, free_port("127.0.0.1")
    gunicorn = str(Path(side.python).with_name("gunicorn"))
    command = [gunicorn, "--bind", f"127.0.0.1:{port}", "--workers", WORKERS, *side.options, side.application]
    environment = side.environment(prepared.folder, **more)
    with (prepared.folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        started = _first_page(side, port, process, host)
        _until_all_processes(process, side.processes)
        yield Server(prepared, port, process, started)
    finally:
        process.terminate()
        process.wait(40)


def _first_page(side: Side, port: int, process: subprocess.Popen, host: str) -> float:
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        try:
            visits.Browser(port, host).get(side.visits.sign_in_page)
        except OSError:
            time.sleep(0.02)
        else:
            return processes.processor_ms(processes.family(process.pid))
    process.kill()
    raise RuntimeError(f"{side.name} did not start")


def _until_all_processes(process: subprocess.Popen, count: int) -> None:
    while len(processes.family(process.pid)) < count:
        time.sleep(0.02)
