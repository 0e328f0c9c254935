"""A throw-away portal as in production, granian with hashed and compressed files, and visitors who are signed in."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.provider import free_port

ROOT = Path(__file__).resolve().parents[2]
START = 20  # seconds that the portal may take to begin


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of the portal. On localhost, because to browsers that is as good as https."""
    address = f"http://localhost:{free_port('127.0.0.1')}"
    _settings(folder, address)
    _fill()
    server = subprocess.Popen(_granian(address), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(address)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def _settings(folder: Path, address: str) -> None:
    facts = subprocess.run([sys.executable, "-m", "assetmaps.local_env"], capture_output=True, text=True, check=True)
    for line in facts.stdout.splitlines():
        name, _equals, value = line.partition("=")
        os.environ[name] = value
    os.environ |= {
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "PUBLIC_URL": address,
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "assetmaps.settings",
    }


def _fill() -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from tests.browser import tour

    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    tour.people()


def _granian(address: str) -> list[str]:
    port = address.rpartition(":")[2]
    program = str(Path(sys.executable).with_name("granian"))
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", port, "--blocking-threads", "4"]
    return [program, *options, "--log-level", "error", "assetmaps.wsgi:application"]


def _wait(address: str) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the portal at {address} did not start")
