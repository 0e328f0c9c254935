"""What visitors see of a portal while others keep it busy: every answer with its status and how long it took."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

import requests

from tests.factories import PASSWORD
from tests.outbound.portal import Portal

GIVE_UP = 60  # seconds


@dataclass
class Seen:
    """``waits``: in seconds; ``statuses``: 0 is a connection that broke."""

    waits: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    @property
    def longest(self) -> float:
        return max(self.waits, default=0.0)

    @property
    def errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status == 0 or status >= 500)

    def ask(self, call: Callable[[], requests.Response]) -> requests.Response | None:
        began = time.monotonic()
        try:
            answer: requests.Response | None = call()
        except requests.RequestException:
            answer = None
        with self.lock:
            self.waits.append(time.monotonic() - began)
            self.statuses[answer.status_code if answer is not None else 0] += 1
        return answer


class Crowd:
    """Visitors at the same time, each in a thread, until the block ends."""

    def __init__(self) -> None:
        self.over = Event()
        self.threads: list[Thread] = []

    def add(self, visit: Callable[[], None], *, every: float = 0.0) -> None:
        def again_and_again() -> None:
            while not self.over.is_set():
                visit()
                self.over.wait(every)

        self.threads.append(Thread(target=again_and_again, daemon=True))

    def __enter__(self) -> Crowd:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_what: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


def token_of(page: str) -> str:
    [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page))
    return token


def start(portal: Portal, seen: Seen, number: int = 0) -> Callable[[], None]:
    """The button on the page of the organisation whose provider is silent."""
    session = requests.Session()
    token = token_of(session.get(portal.entry(number), timeout=GIVE_UP).text)

    def visit() -> None:
        values = {"csrfmiddlewaretoken": token}
        seen.ask(lambda: session.post(portal.entry(number), values, timeout=GIVE_UP, allow_redirects=False))

    return visit


def logout_post(portal: Portal, seen: Seen, token: str) -> Callable[[], None]:
    address = f"{portal.entry()}backchannel-logout/"

    def visit() -> None:  # in a thread of its own: however slow the answer, the next comes in time
        Thread(
            target=seen.ask, args=(lambda: requests.post(address, {"logout_token": token}, timeout=GIVE_UP),)
        ).start()

    return visit


def look(portal: Portal, seen: Seen, path: str) -> Callable[[], None]:
    def visit() -> None:
        seen.ask(lambda: requests.get(f"{portal.address}{path}", timeout=GIVE_UP))

    return visit


def sign_in(portal: Portal, seen: Seen, number: int = 0) -> Callable[[], None]:
    """With the password, as somebody of another organisation: the page, the form, and the page behind it."""

    def visit() -> None:
        session = requests.Session()
        page = seen.ask(lambda: session.get(f"{portal.address}/inloggen/", timeout=GIVE_UP))
        if page is None or page.status_code != 200:
            return
        values = {"username": f"bezoeker{number}@voorbeeld.nl", "password": PASSWORD}
        values["csrfmiddlewaretoken"] = token_of(page.text)
        answer = seen.ask(
            lambda: session.post(f"{portal.address}/inloggen/", values, timeout=GIVE_UP, allow_redirects=False)
        )
        if answer is not None and answer.headers.get("Location") != "/":
            with seen.lock:
                seen.statuses[599] += 1  # it was answered, and did not sign in

    return visit
