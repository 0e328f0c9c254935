"""What `/readyz` warns of, and to whom it tells details."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import limits, outbound_requests
from accounts.background.models import Worker
from accounts.mail.models import OutgoingMail, State
from assetmaps import clock, conditions, logs, proxy_headers, readiness
from assetmaps.conditions import Condition, Conditions, WorkerCheck
from assetmaps.internal_networks import is_inside
from assetmaps.readiness import Readiness

FIVE_MINUTES = 300


@pytest.fixture(autouse=True)
def _news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_last_logged", {})


class _Server(BaseHTTPRequestHandler):
    ahead, status, age = 0, 200, ""

    def do_HEAD(self) -> None:
        self.send_response_only(self.status)
        self.send_header("Date", formatdate(time.time() + self.ahead, usegmt=True))
        if self.age:
            self.send_header("Age", self.age)
        self.end_headers()

    def log_message(self, *_args: object) -> None: ...


@pytest.fixture
def web_server(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Server]]:
    """Another machine, whose clock the test sets."""
    handler = type("Handler", (_Server,), {})
    server = HTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.CLOCK_URL = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(clock, "OUTSIDE", clock.OutsideClock())
    outbound_requests.forget()
    yield handler
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "age"), [(200, ""), (302, ""), (404, ""), (200, "3600")])
def test_clock_that_is_five_minutes_behind_another_is_found(
    web_server: type[_Server], caplog: pytest.LogCaptureFixture, status: int, age: str
) -> None:
    web_server.status, web_server.age = status, age
    web_server.ahead = FIVE_MINUTES - int(age or 0)  # an answer that was kept for an hour says what time it was then
    found = Conditions({"clock": conditions.clocks}).found(wait=30)["clock"]
    assert -302 < found.facts["ahead_of_outside"] < -298
    assert found.warning.startswith("the clock of this machine is 300 s behind that of CLOCK_URL")
    assert [line.levelname for line in caplog.records if line.getMessage() == f"clock: {found.warning}"] == ["ERROR"]


@pytest.mark.django_db
def test_right_clock_and_a_server_without_one_are_no_warning(web_server: type[_Server], settings: object) -> None:
    assert abs(conditions.clocks().facts["ahead_of_outside"]) <= 1.5
    assert conditions.clocks().warning == ""
    settings.CLOCK_URL = "http://127.0.0.1:1/"
    outside = clock.OutsideClock()
    assert outside.ahead() is None


@pytest.mark.django_db
def test_clock_that_is_ahead_of_the_database_is_found() -> None:
    if connection.vendor != "postgresql":
        assert clock.ahead_of_database() is None  # the clock of this machine
        return
    assert abs(clock.ahead_of_database()) < 5
    with time_machine.travel(time.time() + FIVE_MINUTES):
        found = conditions.clocks()
    assert found.warning.startswith("the clock of this machine is 300 s ahead of that of the database")


@pytest.mark.django_db
def test_warning_takes_nothing_out_of_service(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    checks = {"cache": lambda: Condition("is away", {"number": 1.25}), "clock": lambda: 1 / 0}
    monkeypatch.setattr(conditions, "PROCESS", Conditions(checks))
    monkeypatch.setattr(readiness, "PROCESS", Readiness(()))
    settings.INTERNAL_NETWORKS = ["127.0.0.1"]
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "status": "ok",
        "reason": "",
        "warnings": {"cache": "is away", "clock": "could not be looked at: ZeroDivisionError"},
        "checks": {"cache": {"ok": False, "number": 1.2}, "clock": {"ok": False}},
    }
    settings.INTERNAL_NETWORKS = ["192.0.2.0/24"]
    assert client.get("/readyz").content == b"ok\n"


@pytest.mark.django_db
def test_silent_check_delays_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Conditions({"cache": Condition, "clock": lambda: time.sleep(3) or Condition()})
    begun = time.monotonic()
    assert set(found.found(limits.WARNINGS_WAIT.total_seconds())) == {"cache"}
    assert [found.found() for _ in range(50)]
    assert time.monotonic() - begun < 2
    found._thread.join(10)


def mail_of(age: timedelta, state: State = State.WAITING, **facts: object) -> None:
    created = timezone.now() - age
    ended = None if state is State.WAITING else timezone.now()
    OutgoingMail.objects.create(
        to="a@voorbeeld.nl", template="x", created_at=created, ended_at=ended, state=state, **facts
    )


LATE = limits.MAIL_LATE + timedelta(minutes=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mails", "warns"),
    [
        ([], False),
        ([{"age": timedelta(minutes=1)}], False),
        ([{"age": LATE}], True),  # no worker tried it
        ([{"age": LATE, "tries": 3}], True),  # the mail server takes nothing
        ([{"age": LATE, "tries": 3}, {"age": timedelta(0), "state": State.SENT}], False),  # this one address
        ([{"age": LATE}, {"age": timedelta(0), "state": State.SENT}], True),
        ([{"age": LATE, "in_bulk": True}], False),  # thousands of invitations take their time
        ([{"age": LATE, "deliver": False}], False),
        ([{"age": LATE, "state": State.REFUSED}], False),
    ],
)
def test_mail_that_waits_too_long_is_found(mails: list[dict], warns: bool) -> None:
    for facts in mails:
        mail_of(**facts)
    found = conditions.mail()
    waiting = [one for one in mails if "state" not in one and one.get("deliver", True)]
    assert bool(found.warning) is warns
    assert found.facts["waiting"] == len(waiting)
    assert found.facts["failed_last_day"] == sum(one.get("state") is State.REFUSED for one in mails)
    oldest = max((one["age"].total_seconds() for one in waiting), default=0)
    assert abs(found.facts["oldest_seconds"] - oldest) < 5


@pytest.mark.django_db
def test_worker_that_is_away_is_found_whatever_its_clock_says() -> None:
    check, away = WorkerCheck(), limits.TASK_WORKER_AWAY.total_seconds() + 1
    assert check().warning == "", "the worker may still be starting"
    check._changed_at -= away
    assert check().warning.startswith("no worker was seen for 121 s")
    wrong_clock = timezone.now() - timedelta(hours=1)
    worker = Worker.objects.create(name="a", host="b", process=1, seen_at=wrong_clock)
    assert check().warning == ""
    check._changed_at -= away
    assert check().warning != "", "its time stands still"
    worker.seen_at = wrong_clock + timedelta(seconds=10)
    worker.save()
    assert check().warning == ""


INSIDE = ["127.0.0.1", "10.0.0.0/8"]


@pytest.mark.parametrize(
    ("remote", "trusted", "headers", "inside"),
    [
        ("127.0.0.1", [], {}, True),
        ("127.0.0.1", ["127.0.0.1"], {}, True),  # somebody on the machine of the proxy
        ("127.0.0.1", ["127.0.0.1"], {"X-Forwarded-For": "203.0.113.7"}, False),
        ("127.0.0.1", ["127.0.0.1"], {"X-Forwarded-For": "127.0.0.1, 203.0.113.7"}, False),  # made up
        ("127.0.0.1", ["127.0.0.1"], {"X-Forwarded-For": "10.1.2.3"}, True),
        ("127.0.0.1", ["127.0.0.1"], {"X-Forwarded-Proto": "https"}, False),  # a proxy that does not tell who asks
        ("127.0.0.1", [], {"X-Forwarded-For": "10.1.2.3"}, False),  # a proxy that nobody named
        ("127.0.0.1", [], {"Via": "1.1 proxy"}, False),
        ("203.0.113.7", [], {}, False),
        ("", ["127.0.0.1"], {}, False),  # a socket
    ],
)
def test_inside_is_who_asks_from_a_network_of_the_operator(
    settings: object, remote: str, trusted: list[str], headers: dict[str, str], inside: bool
) -> None:
    settings.INTERNAL_NETWORKS = INSIDE
    request = RequestFactory().get("/readyz", REMOTE_ADDR=remote, headers=headers)
    proxy_headers.apply(lambda environ, _start: [], trusted)(request.META, lambda *_: None)
    assert is_inside(request) is inside
