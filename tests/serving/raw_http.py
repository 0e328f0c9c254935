"""HTTP over plain sockets: client libraries would repair, refuse or hide malformed messages."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, parse_headers
from http.cookies import SimpleCookie

HOST = "mijn.assetmaps.nl"
TIMEOUT = 60  # seconds, for what must not hang
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    text: str
    closes: bool


class RawConnection:
    """One connection. ``source``: PROXY is in TRUSTED_PROXIES, STRANGER is not; ``receive``: bytes that the machine
    keeps of an answer that is not read."""

    def __init__(self, port: int, source: str = PROXY, receive: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(TIMEOUT)
        if receive:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, *parts: bytes) -> RawConnection:
        for part in parts:
            self.socket.sendall(part)
        return self

    def answer(self, method: str = "GET") -> Answer | None:
        """None when the connection was closed without one. ``method``: that was asked with; HEAD has no text."""
        try:
            first = self._file.readline()
            headers = parse_headers(self._file)
            length = 0 if method == "HEAD" else int(headers.get("Content-Length", 0))
            text = self._file.read(length).decode()
        except (HTTPException, ConnectionResetError):
            return None
        if not first:
            return None
        cookies = SimpleCookie()
        for value in headers.get_all("Set-Cookie", []):
            cookies.load(value)
        return Answer(
            int(first.split()[1]),
            {name.lower(): value for name, value in headers.items()},
            {name: morsel.value for name, morsel in cookies.items()},
            text,
            headers.get("Connection") == "close",
        )

    def is_closed(self) -> bool:
        """Waits until the other side closed it, throwing away what comes."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True


def request(
    target: str | bytes = "/inloggen/",
    *headers: bytes,
    method: str = "GET",
    body: bytes | None = None,
    host: str = HOST,
) -> bytes:
    """A request as the proxy sends it, with more ``headers`` (whole lines)."""
    address = target if isinstance(target, bytes) else target.encode()
    usual = [b"Host: " + host.encode(), b"X-Forwarded-For: 203.0.113.7", b"X-Forwarded-Proto: https"]
    if body is not None:
        usual += [b"Content-Length: %d" % len(body), b"Content-Type: application/x-www-form-urlencoded"]
    first = method.encode() + b" " + address + b" HTTP/1.1"
    return b"\r\n".join([first, *usual, *headers, b"", body or b""])


def ask(port: int, *parts: bytes, source: str = PROXY, method: str = "GET") -> Answer | None:
    with RawConnection(port, source) as wire:
        return wire.send(*parts).answer(method)


def wait_until(so: Callable[[], bool]) -> None:
    until = time.monotonic() + TIMEOUT
    while not so():
        assert time.monotonic() < until
        time.sleep(0.05)


def token(page: str) -> str:
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
