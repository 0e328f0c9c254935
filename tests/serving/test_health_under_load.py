"""Health checks do not wait behind other requests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from accounts import limits
from assetmaps.serving.application import ASGIApplication


def scope(path: str) -> dict:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "http_version": "1.1",
        "headers": [],
        "client": ("192.0.2.1", 1),
        "server": ("localhost", 80),
    }


def test_health_is_answered_while_every_thread_is_at_work() -> None:
    go_on = threading.Event()

    def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            go_on.wait(10)
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]

    async def ask(asgi: ASGIApplication, path: str, sent: list[bytes]) -> None:
        async def receive() -> dict:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict) -> None:
            sent.append(message.get("body", b""))

        await asgi(scope(path), receive, send)

    async def both() -> tuple[bytes, bytes]:
        asgi, others, health = ASGIApplication(application), [], []
        pages = [asyncio.create_task(ask(asgi, "/", others)) for _ in range(limits.REQUEST_THREADS + 5)]
        await asyncio.sleep(0)
        await asyncio.wait_for(ask(asgi, "/healthz", health), 5)
        before = b"".join(others)
        go_on.set()
        await asyncio.gather(*pages)
        return before, b"".join(health)

    try:
        # In a thread: a browser test in the same process leaves an event loop running in this one.
        with ThreadPoolExecutor(1) as elsewhere:
            assert elsewhere.submit(asyncio.run, both()).result() == (b"", b"/healthz")
    finally:
        go_on.set()
