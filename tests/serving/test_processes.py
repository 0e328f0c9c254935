"""Processes of the production command in the README that are killed, stopped, stuck or asked to end."""

from __future__ import annotations

import os
import re
import resource
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from accounts import limits
from tests import server
from tests.provider import free_port
from tests.serving.conftest import environment
from tests.serving.raw_http import TIMEOUT, RawConnection, ask, request, wait_until

pytestmark = pytest.mark.usefixtures("django_db_setup")


@contextmanager
def running(number: int, *options: str, **more: str) -> Iterator[tuple[int, subprocess.Popen]]:
    """The port, and the process that looks after so many workers."""
    port = free_port("127.0.0.1")
    process = server.start(f"http://127.0.0.1:{port}", "--workers", str(number), *options, env=environment(**more))
    try:
        wait_until(lambda: len(workers(process)) == number)
        yield port, process
    finally:
        for pid in [*workers(process), process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(TIMEOUT)


def workers(process: subprocess.Popen) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def is_served(port: int) -> bool:
    with suppress(OSError):
        answer = ask(port, request("/healthz"))
        return answer is not None and answer.status == 200
    return False


def test_the_readme_gives_this_command() -> None:
    deployment = re.search(r"## Deployment\n\n```\n(.*?)```", (server.ROOT / "README.md").read_text(), re.S)[1]
    told = deployment.strip().splitlines()[-1].split()
    used = server.command("http://127.0.0.1:8000", "--workers", "2")
    assert told == [".venv/bin/gunicorn", *used[1:]]
    assert f"{Path(used[0]).name} --bind" in (server.ROOT / "Makefile").read_text()


def test_killed_workers_are_replaced_and_the_others_go_on() -> None:
    with running(2) as (port, process):
        first, second = workers(process)
        os.kill(first, signal.SIGKILL)
        assert all(is_served(port) for _ in range(20))
        wait_until(lambda: len(workers(process)) == 2 and first not in workers(process))
        assert second in workers(process)
        for pid in workers(process):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: is_served(port))


def test_workers_end_with_the_process_that_looks_after_them() -> None:
    """So that it can be started anew at the same address."""
    with running(2) as (port, process):
        left = workers(process)
        process.kill()
        process.wait()
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), TIMEOUT)


def test_requests_under_way_are_answered_before_the_end() -> None:
    with (
        running(2, DJANGO_SETTINGS_MODULE="tests.serving.slow_pages") as (port, process),
        ExitStack() as at,
    ):
        asked = [at.enter_context(RawConnection(port)).send(request("/hangt?seconds=1")) for _ in range(6)]
        half = at.enter_context(RawConnection(port))
        csrf = b"Cookie: __Host-csrf=" + b"a" * 32
        half.send(request("/inloggen/", csrf, method="POST", body=b"username=a")[:-5])
        silent, late, idle = (at.enter_context(RawConnection(port)) for _ in range(3))
        assert idle.send(request("/healthz")).answer().status == 200
        time.sleep(0.3)
        process.terminate()
        time.sleep(0.3)  # as if these requests had been on their way when the server was told
        for wire in (late, idle):
            answer = wire.send(request("/healthz")).answer()
            assert (answer.status, answer.closes) == (200, True)
        assert silent.is_closed()
        assert half.send(b"ame=a").answer().status == 403
        assert [wire.answer().text for wire in asked] == ["done"] * 6
        assert process.wait(limits.STOP_DEADLINE.total_seconds()) == 0


def test_work_in_the_background_is_done_before_the_end(tmp_path: Path) -> None:
    """Mails, and the sealing of the audit trail."""
    written = tmp_path / "written"
    with running(1, DJANGO_SETTINGS_MODULE="tests.serving.slow_pages", WRITTEN=str(written)) as (
        port,
        process,
    ):
        assert ask(port, request("/werk")).text == "begun"
        process.terminate()
        assert process.wait(TIMEOUT) == 0
        assert written.read_text() == "done"


def test_worker_with_all_threads_stuck_is_replaced() -> None:
    with (
        running(1, "--timeout", "4", DJANGO_SETTINGS_MODULE="tests.serving.slow_pages") as (port, process),
        ExitStack() as at,
    ):
        stuck = workers(process)
        for _ in range(limits.REQUEST_THREADS):
            at.enter_context(RawConnection(port)).send(request("/hangt?seconds=600"))
        wait_until(lambda: workers(process) not in (stuck, []))
        wait_until(lambda: is_served(port))


