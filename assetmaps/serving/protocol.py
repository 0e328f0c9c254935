"""uvicorn's HTTP protocol for one connection, with the deadlines and limits that uvicorn lacks."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from accounts import limits
from assetmaps.serving import client_networks, error_pages
from assetmaps.serving.connections import open_connections

LINGER = 2  # seconds in which a client that was refused can still read the page
LAST_REQUESTS = 1  # seconds in which a server that stops still accepts requests that may be on their way
HEAD_DEADLINE = limits.HEAD_DEADLINE.total_seconds()
ANSWER_DEADLINE = limits.ANSWER_DEADLINE.total_seconds()


class HttpProtocol(HttpToolsProtocol):
    """``waiting_since``, ``writing_since``: since when the server waits for the headers of a request, or for the client
    to read a response, by the clock of the event loop; None when it does not. `Worker` calls `close_if_overdue` every
    second, which costs less than a timer for each request."""

    waiting_since: float | None = None
    writing_since: float | None = None
    refused_at: float | None = None
    discards_input = False  # everything received is discarded
    stopping_at: float | None = None
    head_bytes = 0
    peer = ""
    running: RequestResponseCycle | None = None  # the request being answered; ``cycle`` may be a later one

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
        """Against request smuggling: a body in another transfer coding than chunked, or chunked in HTTP/1.0, ends in
        different places for different programs (RFC 9112 section 6.1)."""
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        return not codings or (codings == [b"chunked"] and self.parser.get_http_version() == "1.1")

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.running is None or self.running.response_complete

    def can_be_closed(self) -> bool:
        """Whether there is no complete request that is still unanswered."""
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
        """The server stops. uvicorn would close idle connections at once, also when a request is on its way."""
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
            else:  # browsers open connections in advance
                self.transport.close()
        elif not self.transport.get_write_buffer_size():
            self.writing_since = None
        elif self.writing_since is None:
            self.writing_since = now
        elif now - self.writing_since > ANSWER_DEADLINE:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """uvicorn calls this when the parser refuses the request."""
        self.refuse(HTTPStatus.BAD_REQUEST)

    def refuse(self, status: HTTPStatus) -> None:
        """Answer with an error page, and read no more requests on this connection.

        It is not closed at once: closing with unread data resets the connection, and the page may never arrive.
        """
        if self.discards_input:
            return
        self.discards_input = True
        if self.running is not None and not self.is_idle() and not self.running.more_body:
            # The bytes after a complete request are invalid: answer that one, then close the connection.
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
        """No log line: the request is answered without the upgrade."""
