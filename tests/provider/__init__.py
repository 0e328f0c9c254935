"""A certified OpenID provider (npm oidc-provider) as a process of its own on loopback.

For the browser tests, and for `make demo-sso`. It needs node and npm; `.ci/run` installs them where they lack.
"""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CLIENT_ID = "mijn-assetmaps"
START = 20  # seconds that the provider may take to begin


def install() -> None:
    """The packages of the lock file, when they are not there yet."""
    stamp = HERE / "node_modules" / ".package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        subprocess.run(["npm", "ci", "--silent"], cwd=HERE, check=True)


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
        self._file = folder / f"{slug}.json"
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
        facts = {
            "host": self.host,
            "port": self.port,
            "organisation": self.organisation,
            "key": self.key,
            "clients": [self.client],
            "accounts": self.accounts,
        }
        self._file.write_text(json.dumps(facts))
        self._process = subprocess.Popen(
            ["node", "provider.mjs", str(self._file)], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + START
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.issuer}/.well-known/openid-configuration", timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the provider at {self.issuer} did not start")

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
