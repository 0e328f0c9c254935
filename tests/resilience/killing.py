"""`kill -9` of the server or the worker in the middle of a change, again and again: done whole, or not at all."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from accounts import limits
from tests.environments.people.staff import INVITE
from tests.pages import CONFIRM
from tests.resilience.portal import Stage
from tests.resilience.visitors import NEW_PASSWORD, RECOVERY, Changes, CutShortError, Record, Visit
from tests.services import wait_for

ROUNDS = 4
PEOPLE_A_LIST = 30
LATEST_WORKER = 3.0  # seconds after a list was confirmed, at which the worker is killed at the latest
LATEST = 0.12  # seconds after a form was sent, at which the processes are killed at the latest


class Killer:
    """Kills every worker, or gunicorn as well, a moment after a form is sent to an address."""

    def __init__(self, stage: Stage, address: str, *, everything: bool) -> None:
        self._stage, self._address, self._everything = stage, address, everything
        self._thread: threading.Thread | None = None

    def __call__(self, address: str) -> None:
        if address == self._address and self._thread is None:
            self._thread = threading.Thread(target=self._kill)
            self._thread.start()

    def _kill(self) -> None:
        time.sleep(random.uniform(0, LATEST))
        if self._everything:
            self._stage.web.kill_and_let_systemd_restart()
            return
        for pid in self._stage.workers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait(self) -> None:
        if self._thread:
            self._thread.join()
        wait_for(lambda: len(self._stage.workers()) > 1, "new workers begin")


def _change(stage: Stage, address: str) -> None:
    """Whether it is half done is what the ledger asks of all people afterwards."""
    for number in range(ROUNDS):
        killer = Killer(stage, address, everything=number % 2 == 1)
        with suppress(CutShortError):
            Changes(stage, Record(), stage.fresh.pop(), before=killer).go()
        killer.wait()


def activation(stage: Stage) -> None:
    _change(stage, CONFIRM)


def recovery_code(stage: Stage) -> None:
    _change(stage, RECOVERY)


def reset(stage: Stage) -> None:
    _change(stage, NEW_PASSWORD)


def list_of_people(stage: Stage, rounds: int = ROUNDS) -> None:
    """Lists are carried out by the worker: it is killed, and every second time so is the server that took the list."""
    for number in range(rounds):
        email, secret = stage.inviting.popitem()
        visit = Visit(stage, Record(), email)
        with suppress(CutShortError):
            visit.sign_in(secret)
            visit.get(INVITE)
            lines = "\n".join(f"{email.partition('@')[0]}.{line}@lijst.nl" for line in range(PEOPLE_A_LIST))
            shown = visit.post(INVITE, rf"{INVITE}\d+/", text=lines)
            visit.send(f"{shown}bevestigen/")
        time.sleep(random.uniform(0, LATEST_WORKER))
        if number % 2:
            stage.web.kill_and_let_systemd_restart()
        stage.background.kill_and_let_systemd_restart()


def sealing(stage: Stage) -> None:
    """The worker seals every few seconds what the crowd does, and sends the mails about it."""
    for _ in range(ROUNDS):
        time.sleep(random.uniform(0, limits.SEAL_AFTER.total_seconds()))
        stage.background.kill_and_let_systemd_restart()
        time.sleep(limits.SEAL_AFTER.total_seconds())


FAULTS: dict[str, Callable[[Stage], None]] = {
    "activation": activation,
    "a recovery code": recovery_code,
    "a new password": reset,
    "a list of people": list_of_people,
    "sealing and mailing": sealing,
}
