"""The worker for background work that the server runs itself: replaced when it is killed, ended with the server."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from accounts.background.models import Worker
from accounts.mail import sending
from accounts.mail.models import OutgoingMail, State
from assetmaps.mail_preview.examples import EXAMPLES
from tests import server
from tests.factories import UserFactory
from tests.provider import free_port
from tests.serving.conftest import environment
from tests.serving.raw_http import TIMEOUT, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def master() -> Iterator[subprocess.Popen]:
    address = f"http://127.0.0.1:{free_port('127.0.0.1')}"
    process = server.start(address, "--workers", "1", env=environment(WORKER="embedded"))
    yield process
    for pid in [*children(process.pid), process.pid]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(TIMEOUT)


def children(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def current() -> Worker | None:
    return Worker.objects.first()


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_it_is_replaced_when_it_is_killed_and_ends_with_the_server(master: subprocess.Popen) -> None:
    wait_until(lambda: current() is not None)
    first = current()
    assert first.process in children(master.pid)
    os.kill(first.process, signal.SIGKILL)
    sending.send("help_asked", UserFactory(), **EXAMPLES["help_asked"][0])
    wait_until(lambda: OutgoingMail.objects.get().state == State.SENT)
    assert current().process != first.process
    assert Worker.objects.count() == 1, "the one that was killed is no longer counted on"
    last = current().process
    master.send_signal(signal.SIGTERM)
    assert master.wait(TIMEOUT) == 0
    assert is_gone(last)
    assert current() is None


def test_it_ends_when_the_server_is_killed(master: subprocess.Popen) -> None:
    wait_until(lambda: current() is not None)
    last = current().process
    master.kill()
    master.wait(TIMEOUT)
    wait_until(lambda: is_gone(last))
