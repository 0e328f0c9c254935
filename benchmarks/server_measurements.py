"""What `benchmarks.servers` does to each server."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from benchmarks.server_candidates import Candidate

PORT = 8790
ASKED = 200
PAGE = "/inloggen/"
HOST = f"Host: 127.0.0.1:{PORT}\r\n".encode()
HEALTH = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
HALF_BODY = (
    b"POST /inloggen/ HTTP/1.1\r\n" + HOST + b"Cookie: csrf=" + b"a" * 32 + b"\r\nContent-Length: 500\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=a"
)


@contextmanager
def running(one: Candidate, folder: str, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(one.command(folder, PORT), env=environment, **quiet)
    family = [process.pid]
    try:
        assert _until(lambda: _ask(HEALTH), 30), f"{one.name} does not start"
        time.sleep(1.5)
        family = _family(process.pid)
        yield process
    finally:
        for pid in [*family, *_family(process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def load(one: Candidate, folder: str, environment: dict[str, str]) -> tuple[float, float, float]:
    """Processor milliseconds a request, MiB before and after."""
    with running(one, folder, environment) as process:
        idle = _memory(process.pid)
        _wrk(2)
        before = _processor(process.pid)
        count = _wrk(5)
        spent = _processor(process.pid) - before
        return spent * 1000 / count, idle, _memory(process.pid)


def behaviour(one: Candidate, folder: str, environment: dict[str, str]) -> list[str]:
    """The other columns of the table."""
    with running(one, folder, environment):
        columns = [_yes(all(_language(name) for name in ("José".encode("latin-1"), "José".encode())))]
    for parts in (HALF_BODY, b"GET / HTTP/1.1\r\nX:"):
        with running(one, folder, environment):
            columns.append(_yes(_answers_beside(parts)))
    with running(one, folder, environment) as process:
        columns += _kill_a_worker(process.pid)
    with running(one, folder, environment) as process:
        columns.append(_kill_the_first(process))
    with running(one, folder, environment) as process:
        columns += _stop(process)
    return columns


def _yes(so: bool) -> str:
    return "yes" if so else "NO"


def _ask(data: bytes, timeout: float = 2) -> bytes:
    """The answer; empty when there was none in time."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", PORT), timeout) as wire:
        wire.settimeout(timeout)
        wire.sendall(data)
        answer = b""
        while part := wire.recv(65536):
            answer += part
        return answer
    return b""


def _language(name: bytes) -> bool:
    cookies = b"Cookie: naam=" + name + b"; language=en\r\nConnection: close\r\n\r\n"
    return b'<html lang="en">' in _ask(b"GET /inloggen/ HTTP/1.1\r\n" + HOST + cookies)


def _answers_beside(parts: bytes) -> bool:
    with ExitStack() as stack:
        for _ in range(540):
            with suppress(OSError):
                wire = stack.enter_context(socket.create_connection(("127.0.0.1", PORT), 2))
                wire.sendall(parts)
        time.sleep(0.5)
        return b" 200 " in _ask(HEALTH)


def _kill_a_worker(first: int) -> list[str]:
    """Requests lost, and milliseconds until two workers answer."""
    before = set(_workers(first))
    os.kill(min(before), signal.SIGKILL)
    start = time.monotonic()
    lost = sum(b" 200 " not in _ask(HEALTH, 1) for _ in range(ASKED // 2))
    is_back = _until(lambda: len(_workers(first)) >= len(before) and _ask(HEALTH), 10)
    took = f"{(time.monotonic() - start) * 1000:.0f}" if is_back else "-"
    lost += sum(b" 200 " not in _ask(HEALTH, 1) for _ in range(ASKED // 2))
    return [str(lost), took]


def _kill_the_first(process: subprocess.Popen) -> str:
    left = _workers(process.pid)
    process.kill()
    process.wait()
    _until(lambda: not any(_lives(pid) for pid in left), 10)
    return str(sum(_lives(pid) for pid in left))


def _stop(process: subprocess.Popen) -> list[str]:
    """Seconds that it takes, and connections that were accepted before and got nothing."""
    cut = []
    threads = [threading.Thread(target=_ask_until_refused, args=(cut,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    start = time.monotonic()
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(40)
    took = time.monotonic() - start
    for thread in threads:
        thread.join()
    return [f"{took:.1f}", str(len(cut))]


def _ask_until_refused(cut: list[int]) -> None:
    while True:
        try:
            with socket.create_connection(("127.0.0.1", PORT), 5) as wire:
                wire.sendall(HEALTH.replace(b"/healthz", PAGE.encode()))
                with suppress(ConnectionResetError):
                    if wire.recv(65536):
                        continue
                cut.append(1)
        except OSError:
            return


def _wrk(seconds: int) -> int:
    command = ["wrk", "-t1", "-c8", f"-d{seconds}s", "--timeout", "10s", f"http://127.0.0.1:{PORT}{PAGE}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in told, told
    return int(re.search(r"(\d+) requests in", told)[1])


def _family(pid: int) -> list[int]:
    found = [pid]
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in file.read_text().split():
                found += _family(int(child))
    return found


def _workers(first: int) -> list[int]:
    """The processes under the first that have the memory of a worker; some servers have small ones beside."""
    return [pid for pid in _family(first)[1:] if _lives(pid) and _pss(pid) > 8]


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _pss(pid: int) -> float:
    with suppress(OSError):
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def _memory(first: int) -> float:
    return sum(_pss(pid) for pid in _family(first))


def _processor(first: int) -> float:
    """Seconds, of all processes."""
    ticks = 0
    for pid in _family(first):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _until(so: Callable[[], object], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if so():
            return True
        time.sleep(0.02)
    return False
