"""An installation of the portal with a database, keys and files of its own, which a test sets up, backs up, breaks and
upgrades; its commands and its server are programs of their own, as in production."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import requests

from tests import server
from tests.factories import PASSWORD
from tests.outbound.visitors import token_of
from tests.services import free_port

KEYS = ("b25seSBmb3IgdGVzdHMgb25seSBmb3IgdGVzdHMgISE=", "YW5vdGhlciBrZXksIGFub3RoZXIga2V5LCAzMiBieSE=")
SIGNING = ("only-for-tests-" * 4, "a-new-one-" * 6)
TIMEOUT = 180  # seconds


@dataclass
class Installation:
    """``folder`` holds everything; ``more``: environment variables beside the usual ones."""

    folder: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        usual = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "tests.keeping.settings",
            "SECRET_KEY": SIGNING[0],
            "ENCRYPTION_KEYS": KEYS[0],
            "ALLOWED_HOSTS": "127.0.0.1",
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "DATABASE_URL": f"sqlite:///{self.folder}/db.sqlite3",
            "AUDIT_HEAD_FILE": str(self.folder / "audit-head"),
            "EMAIL_URL": "filemail://",
            "EMAIL_FILE_PATH": str(self.folder / "mail"),
            "STATIC_ROOT": str(self.folder / "static"),
        }
        return usual | self.more

    def manage(self, *arguments: str, status: int = 0, **more: str) -> str:
        """What the command prints on both outputs. Fails unless it ends with this status."""
        program = [sys.executable, "manage.py", *arguments]
        environment = self.environment | more
        done = subprocess.run(
            program, cwd=server.ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT
        )
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def python(self, text: str) -> str:
        """What these lines print, run after `django.setup()`."""
        return self.manage("shell", "--no-imports", "-c", text)

    def set_up(self, prepared: Path) -> Installation:
        """With tables without rows, on SQLite. ``prepared``: the fixture of that name."""
        self.folder.mkdir(exist_ok=True)
        self.more = {"STATIC_ROOT": str(prepared / "static")} | self.more
        shutil.copy(prepared / "db.sqlite3", self.folder / "db.sqlite3")
        return self

    def people(self, *traits: str) -> list[Person]:
        """One person for each text of traits, as `UserFactory` takes them: "email='jan@voorbeeld.nl', staff=True"."""
        made = self.python(
            "import base64, json\n"
            "from tests.factories import UserFactory\n"
            f"people = [{', '.join(f'UserFactory(with_totp=True, {one})' for one in traits)}]\n"
            "secret = lambda one: base64.b32encode(one.authenticator_set.get().secret()).decode()\n"
            "print(json.dumps([[one.pk, one.email, secret(one)] for one in people]))"
        )
        return [Person(*values) for values in json.loads(made.splitlines()[-1])]

    @contextmanager
    def portal(self, **more: str) -> Iterator[str]:
        """The address of a server with one worker, until the end of the block."""
        address = f"http://127.0.0.1:{free_port()}"
        with (self.folder / "log").open("ab") as log:
            process = server.start(address, "--workers", "1", env=self.environment | more, stderr=log)
        try:
            yield address
        finally:
            process.terminate()
            process.wait(TIMEOUT)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def mail(self) -> str:
        """Every mail that was sent so far, in one text."""
        files = sorted((self.folder / "mail").glob("*"))
        return "\n".join(file.read_text() for file in files)


@dataclass
class Person:
    """Somebody with a browser, which keeps one session, and an authenticator app."""

    pk: int
    email: str
    secret: str
    browser: requests.Session = field(default_factory=requests.Session)

    def new_browser(self) -> Person:
        return Person(self.pk, self.email, self.secret)

    def ask(self, address: str) -> requests.Response:
        self.browser.trust_env = False  # no proxy of the machine
        return self.browser.get(address, timeout=TIMEOUT, allow_redirects=False)

    def send(self, address: str, page: str, **values: str) -> requests.Response:
        values["csrfmiddlewaretoken"] = token_of(self.ask(page).text)
        return self.browser.post(address, values, timeout=TIMEOUT, allow_redirects=False)

    def sign_in(self, portal: str, steps: int = 0) -> None:
        """With password and code. ``steps``: how many half minutes ahead, because a code works once."""
        assert self.give_password(portal) == "/inloggen/verificatie/"
        page = f"{portal}/inloggen/verificatie/"
        code = pyotp.TOTP(self.secret).now() if not steps else pyotp.TOTP(self.secret).at(time.time() + 30 * steps)
        answer = self.send(page, page, code=code)
        assert answer.headers.get("Location") == "/", answer.text[:3000]

    def give_password(self, portal: str) -> str:
        """Where the portal leads after the password; empty when it was refused."""
        page = f"{portal}/inloggen/"
        return self.send(page, page, username=self.email, password=PASSWORD).headers.get("Location", "")

    def is_in(self, portal: str) -> bool:
        return self.ask(f"{portal}/").status_code == 200
