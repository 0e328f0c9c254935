"""The session engine: keys, columns, and sessions that end while they are in use."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.utils import timezone

from accounts.active_sessions import store
from accounts.active_sessions.models import Session
from accounts.active_sessions.store import SessionStore
from accounts.two_factor.challenge import flows
from tests.codes import code_of
from tests.conftest import sign_in
from tests.factories import UserFactory
from tests.pages import browser, half_signed_in, is_signed_in, session_key, session_row, signed_in

pytestmark = pytest.mark.django_db


# ASVS 7.2.1
def test_unknown_planted_key_is_not_adopted() -> None:
    planted = "a" * 32
    client = browser()
    client.cookies.load({settings.SESSION_COOKIE_NAME: planted})
    sign_in(client, UserFactory())
    assert session_key(client) != planted
    assert not Session.objects.filter(digest=store.digest_of(planted)).exists()


def test_unknown_key_is_replaced_as_soon_as_something_is_kept() -> None:
    session = SessionStore("a" * 32)
    session["x"] = 1
    session.save()
    assert session.session_key != "a" * 32


# ASVS 7.2.1
@pytest.mark.parametrize("key", ["", "x", "é" * 40, "a" * 5000, "' OR 1=1 --"])
def test_odd_keys_are_nobodys_session(key: str) -> None:
    client = browser()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert client.get("/").status_code == 302


def test_digest_in_the_database_is_no_key(client: Client) -> None:
    sign_in(client, UserFactory())
    thief = browser()
    thief.cookies.load({settings.SESSION_COOKIE_NAME: session_row(client).digest})
    assert not is_signed_in(thief)


# ASVS 7.2.2, 11.5.1
# NIST N9
def test_keys_are_long_and_differ() -> None:  # ASVS 7.2.3
    keys = {store.fresh_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) == 32 for key in keys)


def test_row_knows_whose_session_it_is_and_from_where(client: Client) -> None:
    person = UserFactory()
    sign_in(client, person)
    row = session_row(client)
    assert (row.user, row.signed_in, row.address, row.browser) == (person, True, "127.0.0.1", "Testbrowser")


def test_half_signed_in_session_belongs_to_the_person_but_is_not_signed_in() -> None:
    person = UserFactory(with_totp=True)
    client = half_signed_in(person)
    row, session = session_row(client), SessionStore(session_key(client))
    assert (row.user, row.signed_in) == (person, False)
    session.load()
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        session.touch()
    assert session_row(client).expires_at == row.expires_at, "nothing makes half a sign-in last longer"


def test_five_sessions_at_most_and_the_oldest_ends() -> None:  # ASVS 7.1.2
    person = UserFactory()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browsers = []
        for _ in range(6):
            browsers.append(signed_in(person))
            clock.shift(timedelta(seconds=1))
        assert [is_signed_in(client) for client in browsers] == [False] + [True] * 5


def test_sessions_of_others_do_not_count() -> None:
    first = signed_in(UserFactory())
    for _ in range(6):
        signed_in(UserFactory())
    assert is_signed_in(first)


def test_session_ended_in_parallel_is_not_written_back() -> None:
    key_holder = SessionStore()
    key_holder["x"] = 1
    key_holder.save()
    mine = SessionStore(key_holder.session_key)
    mine["x"] = 2
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        mine.save()
    assert not Session.objects.exists()


def test_session_that_ends_during_a_request_gives_a_plain_page(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory(with_totp=True)
    client = half_signed_in(person)

    def ended_meanwhile(session: object) -> None:
        Session.objects.all().delete()
        session.modified = True

    monkeypatch.setattr(flows, "forget", ended_meanwhile)
    answer = client.post("/inloggen/verificatie/", {"code": code_of(person)})
    assert answer.status_code == 400
    assert not is_signed_in(client)
    assert not Session.objects.filter(signed_in=True).exists()


def test_changing_the_key_keeps_the_data_and_moves_the_row() -> None:
    session = SessionStore()
    session.create()
    assert session.modified, "or nobody stores it"
    session["x"] = 1
    session.save()
    old, session.modified = session.session_key, False
    session.cycle_key()
    assert session.modified, "or nobody stores it, and the old key goes on working"
    session.save()
    assert SessionStore(old).get("x") is None
    assert SessionStore(session.session_key).get("x") == 1
    assert Session.objects.count() == 1


def test_changed_data_in_the_row_are_refused(client: Client) -> None:
    sign_in(client, UserFactory())
    row = session_row(client)
    Session.objects.update(data=row.data[:-2] + "xx")
    assert not is_signed_in(client)


# ASVS 7.4.1
def test_expired_sessions_are_cleared() -> None:
    signed_in(UserFactory())
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        SessionStore.clear_expired()
    assert not Session.objects.exists()
