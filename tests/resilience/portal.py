"""The portal as in production: the README's command, PostgreSQL, Redis, nginx in front, and an
organisation whose identity provider is silent."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services import HOST, Postgres, Redis, free_port, listens, wait_for
from tests.serving import nginx, raw_http

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 500  # each signs in once in half a minute at most: a code works once
STARTED_AT = "127.0.0.1:8000"  # in the README
FILL = f"""
import base64, json, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
import sys
from accounts.sso.models import Connection
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
silent = OrganisationFactory(name="Stil", slug="stil")
Connection.objects.create(organisation=silent, issuer=sys.argv[1], client_id="portaal", enabled=True)
people = [UserFactory(with_totp=True) for _ in range({PEOPLE})]
EnvironmentFactory(people=people)
secrets = {{one.email: base64.b32encode(one.authenticator_set.get().secret()).decode() for one in people}}
print(json.dumps(secrets))
"""


def production_command(port: int) -> list[str]:
    """The last line of "Deployment" in the README, at another port."""
    deployment = re.search(r"## Deployment\n\n```\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert deployment
    told = deployment[1].strip().splitlines()[-1]
    assert STARTED_AT in told
    return shlex.split(told.replace(STARTED_AT, f"{HOST}:{port}"))


@dataclass
class Stage:
    """``address``: of nginx, where visitors ask; ``port``: of the portal itself; ``secrets``:
    of the authenticator app by e-mail address, in base32."""

    postgres: Postgres
    redis: Redis
    portal: subprocess.Popen[bytes]
    port: int
    address: str
    secrets: dict[str, str]
    silent: socket.socket

    def workers(self) -> list[int]:
        pid = self.portal.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def memory(self) -> float:
        """MiB of all processes together, what they share counted once (PSS)."""
        found = 0
        for pid in [self.portal.pid, *self.workers()]:
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            found += int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])  # type: ignore[index]
        return found / 1024


@contextmanager
def running(folder: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        silent = stack.enter_context(closing(socket.create_server((HOST, 0), backlog=512)))
        postgres, redis = stack.enter_context(Postgres()), stack.enter_context(Redis())
        environment = _environment(postgres, redis, silent) | {"AUDIT_HEAD_FILE": str(folder / "audit-head")}
        issuer = f"http://{HOST}:{silent.getsockname()[1]}"
        fill = [sys.executable, "-c", FILL, issuer]
        filled = subprocess.run(fill, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
        port = free_port()
        log = stack.enter_context((folder / "portal.log").open("wb"))
        portal = subprocess.Popen(production_command(port), cwd=ROOT, env=environment, stdout=log, stderr=log)
        stack.callback(_stop, portal)
        wait_for(lambda: listens(port), "the portal answers")
        address = f"https://{HOST}:{stack.enter_context(nginx.running(folder, port))}"
        yield Stage(postgres, redis, portal, port, address, json.loads(filled.stdout), silent)


def _environment(postgres: Postgres, redis: Redis, silent: socket.socket) -> dict[str, str]:
    own = subprocess.run([sys.executable, "-m", "assetmaps.local_env"], capture_output=True, text=True, check=True)
    return (
        os.environ
        | dict(line.split("=", 1) for line in own.stdout.splitlines())
        | {
            "DJANGO_SETTINGS_MODULE": "assetmaps.settings",
            "ALLOWED_HOSTS": f"{raw_http.HOST},{HOST}",
            "PUBLIC_URL": f"https://{raw_http.HOST}",
            "TRUSTED_PROXIES": raw_http.PROXY,
            "DATABASE_URL": postgres.url,
            "CACHE_URL": redis.url,
            "EMAIL_URL": "dummymail://",
            "SSO_ALLOWED_PRIVATE_ADDRESSES": f"{HOST}:{silent.getsockname()[1]}",
        }
    )


def _stop(portal: subprocess.Popen[bytes]) -> None:
    portal.terminate()
    try:
        portal.wait(40)
    except subprocess.TimeoutExpired:
        portal.kill()
        portal.wait()
