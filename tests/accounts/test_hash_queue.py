"""However many people sign in at once, a few hashes run; who waits too long gets a page, and nothing is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import hash_queue, limits
from accounts.audit.models import AuditEntry
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import codes
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import Authenticator
from tests.codes import phone
from tests.conftest import prove
from tests.factories import PASSWORD, UserFactory
from tests.pages import SIGN_IN, browser, signed_in, text

BUSY = "<h1>Het is erg druk</h1>"


@contextmanager
def everything_taken(monkeypatch: pytest.MonkeyPatch, *, besides: int = 0) -> Iterator[None]:
    """All turns are in use until the end, but for so many, and who waits hears soon that it takes too long."""
    monkeypatch.setattr(hash_queue, "AT_HAND", 0.005)
    monkeypatch.setattr(limits, "HASH_WAIT", timedelta(seconds=0.01))
    free, begun = threading.Event(), threading.Semaphore(0)

    def occupy() -> None:
        begun.release()
        free.wait(20)

    turns = [hash_queue._threads.submit(occupy) for _ in range(hash_queue.AT_ONCE - besides)]
    for _ in turns:
        assert begun.acquire(timeout=20)
    try:
        yield
    finally:
        free.set()
        for turn in turns:
            turn.result(20)


def test_no_more_run_at_once_than_two_a_core() -> None:
    running, most, lock = 0, 0, threading.Lock()
    all_here = threading.Barrier(hash_queue.AT_ONCE, timeout=20)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        all_here.wait()
        with lock:
            running -= 1

    visitors = [threading.Thread(target=hash_queue.run_queued, args=(work,)) for _ in range(3 * hash_queue.AT_ONCE)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(20)
    assert most == hash_queue.AT_ONCE
    assert limits.HASHES_A_CORE == 2


def test_memory_stays_with_few_threads() -> None:
    names = {hash_queue.run_queued(lambda: threading.current_thread().name) for _ in range(50)}
    assert len(names) <= hash_queue.AT_ONCE
    assert all(name.startswith("hash") for name in names)


def test_recovery_codes_are_hashed_on_every_core_and_leave_turns_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "CORES", 2)
    typed, salt = [f"{number:016d}" for number in range(5)], b"zoutzoutzoutzout"
    one_by_one = [codes.slow_digest(code, salt) for code in typed]
    shares: list[int] = []
    digests_of = codes._digests

    def counted(share: list[str], salt: bytes) -> list[str]:
        shares.append(len(share))
        return digests_of(share, salt)

    monkeypatch.setattr(codes, "_digests", counted)
    assert codes.slow_digests(typed, salt) == one_by_one
    assert sorted(shares) == [2, 3]
    assert hash_queue.CORES < hash_queue.AT_ONCE


def test_of_several_hashes_none_counts_when_one_could_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    with everything_taken(monkeypatch, besides=1), pytest.raises(hash_queue.TooBusyError):
        hash_queue.run_together([lambda: time.sleep(0.2), lambda: None])


def test_what_a_hash_raises_reaches_who_asked() -> None:
    with pytest.raises(ZeroDivisionError):
        hash_queue.run_queued(lambda: 1 // 0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: make_password(PASSWORD),
        lambda: check_password(PASSWORD, "argon2nfc$argon2id$v=19$m=19456,t=2,p=1$c291dHpvdXQ$" + "A" * 43),
        lambda: check_password(PASSWORD, "argon2$argon2id$v=19$m=19456,t=2,p=1$c291dHpvdXQ$" + "A" * 43),
        lambda: check_password(PASSWORD, PBKDF2PasswordHasher().encode(PASSWORD, "zout", 1)),
        lambda: codes.slow_digest("ABCD", b"zoutzoutzoutzout"),
        lambda: codes.slow_digests(["ABCD", "EFGH"], b"zoutzoutzoutzout"),
    ],
)
def test_every_kind_of_hash_waits_for_its_turn(ask: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with everything_taken(monkeypatch), pytest.raises(hash_queue.TooBusyError):
        ask()


@pytest.mark.django_db
@pytest.mark.parametrize("known", [True, False])
def test_sign_in_gets_a_page_and_counts_nothing(known: bool, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory()
    wrong = {"username": person.email if known else "niemand@voorbeeld.nl", "password": "een verkeerd wachtwoord"}
    with everything_taken(monkeypatch):
        for _ in range(limits.NETWORK_FAILURES + 1):  # nor is it counted by network
            answer = client.post(SIGN_IN, wrong)
            assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert BUSY in text(answer)
    assert answer["Cache-Control"] == "no-store"
    assert not AttemptCounter.objects.filter(failures__gt=0).exists()
    assert not AuditEntry.objects.exists()
    assert client.post(SIGN_IN, {"username": person.email, "password": PASSWORD}).url == "/"


@pytest.mark.django_db
def test_pages_behind_the_sign_in_get_it_too_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory(with_totp=True)
    client = signed_in(person)
    prove(client)
    new = "een heel nieuwe lange zin"
    change = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    before = AuditEntry.objects.count()
    with everything_taken(monkeypatch):
        for page, values in (("change_password", change), ("recovery_codes_make", {})):
            answer = client.post(reverse(page), values)
            assert (answer.status_code, BUSY in text(answer)) == (503, True), page
    assert AuditEntry.objects.count() == before
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.django_db
def test_second_step_stays_on_when_its_recovery_codes_have_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory()
    client = signed_in(person)
    client.post(reverse("totp_activate"))
    pending = Authenticator.objects.get(user=person)
    code = phone(pending).at(int(time.time()))
    with everything_taken(monkeypatch):
        answer = client.post(reverse("totp_confirm"), {"code": code, "name": ""}, follow=True)
    pending.refresh_from_db()
    assert pending.confirmed
    assert "Het was te druk om je herstelcodes te maken. Maak ze hier." in text(answer)
    assert reverse("recovery_codes_make") in text(answer)


@pytest.mark.django_db(transaction=True)
def test_who_waits_holds_no_connection_to_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    UserFactory()
    assert connection.connection is not None
    with everything_taken(monkeypatch), pytest.raises(hash_queue.TooBusyError):
        make_password(PASSWORD)
    assert connection.connection is None


@pytest.mark.django_db(transaction=True)
def test_nobody_hashes_inside_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock would be held while waiting; in SQLite that is the lock of everybody."""
    inside = []
    original = hash_queue._threads.submit
    monkeypatch.setattr(
        hash_queue._threads, "submit", lambda *work: inside.append(connection.in_atomic_block) or original(*work)
    )
    person = UserFactory(superuser=True, with_totp=True)
    client = signed_in(person)
    prove(client)
    new = "een heel nieuwe lange zin"
    client.post(reverse("change_password"), {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    client.post(reverse("recovery_codes_make"))
    account_recovery.issue_bridge_code(person)
    stranger = browser()
    stranger.post(SIGN_IN, {"username": person.email, "password": new})
    stranger.post(reverse("recovery_code"), {"code": "ABCD-EFGH-JKMN-PQRS"})
    assert len(inside) >= 6
    assert not any(inside)
