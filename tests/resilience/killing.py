"""`kill -9` of the web processes in the middle of a change, again and again: done whole, or not at all."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from tests.pages import CONFIRM
from tests.resilience.portal import Stage
from tests.resilience.visitors import NEW_PASSWORD, RECOVERY, Changes, CutShortError, Record
from tests.services import wait_for

ROUNDS = 4
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


FAULTS: dict[str, Callable[[Stage], None]] = {
    "activation": activation,
    "a recovery code": recovery_code,
    "a new password": reset,
}
