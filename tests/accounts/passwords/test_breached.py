"""The look-up of stolen passwords, against a real server on this machine that answers as the range interface does."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Semaphore, Thread
from unicodedata import normalize

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from pytest_django import Settings

from accounts import limits
from accounts.passwords import breached
from accounts.passwords.validators import BreachedValidator
from tests.clock import later

STOLEN = "vier gestolen ezels"
SAFE = "vijf eigen geiten"


def digest(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


class Range(BaseHTTPRequestHandler):
    """Knows `STOLEN`; the tests put another way of answering in `behave`."""

    asked: list[tuple[str, dict[str, str]]] = []
    behave: Callable[[Range], None] | None = None

    def do_GET(self) -> None:
        type(self).asked.append((self.path, dict(self.headers)))
        if type(self).behave:
            type(self).behave(self)
        else:
            self.answer(f"{digest(STOLEN)[5:]}:12\r\n{digest(SAFE)[5:]}:0\r\n{'A' * 35}:3\r\n".encode())

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture(autouse=True)
def service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Range.asked, Range.behave = [], None
    server = ThreadingHTTPServer(("127.0.0.1", 0), Range)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    settings.BREACHED_PASSWORDS_URL = f"http://127.0.0.1:{server.server_port}/range/"
    yield server
    server.shutdown()
    server.server_close()


# ASVS 6.2.12
def test_a_stolen_password_is_refused_and_the_reason_is_named() -> None:
    with pytest.raises(ValidationError, match="gestolen"):
        BreachedValidator().validate(STOLEN)
    BreachedValidator().validate("zes andere paarden")


def test_both_forms_of_unicode_are_one_password_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    password = normalize("NFC", "vier gestolen cafés")
    Range.behave = lambda handler: handler.answer(f"{digest(password)[5:]}:1".encode())
    assert breached.is_known(normalize("NFD", password))


def test_only_five_digits_of_the_hash_leave_us_and_the_answer_is_padded() -> None:
    breached.is_known(STOLEN)
    [(path, headers)] = Range.asked
    assert path == f"/range/{digest(STOLEN)[:5]}"
    assert headers["Add-Padding"] == "true"
    sent = path + str(headers)
    assert digest(STOLEN)[5:] not in sent.upper()
    assert STOLEN not in sent


def test_padding_is_no_hit() -> None:
    assert not breached.is_known(SAFE)


def test_nothing_is_asked_when_switched_off(settings: Settings) -> None:
    settings.BREACHED_PASSWORDS_URL = ""
    BreachedValidator().validate(STOLEN)
    assert Range.asked == []


def test_nothing_is_asked_for_a_password_that_is_refused_by_its_length() -> None:
    BreachedValidator().validate("kort")
    BreachedValidator().validate("lang" * 100)
    assert Range.asked == []


def drip(handler: Range) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(60):
            handler.wfile.write(b"A")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        pass


TROUBLE: dict[str, Callable[[Range], None]] = {
    "error": lambda handler: handler.answer(b"", 503),
    "garbage": lambda handler: handler.answer(bytes(range(256)) * 50),
    "not http": lambda handler: handler.wfile.write(b"\x00\x01\x02 nonsense"),
    "too large": lambda handler: handler.answer(f"{digest(STOLEN)[5:]}:1\n".encode() * 10_000),
    "mute": lambda handler: time.sleep(4),
    "dripping": drip,
}


# ASVS 16.5.2
# ASVS 16.3.4
@pytest.mark.parametrize("trouble", TROUBLE)
def test_an_outage_lets_the_password_pass_in_time_and_is_logged(trouble: str, caplog: pytest.LogCaptureFixture) -> None:
    Range.behave = TROUBLE[trouble]
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        BreachedValidator().validate(STOLEN)
    assert time.monotonic() - began < 3
    assert "look-up of a stolen password failed" in caplog.text
    assert digest(STOLEN)[:5] not in caplog.text.upper()


def test_a_service_that_is_gone_lets_the_password_pass(
    service: ThreadingHTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    service.shutdown()
    service.server_close()
    assert not breached.is_known(STOLEN)
    assert "failed" in caplog.text


# ASVS 13.2.4
def test_a_redirect_is_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    Range.behave = lambda handler: handler.answer(b"", 302, Location=f"http://{handler.headers['Host']}/elsewhere")
    assert not breached.is_known(STOLEN)
    assert [path for path, _headers in Range.asked] == [f"/range/{digest(STOLEN)[:5]}"]


@pytest.mark.parametrize(
    "address", ["http://range.voorbeeld.nl/", "file:///etc/passwd", "ftp://voorbeeld.nl", "https://", "voorbeeld.nl"]
)
def test_the_program_refuses_to_start_with_an_address_that_is_not_https(address: str, settings: Settings) -> None:
    settings.BREACHED_PASSWORDS_URL = address
    with pytest.raises(ImproperlyConfigured):
        breached.check_address()


def test_https_and_the_own_machine_are_taken(settings: Settings) -> None:
    for address in ("", "https://range.voorbeeld.nl/range", "http://localhost:8080/range/"):
        settings.BREACHED_PASSWORDS_URL = address
        breached.check_address()


# ASVS 16.5.2
@pytest.mark.parametrize("trouble", ["error", "mute"])
def test_failure_is_remembered_and_the_next_passwords_pass_without_waiting(
    trouble: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breached, "SECONDS", 0.3)
    Range.behave = TROUBLE[trouble]
    assert not breached.is_known(STOLEN)
    Range.behave = None
    assert not any(breached.is_known(STOLEN) for _ in range(3))
    assert len(Range.asked) == 1
    assert "left out: FailedJustNowError" in caplog.text
    with later(limits.OUTSIDE_FAILED + timedelta(seconds=1)):
        assert breached.is_known(STOLEN)


def test_few_are_looked_up_at_once_and_the_others_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is slow holds the threads of few."""
    inside, go_on = Semaphore(0), Event()
    real = Range.answer

    def slow(handler: Range) -> None:
        inside.release()
        go_on.wait(10)
        real(handler, f"{digest(STOLEN)[5:]}:1".encode())

    Range.behave = slow
    monkeypatch.setattr(breached, "SECONDS", 10.0)
    found: list[bool] = []
    threads = [Thread(target=lambda: found.append(breached.is_known(STOLEN))) for _ in range(limits.BREACHED_AT_ONCE)]
    for thread in threads:
        thread.start()
        assert inside.acquire(timeout=10)
    assert not breached.is_known(STOLEN)
    go_on.set()
    for thread in threads:
        thread.join()
    assert found == [True] * limits.BREACHED_AT_ONCE
    assert len(Range.asked) == limits.BREACHED_AT_ONCE
