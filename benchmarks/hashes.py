"""Many first attempts to sign in at once: `python -m benchmarks.hashes [ATTEMPTS] [NETWORKS] [WORKERS]`.

Starts the production command on an empty SQLite database and prints what visitors saw, the longest wait of `/healthz`
meanwhile, and the memory of all processes together: before, at most, and a while after.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import server
from tests.provider import free_port
from tests.serving import raw_http, separate_portal

QUIET = 10  # seconds after the crowd, before memory is looked at again


def processes(root: int) -> list[int]:
    """The process and all below it."""
    found = [root]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


def memory(root: int) -> int:
    """MiB, what processes share counted once (PSS)."""
    total = 0
    for pid in processes(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it ended meanwhile
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total // 1024


class Watch:
    """Looks at memory and `/healthz` until it is told to stop."""

    def __init__(self, root: int, port: int) -> None:
        self.most, self.longest, self._stop = 0, 0.0, threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(self._weigh, root)),
            threading.Thread(target=self._repeat, args=(self._ask, port)),
        ]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, look: object, subject: int) -> None:
        while not self._stop.wait(0.05):
            look(subject)

    def _weigh(self, root: int) -> None:
        self.most = max(self.most, memory(root))

    def _ask(self, port: int) -> None:
        start = time.monotonic()
        raw_http.ask(port, own_request("/healthz"))
        self.longest = max(self.longest, time.monotonic() - start)


def own_request(target: str, *headers: bytes, network: int = 1, body: bytes | None = None) -> bytes:
    said = [
        b"Host: " + separate_portal.HOST.encode(),
        b"X-Forwarded-Proto: https",
        b"X-Forwarded-For: 203.0.113.%d" % network,
    ]
    if body is not None:
        said += [b"Content-Type: application/x-www-form-urlencoded", b"Content-Length: %d" % len(body)]
    first = f"{'GET' if body is None else 'POST'} {target} HTTP/1.1".encode()
    return b"\r\n".join([first, *said, b"Connection: close", *headers, b"", body or b""])


def attempt(port: int, cookies: str, token: str, number: int, networks: int) -> str:
    body = f"username=iemand{number}%40voorbeeld.nl&password=een+lange+zin&csrfmiddlewaretoken={token}".encode()
    headers = (b"Cookie: " + cookies.encode(), f"Referer: https://{separate_portal.HOST}/inloggen/".encode())
    try:
        answer = raw_http.ask(port, own_request("/inloggen/", *headers, network=1 + number % networks, body=body))
    except OSError as mistake:
        return type(mistake).__name__
    return str(answer.status) if answer else "closed"


def crowd(port: int, attempts: int, networks: int) -> tuple[Counter[str], float]:
    form = raw_http.ask(port, own_request("/inloggen/"))
    cookies = "; ".join(f"{name}={value}" for name, value in form.cookies.items())
    token, start = raw_http.token(form.text), time.monotonic()
    with ThreadPoolExecutor(attempts) as visitors:
        sent = [visitors.submit(attempt, port, cookies, token, number, networks) for number in range(attempts)]
        answers = Counter(one.result() for one in sent)
    return answers, time.monotonic() - start


def main(attempts: int = 240, networks: int = 8, workers: int = 1) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = separate_portal.prepare(Path(name))
        port = free_port("127.0.0.1")
        environment = separate_portal._environment(folder, {"TRUSTED_PROXIES": "127.0.0.1"})
        process = server.start(f"http://127.0.0.1:{port}", "--workers", str(workers), env=environment)
        try:
            before = memory(process.pid)
            with Watch(process.pid, port) as watch:
                answers, took = crowd(port, attempts, networks)
            time.sleep(QUIET)
            after = memory(process.pid)
        finally:
            process.terminate()
            process.wait(30)
    print(f"{attempts} attempts from {networks} networks, {workers} workers: {took:.1f} s, answers {dict(answers)}")
    print(f"memory in MiB: {before} before, {watch.most} at most, {after} {QUIET} s after")
    print(f"longest wait of /healthz: {watch.longest:.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
