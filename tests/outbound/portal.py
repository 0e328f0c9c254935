"""A portal as in production, in processes of its own, with one organisation whose provider never answers."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from tests import server
from tests.provider import free_port

ROOT = Path(__file__).resolve().parents[2]
# Both organisations and their people; the secret is not asked for before somebody comes back from the provider.
FILL = """
import sys, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.factories import OrganisationFactory, UserFactory
from accounts.sso.models import Connection
for number, issuer in enumerate(sys.argv[1:]):
    silent = OrganisationFactory(name=f"Stil {number}", slug=f"stil-{number}")
    Connection.objects.create(organisation=silent, issuer=issuer, client_id="portaal", enabled=True)
for number in range(20):
    UserFactory(email=f"bezoeker{number}@voorbeeld.nl", organisation=OrganisationFactory())
"""


@dataclass(frozen=True)
class Portal:
    address: str
    log: Path
    silent: list[socket.socket]  # the providers, which listen and never answer

    def entry(self, number: int = 0) -> str:
        return f"{self.address}/inloggen/sso/stil-{number}/"


@contextmanager
def silent_provider() -> Iterator[socket.socket]:
    """A port that takes every connection, and then says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=512)) as listening:
        yield listening


def issuer_of(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def running(folder: Path, *, providers: int = 1) -> Iterator[Portal]:
    """On the engine of this test run: a database of its own on PostgreSQL, with the pool, or a file."""
    with ExitStack() as stack:
        silent = [stack.enter_context(silent_provider()) for _ in range(providers)]
        issuers = [issuer_of(one) for one in silent]
        address = f"http://localhost:{free_port('127.0.0.1')}"
        database = stack.enter_context(_database(folder))
        environment = _environment(address, database, [issuer.removeprefix("http://") for issuer in issuers])
        subprocess.run([sys.executable, "-c", FILL, *issuers], cwd=ROOT, env=environment, check=True)
        log = folder / "portal.log"
        with log.open("wb") as written:
            # 127.0.0.1 and localhost are one here, but not for cookies.
            portal = server.start(
                address.replace("localhost", "127.0.0.1"), "--workers", "1", env=environment, stderr=written
            )
        stack.callback(_stop, portal)
        yield Portal(address, log, silent)


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    if connection.vendor != "postgresql":
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    facts, name = connection.settings_dict, f"portal_{secrets.token_hex(4)}"
    place = f"postgres://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}"
    psql = [str(shutil.which("psql")), f"{place}/postgres", "-q", "-c"]
    subprocess.run([*psql, f"CREATE DATABASE {name}"], check=True)
    try:
        yield f"{place}/{name}"
    finally:
        subprocess.run([*psql, f"DROP DATABASE {name} WITH (FORCE)"], check=True)


def _environment(address: str, database: str, private: list[str]) -> dict[str, str]:
    own = subprocess.run([sys.executable, "-m", "assetmaps.local_env"], capture_output=True, text=True, check=True)
    return (
        os.environ
        | dict(line.split("=", 1) for line in own.stdout.splitlines())
        | {
            "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
            "PUBLIC_URL": address,
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "tests.outbound.settings",
            "SSO_ALLOWED_PRIVATE_ADDRESSES": ",".join(private),
            "EMAIL_URL": "dummymail://",
        }
    )


def _stop(portal: subprocess.Popen[bytes]) -> None:
    portal.terminate()
    try:
        portal.wait(10)
    except subprocess.TimeoutExpired:
        portal.kill()
        portal.wait(10)
