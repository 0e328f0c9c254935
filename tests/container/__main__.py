"""Builds the image of the Containerfile and starts it: `make container`.

The web server and the worker run in it as its user, with SQLite on a volume. Exit status 1 when something is not as
docs/server.md says; where no image can be built one line says so, and the status is 0 (1 with STRICT=1). Needs buildah;
where the base image cannot be fetched also mmdebstrap. Root on Debian gets both installed. Takes two minutes and 2 GB
in /var/tmp, which are free again at the end.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.container import tools
from tests.services import HOST, free_port

CODE, VAR, USER = "/srv/assetmaps", "/srv/assetmaps/var", 10001
STARTS_WITHIN, ENDS_WITHIN = 60, 30  # seconds
TOLD_AT = "0.0.0.0:8000"


@dataclass
class Container:
    """A container of the image, with the environment file of an installation and a volume."""

    buildah: tools.Buildah
    name: str
    config: dict
    port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def _environment(self) -> list[str]:
        own = subprocess.run([sys.executable, "-m", "assetmaps.local_env"], capture_output=True, text=True, check=True)
        file = self.buildah.folder / "assetmaps.env"  # the same keys for every command
        if not file.exists():
            file.write_text(own.stdout)
        more = {
            "WORKER": "separate",
            "PUBLIC_URL": "https://mijn.voorbeeld.nl",
            "TRUSTED_PROXIES": HOST,
            "DATABASE_URL": f"sqlite:///{VAR}/db.sqlite3",
        }
        return [*file.read_text().split(), *(f"{name}={value}" for name, value in more.items())]

    def command(self, *words: str) -> list[str]:
        """With the user, the folder and the variables of the image."""
        volume = f"--volume={self.buildah.folder / 'var'}:{VAR}"
        run = ["run", "--isolation", "chroot", "--network", "host", volume, self.name, "--"]
        return self.buildah.command(*run, "env", *self._environment(), *words)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=120)

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        with (self.buildah.folder / "log").open("ab") as log:
            process = subprocess.Popen(self.command(*words), stdout=log, stderr=log)
        try:
            yield process
        finally:
            for pid in descendants(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.kill()
            process.wait()

    def here(self, words: list[str]) -> list[str]:
        """A command of the image, at the port of this container."""
        return [re.sub(r"(0\.0\.0\.0|127\.0\.0\.1):8000", f"{HOST}:{self.port}", word) for word in words]


def descendants(pid: int) -> list[int]:
    """Of a process, the nearest first; any of its threads may have started one."""
    children = []
    for threads in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            children += [int(one) for one in threads.read_text().split()]
    return children + [one for child in children for one in descendants(child)]


def program(process: subprocess.Popen[bytes], name: str) -> int:
    """The first process of that program below this one; 0 when there is none."""
    for pid in descendants(process.pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if Path(f"/proc/{pid}/exe").resolve().name.startswith("python") and any(
                name in word.decode() for word in words
            ):
                return pid
    return 0


def ask(address: str) -> requests.Response | None:
    browser = requests.Session()
    browser.trust_env = False
    try:
        return browser.get(address, timeout=10, headers={"X-Forwarded-Proto": "https", "Host": "localhost"})
    except requests.RequestException:
        return None


def wait_until(done: object, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def image(config: dict) -> Iterator[str]:
    """What the image says of itself."""
    wanted = {"User": str(USER), "WorkingDir": CODE, "StopSignal": "SIGTERM", "Volumes": {VAR: {}}}
    wanted["ExposedPorts"] = {"8000/tcp": {}}
    for name, value in wanted.items():
        if config.get(name) != value:
            yield f"{name} of the image is {config.get(name)}, not {value}"
    if "Healthcheck" not in config:
        yield "the image has no health check"


def rights(container: Container) -> Iterator[str]:
    """The program cannot change itself."""
    who = container.run("id", "-u").stdout.strip()
    if who != str(USER):
        yield f"the program runs as {who}"
    for place in (CODE, f"{CODE}/accounts", f"{CODE}/.venv/bin", "/usr/bin"):
        if not container.run("touch", f"{place}/changed").returncode:
            yield f"the program can write to {place}"
    if container.run("touch", f"{VAR}/changed").returncode:
        yield "the program cannot write to its volume"


def serves(container: Container) -> Iterator[str]:
    """Migrations, the web server by the command of the image, its health check, the worker; both end when told to."""
    migrated = container.run("python", "manage.py", "migrate", "--verbosity", "0")
    if migrated.returncode:
        yield f"migrate: {migrated.stderr[-500:]}"
        return
    with container.running(*container.here(container.config["Cmd"])) as web:
        ready = f"{container.address}/readyz"
        if not wait_until(lambda: (told := ask(ready)) is not None and told.status_code == 200, STARTS_WITHIN):
            yield f"/readyz does not say ok: {(container.buildah.folder / 'log').read_text()[-1500:]}"
            return
        yield from pages(container)
        kind, *words = container.config["Healthcheck"]["Test"]
        if kind != "CMD" or container.run(*container.here(words)).returncode:
            yield "the health check of the image fails at a server that answers"
        with container.running("python", "manage.py", "worker") as worker:
            if not wait_until(lambda: has_worker(container), STARTS_WITHIN):
                yield "the worker in a container is not seen"
            yield from ends(worker, "manage.py", "the worker")
        yield from ends(web, "gunicorn", "the web server")
    if not container.run(*container.here(words)).returncode:
        yield "the health check of the image passes without a server"


def has_worker(container: Container) -> bool:
    """Does one say in the database that it is there?"""
    with closing(sqlite3.connect(container.buildah.folder / "var/db.sqlite3", timeout=20)) as database:
        return bool(database.execute("SELECT count(*) FROM background_worker").fetchone()[0])


def pages(container: Container) -> Iterator[str]:
    """With style sheets: static files were collected while the image was built."""
    page = ask(f"{container.address}/inloggen/")
    styles = re.findall(r'href="(/static/[^"]+\.css)"', page.text) if page is not None else []
    if not styles:
        yield f"the page of the sign-in has no style sheet: {page and page.status_code}"
    for style in styles:
        answer = ask(container.address + style)
        if answer is None or answer.status_code != 200:
            yield f"{style} is not served"


def ends(process: subprocess.Popen[bytes], name: str, what: str) -> Iterator[str]:
    """On the signal of the image."""
    if not (pid := program(process, name)):
        yield f"{what} is not a process of its container"
        return
    os.kill(pid, signal.SIGTERM)
    try:
        status = process.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        yield f"{what} does not end within {ENDS_WITHIN} s"
        return
    if status:
        yield f"{what} ends with status {status}"


CHECKS = {"the program cannot change itself": rights, "it serves, and ends when told to": serves}


def main() -> int:
    if wanted := tools.install():
        print(f"Left out: the image of the Containerfile: no {' and no '.join(wanted)}")
        return int(bool(os.environ.get("STRICT")))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        (folder / "var").mkdir()
        os.chown(folder / "var", USER, USER)
        buildah = tools.Buildah(folder)
        base, began = buildah.base(), time.monotonic()
        built = buildah.build(base)
        print(f"built from {base} in {time.monotonic() - began:.0f} s", flush=True)
        config = json.loads(buildah.do("inspect", "--type", "image", built))["Docker"]["config"]
        container = Container(buildah, buildah.do("from", "--pull-never", built), config)
        complaints = {"the image says what it needs": list(image(config))}
        complaints |= {title: list(check(container)) for title, check in CHECKS.items()}
        for title, found in complaints.items():
            print(f"{title:<40}{'BROKEN: ' + '; '.join(found) if found else 'kept'}")
    return int(any(complaints.values()))


if __name__ == "__main__":
    sys.exit(main())
