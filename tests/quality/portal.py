"""A throw-away portal as in production, with hashed and compressed files, and visitors who are signed in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import server
from tests.provider import free_port


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of the portal. On localhost, because to browsers that is as good as https."""
    address = f"http://localhost:{free_port('127.0.0.1')}"
    _settings(folder, address)
    _fill()
    # 127.0.0.1 and localhost are one here, but not for browsers.
    portal = server.start(address.replace("localhost", "127.0.0.1"), "--workers", "1")
    try:
        yield address
    finally:
        portal.terminate()
        portal.wait(30)


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

    from tests.browser import page_tour

    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    page_tour.people()
