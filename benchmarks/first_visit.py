"""What a browser fetches that was never here, for the page to sign in: requests, and bytes as they are on the wire.

Counted between browser and server, because the browser's own tools leave out the icon and the manifest.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from benchmarks import serving
from benchmarks.serving import Prepared
from tests.browser import chromium
from tests.provider import free_port

QUIET_MS = 2000  # after the page has loaded: icon and manifest come last
_REQUEST = re.compile(rb"^(GET|HEAD|POST) (\S+) HTTP/1\.1\r\n", re.MULTILINE)


@dataclass
class Wire:
    """Passes connections on to a server. ``asked``: address and bytes of the answers, heads included, in order."""

    port: int
    to: int
    asked: list[list] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                browser, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
                last: list[list] = []
                threading.Thread(target=self._up, args=(browser, server, last), daemon=True).start()
                threading.Thread(target=self._down, args=(server, browser, last), daemon=True).start()

    def _up(self, browser: socket.socket, server: socket.socket, last: list[list]) -> None:
        for part in _parts(browser, server):
            for match in _REQUEST.finditer(part):  # a browser sends a whole head at once
                self.asked.append([match[2].decode(), 0])
                last[:] = [self.asked[-1]]

    def _down(self, server: socket.socket, browser: socket.socket, last: list[list]) -> None:
        for part in _parts(server, browser):
            last[0][1] += len(part)  # HTTP/1.1 answers one request of a connection after another

    def close(self) -> None:
        self._listener.close()


def _parts(source: socket.socket, target: socket.socket) -> Iterator[bytes]:
    """What comes, before it is passed on."""
    with suppress(OSError):
        while part := source.recv(65536):
            yield part
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def _wire(prepared: Prepared) -> Iterator[Wire]:
    """On localhost, which browsers treat as secure."""
    port = free_port("127.0.0.1")
    address = f"http://localhost:{port}"
    more = {"ALLOWED_HOSTS": "localhost", "PUBLIC_URL": address, "TRUSTED_PROXIES": ""}
    with serving.running(prepared, host=f"localhost:{port}", **more) as server:
        wire = Wire(port, server.port)
        try:
            yield wire
        finally:
            wire.close()


def fetched(prepared: Prepared) -> list[tuple[str, int]]:
    """Address and bytes of each answer. Raises FileNotFoundError without Chromium."""
    from playwright.sync_api import sync_playwright  # only where it is used: it takes a second to load

    # The whole browser: the build without windows fetches no icon.
    options = chromium.launch_args(windows=True)
    with _wire(prepared) as wire, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**options)
        page = browser.new_page(locale="nl-NL")
        page.goto(f"http://localhost:{wire.port}{prepared.side.visits.sign_in_page}", wait_until="networkidle")
        page.wait_for_timeout(QUIET_MS)
        browser.close()
        return [(address, size) for address, size in wire.asked]
