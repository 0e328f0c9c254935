"""The waiting times at sign-in: unknown browsers have to wait, the owner in a known browser does not."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.throttling import flows as throttling
from accounts.throttling.known_browsers import UNKNOWN_BROWSER
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind
from accounts.two_factor import devices
from tests.codes import code_of, phone, wrong_code_of
from tests.conftest import browser, sign_in
from tests.factories import PASSWORD, UserFactory

CODE = "/inloggen/verificatie/"


def half_signed_in(person: object) -> Client:
    client = browser()
    client.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    return client


def refusal(client: Client) -> str:
    return client.get(CODE).content.decode()


def guess(person: object, times: int) -> Client:
    client = half_signed_in(person)
    for _ in range(times):
        client.post(CODE, {"code": wrong_code_of(person)})
    return client


@pytest.mark.django_db
def test_thief_guesses_while_the_owner_signs_in_at_first_try_from_the_known_browser(client: Client) -> None:
    person = UserFactory(with_totp=True)
    sign_in(client, person)
    client.post("/uitloggen/")
    thief = guess(person, 5)
    with time_machine.travel(timezone.now() + timedelta(seconds=60), tick=True):
        thief.post(CODE, {"code": code_of(person)})
        assert re.search(r"Na (\d+ \w+ )?\d\d:\d\d uur kun je het opnieuw proberen", refusal(thief))
        assert sign_in(client, person).url == "/"
        assert client.get("/").status_code == 200


@pytest.mark.django_db
def test_ten_wrong_codes_close_the_code_step_until_the_password_is_set_by_mail() -> None:
    person, now = UserFactory(with_totp=True), timezone.now()
    guess(person, 5)
    with time_machine.travel(now + timedelta(minutes=16), tick=True):
        guess(person, 5)
    with time_machine.travel(now + timedelta(hours=3), tick=True):
        assert sign_in(browser(), person).url == CODE
        assert AuditEntry.objects.filter(event=Event.PASSWORD_TREATED_AS_STOLEN).count() == 1
        client, token = browser(), links.make(person, Purpose.RESET)
        client.get(f"/wachtwoord-instellen/{token}/")
        new = {"new_password1": "zeven lange gele banden", "new_password2": "zeven lange gele banden"}
        client.post("/wachtwoord-instellen/", new)
        client.post("/inloggen/", {"username": person.email, "password": "zeven lange gele banden"})
        assert client.post(CODE, {"code": code_of(person)}).url == "/"


@pytest.mark.django_db
def test_cap_of_a_month_outlives_new_passwords_and_right_codes() -> None:
    person, now = UserFactory(with_totp=True), timezone.now()
    judged = 0
    for day in range(12):
        with time_machine.travel(now + timedelta(days=day), tick=True):
            throttling.reset_after_new_password(person)
            before = AuditEntry.objects.filter(event=Event.CODE_REFUSED, detail__cause="wrong").count()
            guess(person, 4)
            judged += AuditEntry.objects.filter(event=Event.CODE_REFUSED, detail__cause="wrong").count() - before
    assert judged == limits.CODE_CAP


@pytest.mark.django_db
def test_planted_or_foreign_browser_cookie_chooses_no_bucket(client: Client) -> None:
    person, other = UserFactory(with_totp=True), UserFactory(with_totp=True)
    sign_in(client, other)
    for cookie in (client.cookies["__Host-known"].value, "rubbish", "e30:1abc:def"):
        thief = browser()
        thief.cookies["__Host-known"] = cookie
        thief.post("/inloggen/", {"username": person.email, "password": PASSWORD})
        thief.post(CODE, {"code": wrong_code_of(person)})
    assert AttemptCounter.objects.get(subject=f"user:{person.pk}", kind=Kind.CODE).failures == 3


# ASVS 6.3.1
@pytest.mark.django_db
def test_many_wrong_passwords_from_one_network_wait_and_known_browsers_do_not(client: Client) -> None:
    person = UserFactory()
    with time_machine.travel("2026-03-02 10:20Z", tick=False) as clock:  # counted by the hour of the clock
        sign_in(client, person)
        for number in range(limits.NETWORK_FAILURES):
            browser().post("/inloggen/", {"username": f"n{number}@voorbeeld.nl", "password": "x"})
        stranger = browser()
        assert sign_in(stranger, person).url == "/inloggen/"
        page = stranger.get("/inloggen/").content.decode()
        assert "Vanaf jouw netwerk" in page
        assert "12:00 uur" in page
        client.post("/uitloggen/")
        assert sign_in(client, person).url == "/"
        clock.shift(timedelta(minutes=40))
        assert sign_in(stranger, person).url == "/"
    cache.clear()


@pytest.mark.django_db
def test_known_and_unknown_address_wait_alike() -> None:
    person = UserFactory()
    for address in (person.email, "niemand@voorbeeld.nl"):
        for _ in range(6):
            browser().post("/inloggen/", {"username": address, "password": "x"})
    failures = list(AttemptCounter.objects.filter(kind=Kind.PASSWORD).values_list("failures", "closed"))
    assert failures == [(5, False), (5, False)]


@pytest.mark.django_db
def test_attempt_outside_a_transaction_is_a_mistake_of_the_programmer() -> None:
    person = UserFactory()
    connection.in_atomic_block, kept = False, connection.in_atomic_block
    try:
        with pytest.raises(transaction.TransactionManagementError):
            throttling.counter_for(person, Kind.CODE, UNKNOWN_BROWSER)
    finally:
        connection.in_atomic_block = kept


@pytest.mark.django_db
def test_counter_that_another_first_attempt_makes_meanwhile_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    person, insert = UserFactory(), AttemptCounter.objects.bulk_create

    def insert_as_second(counters: list[AttemptCounter], **options: bool) -> object:
        insert([AttemptCounter(subject=one.subject, kind=one.kind, bucket=one.bucket, failures=3) for one in counters])
        return insert(counters, **options)

    monkeypatch.setattr(AttemptCounter.objects, "bulk_create", insert_as_second)
    monkeypatch.setattr(throttling, "_transaction_locks_the_database", lambda: False)
    assert throttling.counter_for(person, Kind.CODE, UNKNOWN_BROWSER).failures == 3
    assert AttemptCounter.objects.count() == 1


# ASVS 16.5.3
# ASVS 16.3.3
@pytest.mark.django_db(transaction=True)
def test_failures_are_counted_exactly_under_parallel_requests() -> None:
    person = UserFactory(with_totp=True)
    wrong = wrong_code_of(person)
    clients = [half_signed_in(person) for _ in range(20)]

    def attempt(client: Client) -> None:
        try:
            client.post(CODE, {"code": wrong})
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AttemptCounter.objects.get(kind=Kind.CODE).failures == limits.CODE_FREE_FAILURES
    causes = list(AuditEntry.objects.filter(event=Event.CODE_REFUSED).values_list("detail__cause", flat=True))
    assert sorted(causes) == ["waiting"] * 15 + ["wrong"] * 5


@pytest.mark.django_db
def test_known_browser_that_was_closed_is_open_again_after_a_full_sign_in(client: Client) -> None:
    person = UserFactory(with_totp=True)
    sign_in(client, person)
    client.post("/uitloggen/")
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        client.post("/inloggen/", {"username": person.email, "password": PASSWORD})
        client.post(CODE, {"code": wrong_code_of(person)})
        AttemptCounter.objects.exclude(bucket="").filter(kind=Kind.CODE).update(closed=True)
        assert client.post(CODE, {"code": code_of(person)}).url == "/"
    assert not AttemptCounter.objects.filter(closed=True).exists()


@pytest.mark.django_db
def test_activation_makes_every_browser_but_this_one_a_stranger(client: Client) -> None:
    person, earlier = UserFactory(), Client()
    sign_in(earlier, person)
    sign_in(client, person)
    client.post("/persoonlijke-gegevens/twee-staps-authenticatie/activeren/")
    pending = devices.pending_authenticator_of(person)
    client.post("/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/", {"code": phone(pending).now()})
    for visitor, from_unknown_browser in ((earlier, True), (client, False)):
        AttemptCounter.objects.all().delete()
        visitor.post("/uitloggen/")
        visitor.post("/inloggen/", {"username": person.email, "password": PASSWORD})
        visitor.post(CODE, {"code": wrong_code_of(person)})
        assert (
            AttemptCounter.UNKNOWN_BROWSERS in AttemptCounter.objects.values_list("bucket", flat=True)
        ) is from_unknown_browser


@pytest.mark.django_db
@pytest.mark.parametrize("bucket", [AttemptCounter.UNKNOWN_BROWSERS, "a known browser"])
def test_opening_what_is_closed_keeps_the_cap_of_unknown_browsers(bucket: str) -> None:
    person, now = UserFactory(), int(timezone.now().timestamp())
    counter = AttemptCounter.objects.create(
        subject=f"user:{person.pk}", kind="code", bucket=bucket, closed=True, recent=[now] * limits.CODE_CAP
    )
    throttling.open_closed_counters(person)
    counter.refresh_from_db()
    assert not counter.closed
    assert (counter.waits_until > now) == (bucket == AttemptCounter.UNKNOWN_BROWSERS)
