"""Firefox's own remote protocol, for the one thing that WebDriver BiDi lacks: virtual authenticators.

It runs beside BiDi, in the session that Playwright has begun: so one connection, kept until the browser has stopped,
because its end would be the end of that session. The messages are JSON behind their length: `12:[0,1,"name",{}]`.
"""

from __future__ import annotations

import json
import socket
import time
from typing import Any

START = 30  # seconds that Firefox may take to listen
COMMAND = 0  # the kind of a message


class Marionette:
    """``port``: where Firefox is to listen; it was free when this was made."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port: int = found.getsockname()[1]
        self._socket: socket.socket | None = None
        self._sent = 0

    def send(self, name: str, **values: Any) -> Any:
        """What Firefox answers. Raises RuntimeError when it refuses, OSError when it does not listen."""
        connection = self._socket or self._connect()
        self._sent += 1
        message = json.dumps([COMMAND, self._sent, name, values]).encode()
        connection.sendall(b"%d:%b" % (len(message), message))
        _kind, _number, error, answer = self._read()
        if error:
            raise RuntimeError(f"{name}: {error['error']}: {error['message']}")
        return answer["value"]

    def close(self) -> None:
        if self._socket is not None:
            self._answers.close()
            self._socket.close()

    def _connect(self) -> socket.socket:
        until = time.monotonic() + START
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=START)
                break
            except ConnectionRefusedError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        self._answers = self._socket.makefile("rb")
        self._read()  # it says what it is
        return self._socket

    def _read(self) -> Any:
        length = b""
        while (one := self._answers.read(1)) != b":":
            if not one:
                raise OSError("Firefox has closed Marionette")
            length += one
        return json.loads(self._answers.read(int(length)))
