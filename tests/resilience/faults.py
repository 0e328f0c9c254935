"""The faults, one after the other. Each takes a limited time and is undone at its end."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from contextlib import ExitStack
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from tests.outbound.visitors import token_of
from tests.resilience.portal import Stage
from tests.services import HOST, wait_for
from tests.serving import raw_http

LASTS = 10  # seconds, of what lasts
SOCKETS = 500
STARTS_AT_ONCE = 4
TOKENS_A_SECOND = 20


def nothing(stage: Stage) -> None:
    time.sleep(LASTS / 2)


def worker_killed(stage: Stage) -> None:
    """`kill -9` of one of the two; another takes its place."""
    before = stage.workers()
    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: len(stage.workers()) == len(before) and before[0] not in stage.workers(), "a new worker begins")


def database_restarted(stage: Stage) -> None:
    stage.postgres.restart()


def cache_mute(stage: Stage) -> None:
    stage.redis.pause()
    try:
        time.sleep(LASTS)
    finally:
        stage.redis.go_on()


def silent_sockets(stage: Stage) -> None:
    """Half at the proxy, half at the portal itself; half of each say nothing at all, half stop within a form."""
    head = raw_http.request(method="POST", body=b"x" * 500)
    begun = head[: head.index(b"\r\n\r\n") + 14]
    ports = [int(stage.address.rpartition(":")[2]), stage.port]
    with ExitStack() as stack:
        for number in range(SOCKETS):
            at = (HOST, ports[number % 2])
            try:
                one = stack.enter_context(socket.create_connection(at, 5, (raw_http.STRANGER, 0)))
                if number % 4 > 1:
                    one.sendall(begun)
            except OSError:
                continue  # refused, which is a good answer
        time.sleep(LASTS)


def provider_silent(stage: Stage) -> None:
    """People of its organisation begin to sign in there, and a stranger posts logout tokens that are none."""
    over = threading.Event()
    threads = [threading.Thread(target=_start, args=[stage, over]) for _ in range(STARTS_AT_ONCE)]
    threads += [threading.Thread(target=_send_tokens, args=[stage, over, number]) for number in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(LASTS)
    over.set()
    for thread in threads:
        thread.join()


class FromElsewhere(HTTPAdapter):
    """From another network than the visitors: the proxy counts by network."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options | {"source_address": (raw_http.STRANGER, 0)})


def _session() -> requests.Session:
    session = requests.Session()
    session.mount("https://", FromElsewhere())
    session.trust_env = False
    session.headers.update({"Host": raw_http.HOST, "Referer": f"https://{raw_http.HOST}/inloggen/sso/stil/"})
    return session


def _ask(session: requests.Session, method: str, stage: Stage, path: str, data: Any = None) -> requests.Response | None:
    try:
        return session.request(
            method, f"{stage.address}{path}", data=data, timeout=60, verify=False, allow_redirects=False
        )
    except requests.RequestException:
        return None


def _start(stage: Stage, over: threading.Event) -> None:
    session, path = _session(), "/inloggen/sso/stil/"
    page = _ask(session, "GET", stage, path)
    while page is not None and page.status_code == 200 and not over.is_set():
        _ask(session, "POST", stage, path, {"csrfmiddlewaretoken": token_of(page.text)})


def _send_tokens(stage: Stage, over: threading.Event, number: int) -> None:
    session = _session()
    tokens = ["een.willekeurige.tekst", "", "a" * 40_000, "eyJhbGciOiJSUzI1NiJ9.e30.x"]
    while not over.wait(2 / TOKENS_A_SECOND):
        number += 1
        data = {"logout_token": tokens[number % len(tokens)]}
        _ask(session, "POST", stage, "/inloggen/sso/stil/backchannel-logout/", data)
