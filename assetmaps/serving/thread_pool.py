"""Runs a WSGI application in a fixed number of threads, and buffers its response until the client has read it."""

from __future__ import annotations

import asyncio
import io
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from accounts import limits
from assetmaps.serving import error_pages

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

log = logging.getLogger(__name__)


class QueueFullError(Exception):
    """Too many requests wait for a thread."""


@dataclass
class Answer:
    """A response. ``file``: used instead of ``body`` when it does not fit into memory."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    file: Any = None

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        """The `start_response` of WSGI. Nothing has been sent yet, so a later call replaces an earlier one."""
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]

    def announce(self, length: int) -> None:
        """Add the length where Django does not, so that a proxy can tell whether the whole response arrived."""
        if (
            self.status >= 200
            and self.status not in (204, 304)
            and all(name != b"content-length" for name, _ in self.headers)
        ):
            self.headers.append((b"content-length", b"%d" % length))

    def parts(self) -> Iterator[bytes]:
        yield self.body
        if self.file:
            with self.file:
                self.file.seek(0)
                while part := self.file.read(limits.ANSWER_PART):
                    yield part


class ThreadPool:
    """``application`` runs in at most ``count`` threads; at most REQUESTS_WAITING requests wait for one."""

    def __init__(self, application: Application, count: int = limits.REQUEST_THREADS) -> None:
        self._application = application
        self._count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="request")
        self._running: dict[int, float] = {}  # thread: when it began, by time.monotonic()
        self._inside = 0

    async def answer(self, environ: Environ) -> Answer:
        """The whole response. Raises QueueFullError, at once."""
        if self._inside >= self._count + limits.REQUESTS_WAITING:
            raise QueueFullError
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, environ)
        finally:
            self._inside -= 1

    def stuck_for(self) -> float:
        """Seconds since a thread last began a request, while all of them are busy; 0 when one is free."""
        begun = list(self._running.values())
        return time.monotonic() - max(begun) if len(begun) >= self._count else 0.0

    @property
    def busy(self) -> int:
        """Threads that run a request."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Requests that wait for a thread."""
        return max(0, self._inside - self._count)

    def _run(self, environ: Environ) -> Answer:
        thread = threading.get_ident()
        self._running[thread] = time.monotonic()
        answer = Answer()
        try:
            self._collect(answer, self._application(environ, answer.start))
        except Exception as mistake:
            # The application handles its own exceptions; this one comes from the iteration over a streamed response.
            log.exception("an answer broke off")
            answer = Answer(*error_pages.last_resort(mistake))
        finally:
            del self._running[thread]
        return answer

    @staticmethod
    def _collect(answer: Answer, chunks: Iterable[bytes]) -> None:
        """Read all of it in this thread, so that a slow client occupies no thread and no database connection. Beyond
        ANSWER_IN_MEMORY bytes it goes into a temporary file."""
        memory = io.BytesIO()
        try:
            for chunk in chunks:
                memory.write(chunk)
                if memory.tell() > limits.ANSWER_IN_MEMORY:
                    answer.file = answer.file or tempfile.TemporaryFile()  # noqa: SIM115 - closed after sending
                    answer.file.write(memory.getvalue())
                    memory = io.BytesIO()
        finally:
            if close := getattr(chunks, "close", None):
                close()  # here Django ends the request and releases its database connections
        answer.body = memory.getvalue()
        if answer.file:
            answer.file.write(answer.body)
            answer.body = b""
        answer.announce(answer.file.tell() if answer.file else len(answer.body))
