"""What those who run the portal see of it: `/readyz` from inside, metrics, reports of errors. One portal with two
workers, as in production."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socketserver
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import User
from tests import server
from tests.codes import code_of, wrong_code_of
from tests.factories import PASSWORD, UserFactory
from tests.provider import free_port
from tests.serving.conftest import environment
from tests.serving.raw_http import HOST, TIMEOUT, Answer, ask, request, wait_until
from tests.serving.test_processes import workers

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "203.0.113.7"


class Receiver(socketserver.ThreadingTCPServer):
    """A Sentry server: takes every report."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        self.reports: list[str] = []
        super().__init__(("127.0.0.1", 0), _Taking)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def dsn(self) -> str:
        return f"http://sleutel@127.0.0.1:{self.server_address[1]}/7"


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.reports.append((gzip.decompress(body) if is_packed else body).decode())
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args: object) -> None: ...


class Portal:
    def __init__(self, folder: Path, reports: Receiver) -> None:
        self.port, self.metrics_port, self.reports = free_port("127.0.0.1"), free_port("127.0.0.1"), reports
        self.log = folder / "log"
        settings = {
            "DJANGO_SETTINGS_MODULE": "tests.serving.slow_pages",
            "INTERNAL_NETWORKS": "127.0.0.1",
            "METRICS_ADDRESS": f"127.0.0.1:{self.metrics_port}",
            "SENTRY_DSN": reports.dsn,
            "TMPDIR": str(folder),
            "PROMETHEUS_MULTIPROC_DIR": "/left/by/the/previous/master",
        }
        with self.log.open("wb") as log:
            address = f"http://127.0.0.1:{self.port}"
            self.process = server.start(address, "--workers", "2", env=environment(**settings), stderr=log)

    def metrics(self) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=TIMEOUT) as answer:
            families = text_string_to_metric_families(answer.read().decode())
            found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
            for sample in (one for family in families for one in family.samples):
                found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
        return found

    def count(self, name: str, **labels: str) -> float:
        return self.metrics().get(name, {}).get(tuple(sorted(labels.items())), 0.0)

    def ask(self, target: str, *headers: bytes, **how: object) -> Answer:
        answer = ask(self.port, request(target, *headers, **how))
        assert answer is not None, target
        return answer


@pytest.fixture(scope="module")
def portal(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("watched")
    with Receiver() as reports:
        portal = Portal(folder, reports)
        yield portal
        portal.process.terminate()
        assert portal.process.wait(TIMEOUT) == 0
    assert not list(folder.glob("assetmaps-metrics-*"))


def sign_in(portal: Portal, person: User, code: str) -> dict[str, str]:
    """As far as the answer to the code. Returns the cookies."""
    cookies: dict[str, str] = {}

    def go(target: str, **fields: str) -> Answer:
        cookie = b"Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
        how = {"method": "POST", "body": urlencoded(fields)} if fields else {}
        answer = portal.ask(target, cookie, f"Referer: https://{HOST}/inloggen/".encode(), **how)
        cookies.update(answer.cookies)
        return answer

    token = token_of(go("/inloggen/"))
    assert go("/inloggen/", username=person.email, password=PASSWORD, csrfmiddlewaretoken=token).status == 302
    go("/inloggen/verificatie/", code=code, csrfmiddlewaretoken=token_of(go("/inloggen/verificatie/")))
    return cookies


def events(portal: Portal) -> list[dict[str, object]]:
    """The third line of each report (https://develop.sentry.dev/sdk/data-model/envelopes/)."""
    return [json.loads(report.splitlines()[2]) for report in portal.reports.reports]


def token_of(page: Answer) -> str:
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]


def urlencoded(fields: dict[str, str]) -> bytes:
    return urllib.parse.urlencode(fields).encode()


# ASVS 13.4.5
def test_detail_is_told_inside_only(portal: Portal) -> None:
    inside = urllib.request.urlopen(f"http://127.0.0.1:{portal.port}/readyz", timeout=TIMEOUT)
    told = json.loads(inside.read())
    assert (inside.status, told["status"], told["reason"], told["warnings"]) == (200, "ok", "", {})
    assert set(told["checks"]) == {"cache", "worker", "mail", "clock"}
    visitor = portal.ask("/readyz")  # through the proxy, which tells that somebody else asks
    assert (visitor.status, visitor.text) == (200, "ok\n")
    assert portal.ask("/metrics").status == 404


