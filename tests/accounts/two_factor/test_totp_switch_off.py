"""Twee-staps-authenticatie uitschakelen."""

from __future__ import annotations

import pytest
import time_machine
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.throttling.known_browsers import COOKIE
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import Authenticator
from tests.codes import code_of, wrong_code_of
from tests.conftest import mails, sign_in
from tests.factories import UserFactory
from tests.pages import (
    DETAILS,
    NOT_A_CODE,
    SWITCH_OFF,
    TOO_MANY,
    USED_CODE,
    WRONG_CODE,
    browser,
    half_signed_in,
    is_signed_in,
    session_key,
    shown,
    signed_in,
    type_code,
)

pytestmark = pytest.mark.django_db

IT_IS_OFF = "Twee-staps-authenticatie staat uit. Vanaf nu log je in zonder tweede stap."


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


def switch_off(client: object, code: str) -> str:
    return shown(client, SWITCH_OFF, {"code": code})


# ASVS 6.5.6
def test_fresh_code_switches_it_off(person: User) -> None:
    client = signed_in(person)
    before = session_key(client)
    assert IT_IS_OFF in switch_off(client, code_of(person, 30))
    assert not Authenticator.objects.exists()
    assert session_key(client) != before
    assert sign_in(browser(), person).url == "/"


def test_looking_changes_nothing(person: User) -> None:  # ASVS 3.5.3
    client = signed_in(person)
    assert client.get(SWITCH_OFF).status_code == 200
    assert client.put(SWITCH_OFF).status_code == 405
    assert Authenticator.objects.exists()


def test_code_that_signed_in_does_not_switch_it_off(person: User) -> None:
    code = code_of(person)
    client = browser()
    sign_in(client, person, code=code)
    assert USED_CODE in switch_off(client, code)
    assert Authenticator.objects.exists()


@pytest.mark.parametrize(("typed", "sentence"), [("abcdef", NOT_A_CODE), ("12345", NOT_A_CODE)])
def test_what_is_no_code_is_refused_without_counting(person: User, typed: str, sentence: str) -> None:
    assert sentence in switch_off(signed_in(person), typed)
    assert Authenticator.objects.exists()
    assert not AuditEntry.objects.filter(event="switching_off_refused").exists()


def test_wrong_code_is_refused_and_recorded(person: User) -> None:
    client = signed_in(person)
    assert WRONG_CODE in switch_off(client, wrong_code_of(person))
    assert Authenticator.objects.exists()
    assert AuditEntry.objects.get(event="switching_off_refused").succeeded is False


@pytest.mark.parametrize("known", [True, False])
def test_wrong_codes_count_together_with_those_of_signing_in(person: User, known: bool) -> None:  # ASVS 6.3.1
    client, half = signed_in(person), half_signed_in(person)
    if known:
        half.cookies[COOKIE] = client.cookies[COOKIE].value
    else:
        del client.cookies[COOKIE]  # a stolen session: whoever has it is a stranger, like whoever signs in elsewhere
    for _ in range(3):
        switch_off(client, wrong_code_of(person))
    type_code(half, wrong_code_of(person))
    assert TOO_MANY in type_code(half, wrong_code_of(person))
    assert TOO_MANY in switch_off(client, code_of(person, 30))
    assert Authenticator.objects.exists()
    counter = AttemptCounter.objects.get(kind="code", failures__gt=0)
    assert (counter.failures, counter.bucket != AttemptCounter.UNKNOWN_BROWSERS) == (5, known)


def test_strangers_do_not_keep_the_owner_from_switching_off(person: User) -> None:
    client, thief = signed_in(person), half_signed_in(person)
    for _ in range(5):
        type_code(thief, wrong_code_of(person))
    assert TOO_MANY in type_code(thief, code_of(person, 30))
    assert IT_IS_OFF in switch_off(client, code_of(person, 30))


def test_every_other_session_ends_and_this_one_stays(person: User) -> None:  # ASVS 7.4.3
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(person)
        clock.shift(30)
        elsewhere, owing = signed_in(person), half_signed_in(person)
        clock.shift(30)
        switch_off(client, code_of(person))
        assert is_signed_in(client)
        assert not is_signed_in(elsewhere)
        assert owing.get("/inloggen/verificatie/").url == "/inloggen/"


# NIST N29
def test_switching_off_is_recorded_and_mailed(
    person: User, django_capture_on_commit_callbacks: object
) -> None:  # ASVS 6.3.7
    client = signed_in(person)
    with django_capture_on_commit_callbacks(execute=True):
        switch_off(client, code_of(person, 30))
    assert AuditEntry.objects.get(event="second_step_switched_off").subject == person
    (message,) = mails()
    assert (message.to, message.subject) == ([person.email], "Twee-staps-authenticatie staat uit")


def test_staff_always_need_it_so_they_keep_it() -> None:
    person = UserFactory(staff=True, with_totp=True)
    client = signed_in(person)
    page = switch_off(client, code_of(person, 30))
    assert "Je werkt in het beheer, en daar is twee-staps-authenticatie altijd verplicht." in page
    assert Authenticator.objects.get().confirmed
    assert client.get("/beheer/").status_code == 200


def test_who_has_none_is_led_back() -> None:
    client = signed_in(UserFactory())
    assert client.get(SWITCH_OFF).url == DETAILS
    assert client.post(SWITCH_OFF, {"code": "123456"}).url == DETAILS
