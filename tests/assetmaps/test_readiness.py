"""What a process must have found before `/readyz` says ok. Through the server: `test_behind_proxies.py`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, StaticFilesStorage
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from accounts import limits
from accounts.sso.models import Connection
from accounts.two_factor.models import Authenticator
from assetmaps import logs, readiness
from assetmaps.readiness import Readiness
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

ANOTHER_KEY = "YW5vdGhlciBrZXkgb2YgMzIgYnl0ZXMgZm9yIHRlc3Q="


def authenticator() -> Authenticator:
    return Authenticator.objects.get(user=UserFactory(with_totp=True))


@pytest.fixture(autouse=True)
def _news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_last_logged", {})


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is kept."""
    monkeypatch.setattr(limits, "READY_KEPT", limits.READY_KEPT * 0)
    monkeypatch.setattr(limits, "READY_AGAIN", limits.READY_AGAIN * 0)


def test_portal_with_everything_is_ready() -> None:
    assert Readiness().reason() == ""


def test_missing_migration_is_named() -> None:
    assert readiness.migrations() == ""
    newest = MigrationRecorder.Migration.objects.filter(app="audit").latest("name")
    newest.delete()
    assert readiness.migrations() == f"migrations are missing, run migrate: audit.{newest.name}"


def test_row_of_a_newer_release_does_no_harm() -> None:
    MigrationRecorder.Migration.objects.create(app="audit", name="9999_newer")
    assert readiness.migrations() == ""


def test_files_are_all_in_the_manifest(tmp_path: object) -> None:
    storage = ManifestStaticFilesStorage(location=tmp_path, base_url="/static/")
    assert readiness.static_files(storage).startswith("files are missing, run collectstatic and restart: ")
    names = {name for finder in readiness.get_finders() for name, _ in finder.list(readiness.NOT_COLLECTED)}
    storage.hashed_files = dict.fromkeys(names, "x")
    assert readiness.static_files(storage) == ""
    del storage.hashed_files["css/assetmaps.css"]  # collected before this release
    assert readiness.static_files(storage).endswith(": css/assetmaps.css")


def test_storage_without_a_manifest_needs_none(tmp_path: object) -> None:
    assert readiness.static_files(StaticFilesStorage(location=tmp_path)) == ""


def test_newest_secrets_need_a_key_that_is_configured(settings: object) -> None:
    assert readiness.secrets() == "", "nothing is sealed yet"
    device = authenticator()
    old = settings.ENCRYPTION_KEYS
    assert readiness.secrets() == ""
    settings.ENCRYPTION_KEYS = [ANOTHER_KEY, *old]
    assert readiness.secrets() == ""
    settings.ENCRYPTION_KEYS = [ANOTHER_KEY]
    assert readiness.secrets() == f"authenticator {device.pk} was sealed with a key that is not in ENCRYPTION_KEYS"
    authenticator()
    assert readiness.secrets() == "", "the newest one counts"


@pytest.mark.parametrize("make", ["set_secret", "set_private_key", "set_next_private_key"])
def test_secrets_of_single_sign_on_need_a_key_too(settings: object, make: str) -> None:
    connection = Connection(organisation=OrganisationFactory())
    getattr(connection, make)("geheim" if make == "set_secret" else b"geheim")
    connection.save()
    assert readiness.secrets() == ""
    settings.ENCRYPTION_KEYS = [ANOTHER_KEY]
    assert f"of single sign-on {connection} was sealed with a key" in readiness.secrets()


def test_one_damaged_secret_does_not_close_the_portal() -> None:
    device = authenticator()
    device.sealed_secret = bytes(device.sealed_secret)[:-1] + b"\x00"
    device.save()
    assert readiness.secrets() == ""


@pytest.mark.usefixtures("_at_once")
def test_slow_looks_are_made_until_they_are_good_and_then_no_more() -> None:
    answers = iter(["still bad", ""])
    looks: list[str] = []
    state = Readiness((lambda: looks.append("first") or next(answers), lambda: looks.append("second") or ""))
    assert [state.reason() for _ in range(4)] == ["still bad", "", "", ""]
    assert looks == ["first", "first", "second"]


def test_many_who_ask_at_once_cause_one_look() -> None:
    looks: list[int] = []
    state = Readiness((lambda: looks.append(1) or "no",))
    with ThreadPoolExecutor(16) as threads:
        answers = set(threads.map(lambda _: state.reason(), range(200)))
    assert answers == {"no"}
    assert len(looks) == 1


@pytest.mark.usefixtures("_at_once")
def test_database_that_does_not_answer_holds_one_who_asks_and_not_for_long(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "READY_TIMEOUT", limits.READY_TIMEOUT / 4)
    answered = threading.Event()
    begun: list[str] = []

    def mute() -> str:
        begun.append("")
        return "" if answered.wait(30) else "mute"

    state = Readiness(())
    assert state.reason() == ""
    monkeypatch.setattr(readiness, "_database", mute)
    late = "the database did not answer within 0 s"
    with ThreadPoolExecutor(100) as threads:
        asked = [threads.submit(state.reason) for _ in range(100)]
        assert [one.result() for one in asked].count(late) >= 1
    assert [state.reason() for _ in range(100)] == [late] * 100
    assert len(begun) == 1
    assert len([line for line in caplog.records if line.name == readiness.__name__]) == 1
    answered.set()
    state._thread.join(10)
    assert state.reason() == ""


def test_who_asks_while_a_look_is_under_way_gets_the_answer_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READY_KEPT", limits.READY_KEPT * 0)
    monkeypatch.setattr(limits, "READY_TIMEOUT", limits.READY_TIMEOUT * 20)  # would hang this test
    state = Readiness(())
    assert state.reason() == ""
    going, answered = threading.Event(), threading.Event()

    def mute() -> str:
        going.set()
        return "" if answered.wait(30) else "mute"

    monkeypatch.setattr(readiness, "_database", mute)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(state.reason)
        assert going.wait(10)
        assert [state.reason() for _ in range(100)] == [""] * 100
        assert not first.done()
        answered.set()
        assert first.result(10) == ""


def test_database_that_fails_is_told_to_the_log_and_not_to_who_asks(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise DatabaseError("no connection to db.intern")

    monkeypatch.setattr(readiness, "_database", fail)
    monkeypatch.setattr(readiness, "PROCESS", Readiness(()))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")
    told = [line.getMessage() for line in caplog.records if line.name == readiness.__name__]
    assert told == ["not ready: DatabaseError while looking: no connection to db.intern"]


def test_look_leaves_no_connection_open(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(readiness, "_database", lambda: "")
    fake = SimpleNamespace(close=lambda: closed.append(threading.current_thread().name))
    monkeypatch.setattr(readiness, "connection", fake)
    assert Readiness(()).reason() == ""
    assert closed == ["readiness"]


# ASVS 13.4.4
@pytest.mark.parametrize("method", ["post", "put", "trace"])
@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_health_takes_no_other_method(client: Client, address: str, method: str) -> None:
    assert getattr(client, method)(address).status_code == 405