def test_counts_of_all_workers_are_told_and_outlive_one(portal: Portal) -> None:
    person = UserFactory(with_totp=True)
    before = portal.metrics()
    refused = {"result": "refused", "factor": "totp", "cause": "wrong"}
    sign_in(portal, person, wrong_code_of(person))
    cookies = sign_in(portal, person, code_of(person))
    landing = portal.ask("/", b"Cookie: " + "; ".join(f"{a}={b}" for a, b in cookies.items()).encode())
    assert landing.status == 200
    expected = {
        ("assetmaps_sign_ins_total", ("cause", "wrong"), ("factor", "totp"), ("result", "refused")): 1,
        ("assetmaps_sign_ins_total", ("cause", ""), ("factor", "totp"), ("result", "succeeded")): 1,
        ("assetmaps_codes_total", ("factor", "totp"), ("found", "wrong"), ("place", "sign_in")): 1,
        ("assetmaps_codes_total", ("factor", "totp"), ("found", "right"), ("place", "sign_in")): 1,
        ("assetmaps_security_events_total", ("event", "signed_in"), ("result", "succeeded")): 1,
        ("assetmaps_hash_wait_seconds_count",): 2,
        ("assetmaps_requests_total", ("status", "200"), ("view", "overview")): 1,
        ("assetmaps_requests_total", ("status", "302"), ("view", "sign_in")): 2,
        ("assetmaps_request_seconds_count", ("view", "overview")): 1,
    }
    after = portal.metrics()
    difference = {
        (name, *labels): after[name][labels] - before.get(name, {}).get(labels, 0)
        for name, *rest in expected
        for labels in [tuple(rest)]
    }
    assert difference == expected
    assert after["assetmaps_ready"] == {(): 1}
    assert portal.count("assetmaps_requests_total", view="health", status="200") > 0
    text = json.dumps([[name, list(map(str, found))] for name, found in after.items()])
    for private in (person.email, ADDRESS, str(person.get_full_name()), *cookies.values()):
        assert private not in text
    gone = workers(portal.process)[0]
    os.kill(gone, signal.SIGKILL)
    wait_until(lambda: len(workers(portal.process)) == 2 and gone not in workers(portal.process))
    wait_until(lambda: portal.count("assetmaps_request_threads", state="busy") == 0)
    assert portal.count("assetmaps_sign_ins_total", **refused) == 1


def test_report_of_an_error_says_where_and_nothing_that_somebody_sent(portal: Portal) -> None:
    person = UserFactory(with_totp=True)
    code = code_of(person)
    cookies = sign_in(portal, person, code)
    session = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
    fields = {"username": person.email, "password": PASSWORD, "code": code}
    target = f"/faalt/{person.email}?code={code}"
    body = urlencoded(fields)
    answer = portal.ask(target, b"Cookie: " + session, b"User-Agent: eigenaardig", method="POST", body=body)
    assert answer.status == 500
    wait_until(lambda: any(answer.headers["x-request-id"] in one for one in portal.reports.reports))
    report = "".join(portal.reports.reports)
    event = next(one for one in events(portal) if one["tags"]["request"] == answer.headers["x-request-id"])
    (found,) = event["exception"]["values"]
    assert (found["type"], found["stacktrace"]["frames"][-1]["function"]) == ("ValueError", "fail")
    assert answer.headers["x-request-id"] in portal.log.read_text()
    private = [*fields.values(), *cookies.values(), ADDRESS, "eigenaardig", "code=", str(person.email).split("@")[0]]
    assert [one for one in private if one and one in report] == []


def test_worker_on_its_own_answers_on_an_address_of_its_own() -> None:
    port = free_port("127.0.0.1")
    command = [sys.executable, "manage.py", "worker"]
    settings = {"WORKER_METRICS_ADDRESS": f"127.0.0.1:{port}", "DJANGO_SETTINGS_MODULE": "assetmaps.settings"}
    process = subprocess.Popen(command, env=environment(**settings), cwd=server.ROOT, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=TIMEOUT) as answer:
            return b"assetmaps_security_events_total" in answer.read()
        return False

    try:
        wait_until(answers)
    finally:
        process.terminate()
        assert process.wait(TIMEOUT) == 0


def test_nothing_is_loaded_or_counted_while_it_is_off() -> None:
    program = "import sys, assetmaps.asgi, accounts.metrics as m; print([n for n in ('prometheus_client', 'sentry_sdk')"
    program += " if n in sys.modules], m.recorder)"
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment(), cwd=server.ROOT, capture_output=True, text=True
    )
    assert run.stdout.strip() == "[] None", run.stderr
