"""HTTP on one connection: uvicorn's, with the deadlines and bounds that it leaves to others."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from accounts import limits
from assetmaps.serving import client_networks, error_pages
from assetmaps.serving.connections import open_connections

LINGER = 2  # seconds in which a visitor who was refused can still read why
LAST_REQUESTS = 1  # second in which a server that stops still takes requests that may be on their way
HEAD_DEADLINE = limits.HEAD_DEADLINE.total_seconds()
ANSWER_DEADLINE = limits.ANSWER_DEADLINE.total_seconds()


class HttpProtocol(HttpToolsProtocol):
    """``waiting_since``, ``writing_since``: since when the head of a request, or a visitor who takes an answer, is
    waited for, by the clock of the event loop; None when that is not so. `Worker` calls `end_if_late` every second,
    which costs less than a timer for each request."""

    waiting_since: float | None = None
    writing_since: float | None = None
    refused_at: float | None = None
    discards_input = False  # what comes is thrown away
    stopping_at: float | None = None
    head_bytes = 0
    peer = ""
    running: RequestResponseCycle | None = None  # the request that is being answered; ``cycle`` may be a later one

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.waiting_since = self.loop.time()
        self.peer = client_networks.peer_network(self.client)
        open_connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        open_connections.remove(self)
        self._stop_running()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.discards_input or self.transport.is_closing():
            return
        if self.waiting_since is None and self.is_idle():
            self.waiting_since = self.loop.time()
        super().data_received(data)
        if self.waiting_since is not None:
            self.head_bytes += len(data)
            if self.head_bytes > limits.LARGEST_HEAD:
                self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        self.waiting_since, self.head_bytes = None, 0
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > limits.LARGEST_HEAD or len(self.headers) > limits.HEADERS:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif not self._body_is_plain():
            self.refuse(HTTPStatus.BAD_REQUEST)
        elif not self.discards_input:
            super().on_headers_complete()
            if self.stopping_at is not None:
                self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        if not self.discards_input:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.discards_input:
            super().on_message_complete()

    def _body_is_plain(self) -> bool:
        """A body in another coding than chunks, or in chunks from a program that cannot know them (HTTP/1.0), is taken
        to end in different places by different programs (RFC 9112 section 6.1)."""
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        return not codings or (codings == [b"chunked"] and self.parser.get_http_version() == "1.1")

    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return self.running is None or self.running.response_complete

    def can_be_closed(self) -> bool:
        """Whether nothing whole was asked that is not answered yet: it is waited for."""
        return self.running is None or self.running.response_complete or self.running.more_body

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def _stop_running(self) -> None:
        """Nobody waits for the answer any more. uvicorn tells only the last request that came in on the connection."""
        self.pipeline.clear()
        if self.running is not None:
            self.running.disconnected = True
            self.running.message_event.set()

    def abort(self) -> None:
        self.transport.abort()

    def shutdown(self) -> None:
        """The server stops. uvicorn closes silent connections at once, also when a request is on its way on them."""
        if self.is_idle():
            self.stopping_at = self.loop.time()
        else:
            super().shutdown()

    def close_if_overdue(self, now: float) -> None:
        if self.refused_at is not None and now - self.refused_at > LINGER:
            self.transport.abort()
        elif self.stopping_at is not None and now - self.stopping_at > LAST_REQUESTS and self.is_idle():
            self.transport.close()
        elif self.waiting_since is not None and now - self.waiting_since > HEAD_DEADLINE:
            if self.head_bytes:
                self.refuse(HTTPStatus.REQUEST_TIMEOUT)
            else:  # browsers open connections that they may need later
                self.transport.close()
        elif not self.transport.get_write_buffer_size():
            self.writing_since = None
        elif self.writing_since is None:
            self.writing_since = now
        elif now - self.writing_since > ANSWER_DEADLINE:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls when the parser refuses the request."""
        self.refuse(HTTPStatus.BAD_REQUEST)

    def refuse(self, status: HTTPStatus) -> None:
        """Answer with a page, and look at nothing more on this connection.

        It is not closed at once: closing with something unread resets it, and the page may never arrive.
        """
        if self.discards_input:
            return
        self.discards_input = True
        if self.running is not None and not self.is_idle() and not self.running.more_body:
            # What came behind a whole request is wrong: that one is answered still, and the connection ends with it.
            self.running.keep_alive = False
            self.pipeline.clear()
            return
        self._stop_running()
        self.refused_at = self.loop.time()
        cookies = b"; ".join(value for name, value in self.headers or [] if name == b"cookie")
        headers, text = error_pages.page(status, error_pages.language(cookies))
        lines = [STATUS_LINE[status], *(b"%b: %b\r\n" % header for header in headers), b"\r\n", text]
        self.transport.write(b"".join(lines))
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _unsupported_upgrade_warning(self) -> None:
        """Not worth a line in the log: the request is answered as if it had not asked."""
