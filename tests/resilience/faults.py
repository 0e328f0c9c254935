"""The faults, one after the other. Each takes a limited time and is undone at its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import redis
import requests

from tests.outbound.visitors import token_of
from tests.resilience import packages, previous
from tests.resilience.portal import Stage
from tests.resilience.visitors import session
from tests.resilience.waiting import Waiting
from tests.services import HOST, Postgres, Redis, wait_for
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


def all_killed(stage: Stage) -> None:
    """`kill -9` of gunicorn and all of its workers; systemd starts it again."""
    stage.web.kill_and_let_systemd_restart()
    wait_for(lambda: len(stage.workers()) > 1, "new workers begin")


def background_killed(stage: Stage) -> None:
    """`kill -9` of `manage.py worker`; systemd starts it again."""
    stage.background.kill_and_let_systemd_restart()


def restarted(stage: Stage) -> None:
    """`systemctl restart`: requests under way are answered, the others wait at the socket."""
    stage.web.restart()


def reloaded(stage: Stage) -> None:
    """`systemctl reload`: gunicorn starts new workers, and the old ones finish what they have begun."""
    assert stage.web.process
    before = stage.workers()
    stage.web.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(stage.workers()) == len(before) and not set(before) & set(stage.workers()), "new workers")


def database_restarted(stage: Stage) -> None:
    database(stage).restart()


def database_fails_over(stage: Stage) -> None:
    """A standby that confirms each commit takes over from a server that is killed: `kill -9`, then promote."""
    primary = database(stage)
    standby = primary.standby(stage.standby)
    stage.others.enter_context(standby)
    primary.wait_for_standby()
    primary.stop(signal.SIGQUIT)
    standby.promote()
    stage.postgres = standby


def disk_full(stage: Stage) -> None:
    """That of the database. PostgreSQL ends when it cannot write its log, and is started again."""
    disk = stage.disk
    assert disk
    disk.fill()
    time.sleep(LASTS)
    disk.empty()
    if stage.postgres:
        stage.postgres.start_if_it_ended()


def clock_wrong(seconds: int) -> Callable[[Stage], None]:
    """The clock of the server, while the phones of visitors are right."""

    def fault(stage: Stage) -> None:
        right = stage.web.environment
        stage.web.environment = right | {
            "LD_PRELOAD": packages.faketime(),
            "FAKETIME": f"{seconds:+d}s",
        }
        stage.web.restart()
        stage.web.wait()
        time.sleep(LASTS)
        stage.web.environment = right
        stage.web.restart()
        stage.web.wait()

    return fault


def upgraded(stage: Stage) -> None:
    """The code before the newest migration answers with the new schema, as during an upgrade and after going back."""
    with previous.version() as code:
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(collect, cwd=code, env=stage.web.environment, check=True, capture_output=True)
        now = stage.web.code
        stage.web.restart(code)
        stage.web.wait()
        time.sleep(LASTS)
        stage.web.restart(now)
        stage.web.wait()


def cache_mute(stage: Stage) -> None:
    cache(stage).pause()
    try:
        time.sleep(LASTS)
    finally:
        cache(stage).go_on()


def cache_gone(stage: Stage) -> None:
    """Without what it held, too: it comes back empty."""
    cache(stage).stop(signal.SIGKILL)
    time.sleep(LASTS)
    cache(stage).start()


def cache_flushed(stage: Stage) -> None:
    """Nobody is signed out by it, and who has to wait after wrong attempts still has to."""
    with Waiting(stage):
        redis.Redis.from_url(cache(stage).url).flushall()


def mail_server_gone(stage: Stage) -> None:
    stage.mailbox.stop()
    time.sleep(LASTS)
    stage.mailbox.start()


def mail_server_mute(stage: Stage) -> None:
    server = stage.mailbox.server
    assert server
    server.mute.set()
    time.sleep(LASTS)
    server.mute.clear()


def mail_server_greylists(stage: Stage) -> None:
    """Each recipient is refused for the moment, once."""
    server = stage.mailbox.server
    assert server
    server.greylists.set()
    time.sleep(LASTS)
    server.greylists.clear()


def mail_server_refuses_one(stage: Stage) -> None:
    """One address for good; the others get theirs."""
    server = stage.mailbox.server
    assert server
    assert stage.fresh
    stage.refused.add(refused := stage.fresh[-1])
    server.refuse("RCPT", "550 5.1.1 onbekend", containing=refused)
    time.sleep(LASTS)


def database(stage: Stage) -> Postgres:
    assert stage.postgres
    return stage.postgres


def cache(stage: Stage) -> Redis:
    assert stage.redis
    return stage.redis


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


def _session() -> requests.Session:
    """From another network than the visitors: the proxy counts by network."""
    made = session(raw_http.STRANGER)
    made.headers["Referer"] = f"https://{raw_http.HOST}/inloggen/sso/stil/"
    return made


def _ask(browser: requests.Session, method: str, stage: Stage, path: str, data: Any = None) -> requests.Response | None:
    try:
        return browser.request(
            method, f"{stage.address}{path}", data=data, timeout=60, verify=False, allow_redirects=False
        )
    except requests.RequestException:
        return None


def _start(stage: Stage, over: threading.Event) -> None:
    browser, path = _session(), "/inloggen/sso/stil/"
    page = _ask(browser, "GET", stage, path)
    while page is not None and page.status_code == 200 and not over.is_set():
        _ask(browser, "POST", stage, path, {"csrfmiddlewaretoken": token_of(page.text)})


def _send_tokens(stage: Stage, over: threading.Event, number: int) -> None:
    browser = _session()
    tokens = ["een.willekeurige.tekst", "", "a" * 40_000, "eyJhbGciOiJSUzI1NiJ9.e30.x"]
    while not over.wait(2 / TOKENS_A_SECOND):
        number += 1
        data = {"logout_token": tokens[number % len(tokens)]}
        _ask(browser, "POST", stage, "/inloggen/sso/stil/backchannel-logout/", data)
