"""A phone with a wrong clock: explained, not counted as a guess, and of no use to an attacker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import translation

from accounts import limits
from accounts.audit.clock_skew import duration_in_words
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import codes, verification
from accounts.two_factor.codes import CLOCK_OFFSETS, Match
from accounts.two_factor.models import Authenticator
from tests.codes import code_of, phone, wrong_code_of
from tests.conftest import outlive_proof
from tests.factories import PASSWORD, AuthenticatorFactory, UserFactory
from tests.pages import (
    ACTIVATE,
    CODE,
    CONFIRM,
    SWITCH_OFF,
    TOO_MANY,
    USED_CODE,
    WRONG_CODE,
    half_signed_in,
    is_signed_in,
    shown,
    signed_in,
    type_code,
)

NOON = datetime(2026, 11, 23, 12, 0, 5, tzinfo=ZoneInfo("Europe/Amsterdam"))
HALF_HOURS = [30 * count for count in (*range(-28, 0), *range(1, 29), -48, 48)]  # minutes
SECRET = b"12345678901234567890"
PROVE = "/bevestig-identiteit/?next=/persoonlijke-gegevens/wachtwoord/"


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


@pytest.mark.parametrize("minutes", HALF_HOURS)
@pytest.mark.parametrize("aside", [-30, 0, 30])
def test_every_whole_and_half_hour_and_a_day_is_recognised(
    clock: time_machine.Coordinates, minutes: int, aside: int
) -> None:
    device = Authenticator(user_id=1)
    device.set_secret(SECRET)
    code = phone(device).at(int(NOON.timestamp()) + minutes * 60 + aside)
    verdict = codes.judge(code, SECRET, last_step=-1, void_steps=[])
    assert (verdict.match, verdict.minutes_off) == (Match.CLOCK_OFF, minutes)


def test_code_of_an_hour_ago_is_a_clock_and_not_an_old_code_unless_it_was_used_last(
    clock: time_machine.Coordinates,
) -> None:
    device = Authenticator(user_id=1)
    device.set_secret(SECRET)
    now = codes.present_step()
    hour_ago = phone(device).at(int(NOON.timestamp()) - 3600)
    assert codes.judge(hour_ago, SECRET, last_step=now - 1, void_steps=[]).match is Match.CLOCK_OFF
    assert codes.judge(hour_ago, SECRET, last_step=now - 120, void_steps=[]).match is Match.USED


@pytest.mark.parametrize(
    ("minutes", "dutch", "english"),
    [
        (1, "1 minuut", "1 minute"),
        (-10, "10 minuten", "10 minutes"),
        (30, "30 minuten", "30 minutes"),
        (60, "1 uur", "1 hour"),
        (-90, "1 uur en 30 minuten", "1 hour and 30 minutes"),
        (840, "14 uur", "14 hours"),
        (1440, "1 dag", "1 day"),
    ],
)
def test_offset_is_told_in_words(minutes: int, dutch: str, english: str) -> None:
    for language, words in (("nl", dutch), ("en", english)):
        with translation.override(language):
            assert duration_in_words(minutes) == words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes", "sentence"),
    [(60, "1 uur voor."), (-60, "1 uur achter."), (-330, "5 uur en 30 minuten achter."), (1440, "1 dag voor.")],
)
def test_sign_in_names_the_offset_and_the_time_zone(
    clock: time_machine.Coordinates, person: User, minutes: int, sentence: str
) -> None:
    client = half_signed_in(person)
    page = type_code(client, code_of(person, minutes * 60))
    assert f"De klok van je telefoon loopt {sentence}" in page
    assert "Zet de tijd en de tijdzone op automatisch." in page
    assert not is_signed_in(client)
    entry = AuditEntry.objects.get(event="code_refused")
    assert entry.detail == {"factor": "totp", "cause": "clock_off", "minutes_off": minutes}


@pytest.mark.django_db
def test_set_up_fresh_proof_and_switching_off_name_it_too(clock: time_machine.Coordinates, person: User) -> None:
    client = signed_in(person)
    assert "loopt 2 uur voor." in shown(client, SWITCH_OFF, {"code": code_of(person, 7200)})
    client.post(ACTIVATE)
    pending = phone(Authenticator.objects.get(confirmed=False))
    assert "loopt 1 uur achter." in shown(client, CONFIRM, {"code": pending.at(int(NOON.timestamp()) - 3600)})
    outlive_proof(client)
    page = shown(client, PROVE, {"password": PASSWORD, "code": code_of(person, -3600)})
    assert "loopt 1 uur achter." in page
    assert not AttemptCounter.objects.filter(failures__gt=0).exists()


@pytest.mark.django_db
def test_wrong_clock_never_waits_never_fills_the_month_and_never_counts_as_stolen(
    clock: time_machine.Coordinates, person: User
) -> None:
    client = half_signed_in(person)
    for turn in range(limits.CODE_CAP + limits.CODE_STOLEN_AFTER):
        page = type_code(client, code_of(person, (3600, -300, 1800)[turn % 3]))
        assert "De klok van je telefoon loopt" in page
        assert TOO_MANY not in page
        clock.shift(5)
    assert not AttemptCounter.objects.filter(failures__gt=0).exists()
    assert not AttemptCounter.objects.exclude(recent=[]).exists()
    assert not AuditEntry.objects.filter(event="password_treated_as_stolen").exists()
    assert client.post(CODE, {"code": code_of(person)}).url == "/"  # the clock is right again


@pytest.mark.django_db
def test_wrong_clock_takes_no_wrong_code_away_from_the_count(clock: time_machine.Coordinates, person: User) -> None:
    client = half_signed_in(person)
    for _ in range(limits.CODE_FREE_FAILURES - 1):
        assert WRONG_CODE in type_code(client, wrong_code_of(person))
        type_code(client, code_of(person, 3600))
    assert TOO_MANY in type_code(client, wrong_code_of(person))
    assert TOO_MANY in type_code(client, code_of(person, 3600))  # nothing is judged while a wait runs


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [2, 60, 1440])
def test_code_that_was_told_to_be_early_is_void_when_its_time_comes(person: User, minutes: int) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        early = code_of(person, minutes * 60)
        assert "voor." in type_code(half_signed_in(person), early)
        for late in (-30, 30, 30):  # everything that its window accepts
            clock.move_to(NOON + timedelta(minutes=minutes, seconds=late))
            client = half_signed_in(person)
            assert USED_CODE in type_code(client, early)
            assert not is_signed_in(client)


@pytest.mark.django_db
def test_no_early_code_of_any_offset_can_be_used_when_its_time_comes(person: User) -> None:
    device = Authenticator.objects.get()
    for distance in [distance for distance, _minutes in CLOCK_OFFSETS if distance > 0]:
        with time_machine.travel(NOON, tick=False) as clock:
            early = code_of(person, distance * 30)
            assert verification.judge(device, early).match is Match.CLOCK_OFF
            clock.shift(distance * 30)
            assert verification.judge(Authenticator.objects.get(), early).match is Match.USED


@pytest.mark.django_db
def test_list_of_void_steps_stays_short(clock: time_machine.Coordinates, person: User) -> None:
    client = half_signed_in(person)
    for _ in range(5):
        type_code(client, code_of(person, 3600))
    assert len(Authenticator.objects.get().void_steps) == 1
    clock.shift(timedelta(days=1, minutes=2))
    type_code(half_signed_in(person), code_of(person, 86400))
    assert len(Authenticator.objects.get().void_steps) == 1


# NIST SP 800-63B-4 3.2.2
# NIST N21, N23
def test_chance_of_a_guess_a_year_stays_below_one_in_a_thousand_with_all_that_is_told() -> None:
    """What docs/throttling.md works out. Told values open nothing, now or later, and are no counted guesses."""
    all_codes = 10**limits.TOTP_DIGITS
    live = 2 * limits.TOTP_WINDOW + 1
    counted = limits.CODE_CAP * (timedelta(days=365) / limits.CODE_CAP_PERIOD + 1)
    steps = {distance for distance, _minutes in CLOCK_OFFSETS}
    assert len(steps) == len(CLOCK_OFFSETS) == 2 * (19 + 29 * 3) == 212
    assert not steps & set(range(-limits.TOTP_WINDOW, limits.TOTP_WINDOW + 1))
    others = live * limits.AUTHENTICATORS  # four other apps, and one set-up
    free = (len(CLOCK_OFFSETS) + others) / all_codes
    guesses = counted / (1 - free)  # a guess that hits what is only told is given back
    assert guesses - counted < 0.1
    chance = 1 - (1 - live / all_codes) ** guesses
    assert chance < 0.0008
    # Why early codes and those of other apps are made void: usable afterwards, they would make it 40 times that.
    reusable = live + others + len([distance for distance in steps if distance > 0])
    assert 1 - (1 - reusable / all_codes) ** guesses > 0.03


@pytest.mark.django_db
def test_several_apps_with_wrong_clocks_let_nobody_in(clock: time_machine.Coordinates, person: User) -> None:
    for _ in range(limits.AUTHENTICATORS - 1):
        AuthenticatorFactory(user=person)
    client = half_signed_in(person)
    for device in Authenticator.objects.all():
        for distance in (2, -2, 60, -2880):
            client.post(CODE, {"code": phone(device).at((codes.present_step() + distance) * 30), "device": device.pk})
    assert not is_signed_in(client)


@pytest.mark.django_db
def test_wrong_clock_is_no_refused_sign_in_among_those_of_everybody(
    clock: time_machine.Coordinates, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After summer time begins, many phones are off by an hour: nobody is trying stolen passwords."""
    monkeypatch.setattr(limits, "SPRAYING_REFUSALS", 1)
    client = half_signed_in(person)
    type_code(client, code_of(person, 3600))
    assert not AuditEntry.objects.filter(event="spraying_suspected").exists()
    type_code(client, wrong_code_of(person))
    assert AuditEntry.objects.filter(event="spraying_suspected").exists()
