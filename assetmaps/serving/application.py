"""The ASGI application: reads the whole request, or refuses it, and runs Django in a thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from accounts import limits, metrics
from assetmaps import health
from assetmaps.serving import client_networks, error_pages, request_bodies, wsgi_environ
from assetmaps.serving.thread_pool import Answer, Application, QueueFullError, ThreadPool

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)
DRAIN_SECONDS = 2  # seconds in which the rest of an unwanted body is discarded, so that the response arrives


class ASGIApplication:
    """uvicorn calls this for each request."""

    def __init__(self, application: Application) -> None:
        self.threads = ThreadPool(application)
        # A separate pool: else a load balancer takes a busy worker for a dead one.
        self._health = ThreadPool(application, 1)
        self._pending_bodies = request_bodies.PendingBodies()

    async def __call__(self, scope: Scope, receive: request_bodies.Receive, send: Send) -> None:
        try:
            length = request_bodies.declared_length(scope)
            if length == 0:
                threads = self._health if scope["path"] in health.VIEWS else self.threads
                await _send(await threads.answer(wsgi_environ.of(scope, b"")), send)
            elif not request_bodies.is_acceptable(scope):
                answer = await self.threads.answer(wsgi_environ.of(scope, b""))
                answer.headers.append((b"connection", b"close"))
                await _send(answer, send, receive)
            else:
                body = await self._read(scope, length, receive)
                await _send(await self.threads.answer(wsgi_environ.of(scope, body)), send)
        except QueueFullError:
            await _refuse(HTTPStatus.SERVICE_UNAVAILABLE, scope, receive, send)
        except request_bodies.TooLargeError:
            await _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, scope, receive, send)
        except TimeoutError:
            await _refuse(HTTPStatus.REQUEST_TIMEOUT, scope, receive, send)
        except request_bodies.DisconnectedError:
            return

    async def _read(self, scope: Scope, length: int | None, receive: request_bodies.Receive) -> bytes:
        most = limits.LARGEST_BODY
        if length is None or length > most:
            most = request_bodies.max_size(scope["path"])
        if length is not None and length > most:
            raise request_bodies.TooLargeError
        async with self._pending_bodies.reading(client_networks.client_network(scope), length or most):
            return await request_bodies.read(receive, most)


async def _send(answer: Answer, send: Send, receive: request_bodies.Receive | None = None) -> None:
    """``receive``: given when the body is unread; it is discarded for a while. Closing a connection with unread data
    resets it, and many clients then never see the response."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    for part in answer.parts():
        await send({"type": "http.response.body", "body": part, "more_body": True})
    if receive:
        await _drain(receive)
    await send({"type": "http.response.body"})


async def _refuse(status: HTTPStatus, scope: Scope, receive: request_bodies.Receive, send: Send) -> None:
    headers, text = error_pages.page(status, error_pages.language(wsgi_environ.header(scope, b"cookie")))
    log.info("refused with %d before it was read", status)
    if metrics.recorder:
        metrics.recorder.refused_unread(status)
    await _send(Answer(status, headers, text), send, receive)


async def _drain(receive: request_bodies.Receive) -> None:
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while (message := await receive())["type"] != "http.disconnect" and message["more_body"]:
                pass
    except TimeoutError:
        return
