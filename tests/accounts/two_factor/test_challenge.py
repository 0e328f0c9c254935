"""The page “Verificatiecode”: the second factor while signing in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords import flows as passwords
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import Authenticator
from tests.codes import code_of, phone, wrong_code_of
from tests.conftest import sign_in
from tests.factories import PASSWORD, AuthenticatorFactory, UserFactory
from tests.pages import (
    CODE,
    NOT_A_CODE,
    SIGN_IN,
    TOO_MANY,
    USED_CODE,
    WRONG_CODE,
    browser,
    half_signed_in,
    is_signed_in,
    shown,
    signed_in,
    text,
    type_code,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, 0, 5, tzinfo=ZoneInfo("Europe/Amsterdam"))
CLOSED = "Daarom kun je nu niet met een code inloggen."
TOO_LATE = "De vijf minuten voor deze stap zijn voorbij"


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


def type_wrong_codes(person: User, count: int) -> str:
    client = half_signed_in(person)
    page = ""
    for _ in range(count):
        page = type_code(client, wrong_code_of(person))
    return page


def test_right_code_signs_in(client: Client, person: User) -> None:
    assert sign_in(client, person).url == "/"
    assert is_signed_in(client)
    entry = AuditEntry.objects.get(event="signed_in")
    assert (entry.subject, entry.detail) == (person, {"factor": "totp"})


# NIST N1
def test_password_alone_signs_nobody_in(person: User) -> None:
    client = half_signed_in(person)
    assert not is_signed_in(client)
    assert client.get("/").status_code == 302
    assert not AuditEntry.objects.filter(event="signed_in").exists()
    person.refresh_from_db()
    assert person.last_login is None


def test_code_page_without_a_password_leads_to_the_sign_in_page(client: Client, person: User) -> None:
    assert client.get(CODE).url == SIGN_IN
    assert client.post(CODE, {"code": code_of(person)}).url == SIGN_IN


def test_code_page_leads_on_who_is_signed_in(person: User) -> None:
    assert signed_in(person).get(CODE).url == "/"


def test_marker_works_until_five_minutes(clock: time_machine.Coordinates, person: User) -> None:
    client = half_signed_in(person)
    clock.shift(timedelta(minutes=5))
    assert client.post(CODE, {"code": code_of(person)}).url == "/"


def test_marker_older_than_five_minutes_is_void(clock: time_machine.Coordinates, person: User) -> None:
    client = half_signed_in(person)
    clock.shift(timedelta(minutes=5, seconds=1))
    assert TOO_LATE in type_code(client, code_of(person))
    assert not is_signed_in(client)
    assert TOO_LATE not in shown(client, CODE)


def test_marker_of_before_a_changed_password_is_void(person: User) -> None:
    client = half_signed_in(person)
    person.password = make_password("een andere lange zin")
    person.save()
    client.post(CODE, {"code": code_of(person)})
    assert not is_signed_in(client)


def test_marker_of_a_person_deactivated_meanwhile_is_void(person: User) -> None:
    client = half_signed_in(person)
    User.objects.update(is_active=False)
    client.post(CODE, {"code": code_of(person)})
    assert not is_signed_in(client)


def test_marker_is_void_when_the_device_was_removed_meanwhile(person: User) -> None:
    client = half_signed_in(person)
    code = code_of(person)
    Authenticator.objects.all().delete()
    assert WRONG_CODE in type_code(client, code)
    assert not is_signed_in(client)


def test_code_of_another_person_does_not_count(person: User) -> None:
    client = half_signed_in(person)
    assert WRONG_CODE in type_code(client, code_of(UserFactory(with_totp=True)))


def test_unfinished_set_up_asks_for_no_code(client: Client) -> None:
    person = UserFactory()
    AuthenticatorFactory(user=person, confirmed=False)
    assert sign_in(client, person).url == "/"


def test_code_of_an_unfinished_second_set_up_does_not_count(person: User) -> None:
    other = AuthenticatorFactory(user=person, confirmed=False)
    client = half_signed_in(person)
    assert "Deze code hoort bij een koppeling die niet is afgemaakt." in type_code(client, phone(other).now())
    assert not is_signed_in(client)


@pytest.mark.parametrize("between", [" ", "\u00a0", "-", "\u202f", "  "])
def test_code_may_be_typed_in_groups(person: User, between: str) -> None:
    code = code_of(person)
    client = half_signed_in(person)
    assert client.post(CODE, {"code": f" {code[:3]}{between}{code[3:]} "}).url == "/"


def test_code_with_leading_zeros_is_typed_whole(clock: time_machine.Coordinates, person: User) -> None:
    while not code_of(person).startswith("0"):
        clock.shift(30)
    client = half_signed_in(person)
    assert NOT_A_CODE in type_code(client, code_of(person).lstrip("0"))
    assert client.post(CODE, {"code": code_of(person)}).url == "/"


@pytest.mark.parametrize("typed", ["abcdef", "²²²²²²", "12345", "1234567", "+12345", "12_345"])
def test_what_is_not_a_code_is_told_and_not_counted(person: User, typed: str) -> None:
    client = half_signed_in(person)
    page = type_code(client, typed)
    assert NOT_A_CODE in page
    assert typed not in page
    assert not AttemptCounter.objects.filter(failures__gt=0).exists()


@pytest.mark.parametrize("typed", ["", "   ", "123456\x00", "\x00", "1" * 10_000, "\ud7ff" * 100])
def test_odd_input_is_refused_with_an_error_at_the_field(person: User, typed: str) -> None:
    client = half_signed_in(person)
    answer = client.post(CODE, {"code": typed})
    assert (answer.status_code, answer.url) == (302, CODE)
    page = client.get(CODE)
    assert 'aria-invalid="true"' in text(page)
    assert not is_signed_in(client)


def test_missing_and_doubled_fields_are_no_error(person: User) -> None:
    client = half_signed_in(person)
    assert client.post(CODE, {"other": "1"}).url == CODE
    assert client.post(CODE, {"code": ["111111", code_of(person)]}).url == "/"


# NIST N3
def test_code_cannot_be_used_twice(person: User) -> None:  # ASVS 6.5.1
    code = code_of(person)
    sign_in(browser(), person, code=code)
    client = half_signed_in(person)
    assert USED_CODE in type_code(client, code)
    assert not is_signed_in(client)


def test_older_code_is_refused_after_a_newer_one(clock: time_machine.Coordinates, person: User) -> None:
    older = code_of(person, -30)
    sign_in(browser(), person)
    assert USED_CODE in type_code(half_signed_in(person), older)


def test_next_code_is_accepted_at_once(clock: time_machine.Coordinates, person: User) -> None:
    sign_in(browser(), person)
    clock.shift(30)
    assert half_signed_in(person).post(CODE, {"code": code_of(person)}).url == "/"


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        (60, "De klok van je telefoon loopt 1 minuut voor."),
        (300, "De klok van je telefoon loopt 5 minuten voor."),
        (-60, "De klok van je telefoon loopt 1 minuut achter."),
        (-300, "De klok van je telefoon loopt 5 minuten achter."),
    ],
)
def test_wrong_clock_is_explained(clock: time_machine.Coordinates, person: User, seconds: int, sentence: str) -> None:
    client = half_signed_in(person)
    page = type_code(client, code_of(person, seconds))
    assert sentence in page
    assert "iPhone: Instellingen" in page
    assert "Android: Instellingen" in page
    entry = AuditEntry.objects.get(event="code_refused")
    assert entry.detail == {"factor": "totp", "cause": "clock_off", "minutes_off": seconds // 60}


def test_early_code_once_typed_does_not_work_when_its_time_comes(clock: time_machine.Coordinates, person: User) -> None:
    early = code_of(person, 120)
    assert "2 minuten voor" in type_code(half_signed_in(person), early)
    clock.shift(120)
    client = half_signed_in(person)
    assert USED_CODE in type_code(client, early)
    assert client.post(CODE, {"code": code_of(person, 30)}).url == "/"


def test_five_wrong_codes_cost_a_quarter_of_an_hour(clock: time_machine.Coordinates, person: User) -> None:
    page = type_wrong_codes(person, 4)
    assert TOO_MANY not in page
    page = type_wrong_codes(person, 1)
    assert WRONG_CODE in page
    assert f"{TOO_MANY} Na 12:15 uur kun je het opnieuw proberen." in page


def test_right_code_is_refused_while_waiting(clock: time_machine.Coordinates, person: User) -> None:  # ASVS 6.3.1
    type_wrong_codes(person, 5)
    clock.shift(timedelta(minutes=14, seconds=59))
    client = half_signed_in(person)
    assert "Na 12:15 uur" in type_code(client, code_of(person))
    assert not is_signed_in(client)
    clock.shift(timedelta(seconds=1))
    assert client.post(CODE, {"code": code_of(person)}).url == "/"


def test_waiting_counts_for_every_unknown_browser_of_the_person(clock: time_machine.Coordinates, person: User) -> None:
    type_wrong_codes(person, 5)
    assert TOO_MANY in type_code(half_signed_in(person), code_of(person))
    other = UserFactory(with_totp=True)
    assert half_signed_in(other).post(CODE, {"code": code_of(other)}).url == "/"


def test_ten_wrong_codes_in_a_row_close_the_code_step(clock: time_machine.Coordinates, person: User) -> None:
    assert "Na 12:15 uur" in type_wrong_codes(person, 5)
    clock.shift(timedelta(minutes=15))
    assert CLOSED not in type_wrong_codes(person, 4)
    assert AttemptCounter.objects.get(kind="code").closed is False
    page = type_wrong_codes(person, 1)
    assert CLOSED in page
    assert "uur kun je" not in page  # no end of the waiting time: only a new password helps
    for hours in (0, 1, 24 * 60):  # closed for good, not until some time
        clock.shift(timedelta(hours=hours))
        page = type_code(half_signed_in(person), code_of(person))
        assert CLOSED in page
        assert "uur kun je" not in page
    assert AttemptCounter.objects.get(kind="code").failures == 10
    assert AuditEntry.objects.filter(event="password_treated_as_stolen", subject=person).count() == 1


def test_next_five_wrong_codes_cost_an_hour(clock: time_machine.Coordinates, person: User) -> None:
    type_wrong_codes(person, 5)
    clock.shift(timedelta(minutes=15))
    type_wrong_codes(person, 5)
    counter = AttemptCounter.objects.get(kind="code")
    assert counter.state.waits_until_for("") == int((NOON + timedelta(hours=1, minutes=15)).timestamp())


def test_password_set_by_mail_opens_the_code_step_again(clock: time_machine.Coordinates, person: User) -> None:
    type_wrong_codes(person, 5)
    clock.shift(timedelta(minutes=15))
    type_wrong_codes(person, 5)
    passwords.set_from_link(links.make(person, Purpose.RESET), PASSWORD, Origin("192.0.2.9"))
    assert half_signed_in(person).post(CODE, {"code": code_of(person)}).url == "/"


def test_wait_past_midnight_is_told_with_the_day(clock: time_machine.Coordinates, person: User) -> None:
    clock.move_to(NOON.replace(hour=23, minute=50))
    assert "Na 24 november 00:05 uur" in type_wrong_codes(person, 5)


# NIST N22
def test_success_begins_the_count_anew(clock: time_machine.Coordinates, person: User) -> None:
    type_wrong_codes(person, 4)
    sign_in(browser(), person)
    clock.shift(30)
    assert TOO_MANY not in type_wrong_codes(person, 4)


def test_signing_in_with_the_password_again_keeps_the_count(person: User) -> None:
    for _ in range(4):
        type_wrong_codes(person, 1)
    assert TOO_MANY in type_wrong_codes(person, 1)


def test_refused_codes_are_counted_and_recorded_for_good(person: User) -> None:  # ASVS 16.3.1, 16.5.3
    type_wrong_codes(person, 5)
    type_code(half_signed_in(person), code_of(person))
    assert AttemptCounter.objects.get(kind="code").failures == 5
    causes = [entry.detail["cause"] for entry in AuditEntry.objects.filter(event="code_refused").order_by("id")]
    assert causes == ["wrong"] * 5 + ["waiting"]


def test_code_is_never_carried_back_to_the_page(person: User) -> None:
    client = half_signed_in(person)
    wrong = wrong_code_of(person)
    assert wrong not in type_code(client, wrong)


def test_stopping_forgets_the_password_too(person: User) -> None:
    client = half_signed_in(person)
    client.post("/uitloggen/")
    assert client.get(CODE).url == SIGN_IN
    assert not Session.objects.exists()


def test_stopping_halfway_is_not_recorded_as_signing_out(person: User) -> None:
    half_signed_in(person).post("/uitloggen/")
    assert not AuditEntry.objects.filter(event="signed_out").exists()


def test_ended_half_sign_in_cannot_go_on(person: User) -> None:
    client = half_signed_in(person)
    Session.objects.all().delete()
    client.post(CODE, {"code": code_of(person)})
    assert not is_signed_in(client)


def test_page_asks_the_phone_to_fill_the_code_in(person: User) -> None:  # ASVS 6.2.7
    page = shown(half_signed_in(person), CODE)
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page


def test_other_ways_to_ask_are_not_allowed(person: User) -> None:
    client = half_signed_in(person)
    assert client.put(CODE).status_code == 405
    assert client.head(CODE).status_code == 200


def test_second_password_at_another_account_replaces_the_first(person: User) -> None:
    other = UserFactory(with_totp=True)
    client = half_signed_in(person)
    client.post(SIGN_IN, {"username": other.email, "password": PASSWORD})
    assert WRONG_CODE in type_code(client, code_of(person))
    assert client.post(CODE, {"code": code_of(other)}).url == "/"
    assert other.email in shown(client, "/persoonlijke-gegevens/")