def test_worker_with_one_thread_free_goes_on() -> None:
    with (
        running(1, "--timeout", "4", DJANGO_SETTINGS_MODULE="tests.serving.slow_pages") as (port, process),
        ExitStack() as at,
    ):
        before = workers(process)
        for _ in range(limits.REQUEST_THREADS - 1):
            at.enter_context(RawConnection(port)).send(request("/hangt?seconds=600"))
        time.sleep(5)
        assert is_served(port)
        assert workers(process) == before


def test_worker_that_does_nothing_at_all_is_replaced() -> None:
    with running(2, "--timeout", "4") as (port, process):
        first, _second = workers(process)
        os.kill(first, signal.SIGSTOP)
        wait_until(lambda: len(workers(process)) == 2 and first not in workers(process))
        assert is_served(port)


def test_more_requests_than_can_be_answered_soon_get_a_page_at_once() -> None:
    with (
        running(1, DJANGO_SETTINGS_MODULE="tests.serving.slow_pages") as (port, _process),
        ExitStack() as at,
    ):
        for _ in range(limits.REQUEST_THREADS + limits.REQUESTS_WAITING):
            at.enter_context(RawConnection(port)).send(request("/hangt?seconds=20"))
        time.sleep(0.3)
        answer = ask(port, request("/inloggen/"))
        assert (answer.status, answer.headers["retry-after"], "Het is erg druk" in answer.text) == (503, "5", True)


def test_restart_with_a_socket_of_systemd_refuses_nobody() -> None:
    """As `deploy/assetmaps.socket` sets it up: the address stays open while there is no server."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        port = listener.getsockname()[1]
        command = shlex.join(server.command("http://127.0.0.1:1", "--workers", "1"))
        given = f"exec 3<&{listener.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec {command}"
        how = {"cwd": server.ROOT, "env": environment(), "pass_fds": [listener.fileno()], "stderr": subprocess.DEVNULL}
        first = subprocess.Popen(["bash", "-c", given], **how)
        wait_until(lambda: is_served(port))
        first.terminate()
        assert first.wait(TIMEOUT) == 0
        with RawConnection(port) as waiting:
            waiting.send(request("/healthz"))
            second = subprocess.Popen(["bash", "-c", given], **how)
            try:
                assert waiting.answer().status == 200
            finally:
                second.terminate()
                second.wait(TIMEOUT)


def test_reload_under_load_loses_no_request() -> None:
    """SIGHUP replaces the workers; who asks meanwhile, on new connections and on kept ones, gets an answer."""
    with running(2) as (port, process):
        before, over, answers = workers(process), threading.Event(), []

        def ask_again_and_again() -> None:
            while not over.is_set():
                with RawConnection(port) as wire:
                    for _ in range(5):
                        answer = wire.send(request("/healthz")).answer()
                        answers.append(answer and answer.status)
                        if answer is None or answer.closes:
                            break

        asking = [threading.Thread(target=ask_again_and_again) for _ in range(4)]
        for thread in asking:
            thread.start()
        wait_until(lambda: len(answers) > 20)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(workers(process)) == 2 and not set(before) & set(workers(process)))
        over.set()
        for thread in asking:
            thread.join(TIMEOUT)
        assert set(answers) == {200}


@pytest.mark.parametrize("files", [1024, 256])
def test_more_connections_than_the_system_allows_files_stop_nobody(files: int) -> None:
    def allow() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    port = free_port("127.0.0.1")
    process = server.start(f"http://127.0.0.1:{port}", "--workers", "1", env=environment(), preexec_fn=allow)
    with ExitStack() as at:
        at.callback(process.wait, TIMEOUT)
        at.callback(process.terminate)
        for _ in range(1200):
            at.enter_context(RawConnection(port))
        assert is_served(port)


def test_long_answers_arrive_whole_with_their_length_or_not_at_all() -> None:
    with running(1, DJANGO_SETTINGS_MODULE="tests.serving.slow_pages") as (port, _process):
        answer = ask(port, request("/lang?megabytes=3"))
        assert (answer.status, answer.headers["content-length"]) == (200, "3000000")
        assert answer.text == "0123456789abcdef" * 187_500
        broken = ask(port, request("/lang?megabytes=3&breaks"))
        assert (broken.status, "geheim" in broken.text, "Er ging bij ons iets mis" in broken.text) == (500, False, True)


def test_wrong_configuration_is_one_line_and_no_attempt_after_another() -> None:
    told = subprocess.run(
        server.command("http://127.0.0.1:1"),
        cwd=server.ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert told.returncode != 0
    assert re.fullmatch(r"Mijn Assetmaps cannot start\. .* SECRET_KEY is missing.*\n", told.stderr)
