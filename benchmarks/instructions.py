"""Instructions of one landing page, which no other work on the machine changes, by callgrind (of valgrind).

`python -m benchmarks.instructions APPLICATION COOKIES` is the program that callgrind watches: Django's part of a
request, without the server.
"""

from __future__ import annotations

import importlib
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import serving, visits
from benchmarks.serving import ROOT, Prepared
from benchmarks.table import Row

WARM, PAGES = 5, 10
MISSING = "valgrind is not installed here"


def rows(sides: list[Prepared]) -> list[Row]:
    if not (shutil.which("valgrind") and shutil.which("callgrind_control")):
        return [Row("instructions of a landing page × bare", None, (), note=MISSING)]
    found = {one.side.name: of_landing(one) for one in sides}
    note = ", ".join(f"{name} {count / 1e6:.2f} million" for name, count in found.items())
    ratio = found[serving.OURS.name] / found[serving.BARE.name]
    return [Row("instructions of a landing page × bare", None, (ratio,), note=note)]


def of_landing(prepared: Prepared) -> float:
    with serving.running(prepared) as server:
        browser = server.browser()
        server.side.visits.sign_in(browser, *prepared.take_people(1))
        server.side.visits.landing(browser)
    written = prepared.folder / "callgrind.out"
    watch = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={written}"]
    ask = [prepared.side.python, "-m", "benchmarks.instructions", prepared.side.wsgi, browser.cookie_header]
    environment = prepared.side.environment(prepared.folder)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(watch + ask, cwd=ROOT, env=environment, **pipes) as process:
        for switch in ("on", "off"):
            _until_ready(process)
            _callgrind(f"--instr={switch}", process.pid)
            process.stdin.write("\n")
            process.stdin.flush()
    return _total(written) / PAGES


def _until_ready(process: subprocess.Popen) -> None:
    for line in process.stdout:
        if line == "ready\n":
            return
    raise RuntimeError("the program that callgrind watches ended")


def _callgrind(order: str, pid: int) -> None:
    subprocess.run(["callgrind_control", order, str(pid)], check=True, capture_output=True)


def _total(written: Path) -> int:
    return int(re.search(r"^totals: (\d+)", written.read_text(), re.MULTILINE)[1])


def _ask(application: str, cookies: str) -> None:
    answer = importlib.import_module(application).application
    for count in (WARM, PAGES):
        for _ in range(count):
            _page(answer, cookies)
        print("ready", flush=True)
        sys.stdin.readline()


def _page(application: object, cookies: str) -> None:
    started = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": visits.HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "HTTP_HOST": visits.HOST,
        "HTTP_X_FORWARDED_FOR": "203.0.113.7",
        "HTTP_COOKIE": cookies,
    } | {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in visits.USUAL.items()}
    answer = application(environ, lambda status, headers, *_: started.append(status))
    b"".join(answer)
    answer.close()
    assert started == ["200 OK"], started


if __name__ == "__main__":
    _ask(*sys.argv[1:])
