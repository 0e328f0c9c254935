"""A certified OpenID provider (npm oidc-provider) as a process of its own on loopback.

For the browser tests, and for `make demo-sso`. It needs node and npm; `.ci/run` installs them where they lack.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CLIENT_ID = "mijn-assetmaps"
START = 20  # seconds that the provider may take to begin
TRIES = 3
MISSING = "no node and npm on the PATH (on Debian: apt-get install nodejs npm)"
NOT_INSTALLED = "npm could not install the packages of"


class MissingError(Exception):
    """Says in one sentence what lacks."""


def install(folder: Path = HERE) -> None:
    """The packages of the folder's lock file, when they are not there yet. Raises MissingError."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise MissingError(MISSING)
    stamp, locked = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
    with locked.open() as one_at_a_time:  # test workers begin together
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if stamp.exists() and stamp.stat().st_mtime >= locked.stat().st_mtime:
            return
        done = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(
            f"{NOT_INSTALLED} {folder.name}: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}"
        )


def free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def account(name: str, email: str, **claims: Any) -> dict[str, Any]:
    """Somebody at the provider; by default one who showed a second step there."""
    first, _space, last = name.partition(" ")
    given = {"given_name": first, "family_name": last, "name": name, "preferred_username": email}
    return (
        {
            "sub": f"sub-{secrets.token_hex(8)}",
            "email": email,
            "email_verified": True,
            "amr": ["pwd", "mfa"],
            "acr": "two-steps",
        }
        | given
        | claims
    )


class LocalProvider:
    """One organisation's provider. ``host``: of its own for each, because browsers share cookies between ports."""

    def __init__(self, folder: Path, slug: str, portal: str, *, host: str = "127.0.0.2", port: int = 0) -> None:
        self.host, self.port = host, port or free_port(host)
        self.issuer = f"http://{self.host}:{self.port}"
        self.secret = secrets.token_urlsafe(32)
        self.accounts: list[dict[str, Any]] = []
        self.key = "first"
        self._file, self._log = folder / f"{slug}.json", folder / f"{slug}.log"
        self._process: subprocess.Popen[bytes] | None = None
        entry = f"{portal}/inloggen/sso/{slug}"
        self.client: dict[str, Any] = {
            "client_id": CLIENT_ID,
            "client_secret": self.secret,
            "token_endpoint_auth_method": "client_secret_basic",
            "redirect_uris": [f"{entry}/callback/"],
            "post_logout_redirect_uris": [f"{portal}/uitgelogd/"],
            "backchannel_logout_uri": f"{entry}/backchannel-logout/",
            "backchannel_logout_session_required": True,
        }
        self.organisation = slug

    @property
    def address(self) -> str:
        """Host and port, as `SSO_ALLOWED_PRIVATE_ADDRESSES` lists it."""
        return f"{self.host}:{self.port}"

    def start(self) -> None:
        """Raises RuntimeError when it does not answer in time."""
        self.save()
        for _ in range(TRIES):
            with self._log.open("a") as log:
                self._process = subprocess.Popen(
                    ["node", "provider.mjs", str(self._file)], cwd=HERE, stdout=log, stderr=subprocess.STDOUT
                )
            if self._answers():
                return
            self._process.kill()  # once, node hung before it had read its files; every later test would fail too
            self._process.wait(10)
        raise RuntimeError(f"the provider at {self.issuer} did not start: {self._log.read_text()[-500:]}")

    def save(self) -> None:
        """Accounts that changed hold from the next sign-in on; the rest from the next start."""
        facts = {
            "host": self.host,
            "port": self.port,
            "organisation": self.organisation,
            "key": self.key,
            "clients": [self.client],
            "accounts": self.accounts,
        }
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(facts))
        fresh.replace(self._file)  # at once, because the provider may be reading

    @property
    def requests(self) -> list[str]:
        """Every request so far, oldest first: method, path and the program that asked."""
        return [line for line in self._log.read_text().splitlines() if " /" in line and "urllib" not in line]

    def _answers(self) -> bool:
        until = time.monotonic() + START
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.issuer}/.well-known/openid-configuration", timeout=1):
                    return True
            except OSError:
                time.sleep(0.1)
        return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def restart(self, *, key: str | None = None) -> None:
        """Begin again at the same address with the accounts of now, and with another signing key when named."""
        self.stop()
        self.key = key or self.key
        self.start()
