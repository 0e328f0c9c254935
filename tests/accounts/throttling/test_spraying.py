"""The alarm about a few passwords at many accounts, each below its own limit."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.throttling import spraying
from tests.codes import code_of, wrong_code_of
from tests.conftest import browser, mails
from tests.factories import PASSWORD, UserFactory
from tests.pages import CODE, SIGN_IN

pytestmark = pytest.mark.django_db

MIDDAY = "2026-03-17 12:10:00Z"  # a limit begins anew on the hour, so none of these tests may stand on it


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "SPRAYING_ACCOUNTS", 4)
    monkeypatch.setattr(limits, "SPRAYING_REFUSALS", 9)
    with time_machine.travel(MIDDAY, tick=False):
        yield


def refuse(name: str, n: int = 1, client: Client | None = None) -> None:
    where = {"REMOTE_ADDR": f"203.0.113.{n}"}
    (client or browser()).post(SIGN_IN, {"username": f"{name}@voorbeeld.nl", "password": "geraden"}, **where)


def alarms() -> int:
    return AuditEntry.objects.filter(event="spraying_suspected").count()


@pytest.mark.django_db(transaction=True)
def test_many_accounts_with_one_attempt_each_raise_the_alarm(
    settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALARM_EMAIL = "wacht@voorbeeld.nl"
    chief = UserFactory(superuser=True, email="baas@voorbeeld.nl")
    UserFactory(email="n1@voorbeeld.nl")
    for n in range(3):
        refuse(f"n{n}", n)
    assert alarms() == 0
    refuse("n3", 3)
    entry = AuditEntry.objects.get(event="spraying_suspected")
    assert entry.detail == {"refused": 4, "people": 1, "networks": 4}
    assert (entry.subject, entry.actor, entry.address) == (None, None, None)
    assert {message.to[0] for message in mails()} == {chief.email, "wacht@voorbeeld.nl"}
    assert "4 geweigerde inlogpogingen, bij 1 mensen" in mails()[0].body
    told = [line for line in caplog.records if line.name == spraying.__name__]
    assert [(line.levelno, line.getMessage()) for line in told] == [
        (logging.ERROR, "many sign-ins are refused: 4 in an hour, from 4 addresses")
    ]


def test_alarm_is_raised_once_an_hour_and_refuses_nobody() -> None:
    person = UserFactory()
    for n in range(12):
        refuse(f"n{n}", n)
    assert alarms() == 1
    answer = browser().post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, "/")
    with time_machine.travel("2026-03-17 13:05:00Z", tick=False):
        for n in range(12):
            refuse(f"n{n}", n)
        assert alarms() == 1, "the hour since the last one is not over"
    with time_machine.travel("2026-03-17 14:05:00Z", tick=False):
        for n in range(12):
            refuse(f"n{n}", n)
        assert alarms() == 2


def test_one_account_counts_once_until_all_attempts_together_are_many() -> None:
    for n in range(8):
        refuse("n0" if n % 2 else "N0", n)
    assert alarms() == 0
    refuse("n0", 9)
    assert alarms() == 1


def test_who_mistyped_and_then_got_in_does_not_count() -> None:
    for _ in range(6):
        person = UserFactory()
        client = browser()
        client.post(SIGN_IN, {"username": person.email, "password": "vertypt"})
        client.post(SIGN_IN, {"username": person.email.upper(), "password": PASSWORD})
    assert alarms() == 0
    for n in range(3):
        refuse(f"n{n}", n)
    assert alarms() == 1, "all refused sign-ins together are many now"


def test_stolen_passwords_tried_without_the_code_raise_the_alarm_too() -> None:
    for _ in range(4):
        person = UserFactory(with_totp=True)
        client = browser()
        client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
        assert alarms() == 0
        client.post(CODE, {"code": wrong_code_of(person)})
    assert alarms() == 1


def test_code_that_is_right_at_last_does_not_count() -> None:
    for _ in range(5):
        person = UserFactory(with_totp=True)
        client = browser()
        client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
        client.post(CODE, {"code": wrong_code_of(person)})
        client.post(CODE, {"code": code_of(person)})
    assert alarms() == 0


def test_known_browsers_do_not_count() -> None:
    for _ in range(5):
        person = UserFactory()
        client = browser()
        client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
        client.post("/uitloggen/")
        client.post(SIGN_IN, {"username": person.email, "password": "vertypt"})
    assert AuditEntry.objects.filter(event="password_refused").count() == 5
    assert alarms() == 0


def test_what_the_wait_of_a_network_refuses_unjudged_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NETWORK_FAILURES", 2)
    for n in range(12):
        refuse(f"n{n}")
    assert alarms() == 0
