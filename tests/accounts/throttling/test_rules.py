"""Properties of the waiting times: they hold for any order of attempts by the owner and by others."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import limits
from accounts.throttling.rules import (
    CounterState,
    Kind,
    after_failure,
    after_lift,
    after_new_password,
    after_success,
    after_success_by_unknown_browser,
)

YEAR = timedelta(days=365)
HOUR = 3600

pauses = st.integers(min_value=1, max_value=40 * 24 * HOUR)
moves_of_all = ["guess", "guess", "guess", "owner signs in", "new password", "support lifts"]
steps = st.lists(st.tuples(st.sampled_from(moves_of_all), pauses))


def open_at(state: CounterState, now: int) -> bool:
    return not state.closed and state.waits_until <= now


# ASVS 6.3.1
# NIST N21
@settings(max_examples=300)
@given(steps)
def test_strangers_never_get_more_guesses_in_a_period_than_the_cap_whatever_happens_between(moves: list) -> None:
    state, now, judged = CounterState(), 1_800_000_000, []
    for move, pause in moves:
        now += pause
        match move:
            case "guess" if open_at(state, now):
                state = after_failure(state, Kind.CODE, now, known=False)
                judged.append(now)
            case "owner signs in" if open_at(state, now):
                state = after_success(state)
            case "new password":
                state = after_new_password(state, Kind.CODE, now)
            case "support lifts":
                state = after_lift(state, Kind.CODE, now, known=False)
    period = int(limits.CODE_CAP_PERIOD.total_seconds())
    for start in judged:
        assert sum(start <= moment < start + period for moment in judged) <= limits.CODE_CAP


@given(st.lists(pauses, max_size=60), st.lists(pauses, max_size=9))
def test_owner_in_a_known_browser_is_never_stopped_by_strangers(guesses: list[int], mistakes: list[int]) -> None:
    strangers, own, now = CounterState(), CounterState(), 1_800_000_000
    for pause in guesses:
        now += pause
        strangers = after_failure(strangers, Kind.CODE, now, known=False)
    for pause in mistakes[: limits.KNOWN_BROWSER_FAILURES - 1]:
        own = after_failure(own, Kind.CODE, now + min(pause, 60), known=True)
    assert open_at(own, now + 61)


# NIST SP 800-63B-4 3.2.2
# NIST N23
def test_chance_of_a_successful_guess_is_below_one_in_a_thousand_a_year() -> None:
    live_codes = 2 * limits.TOTP_WINDOW + 1
    guesses = limits.CODE_CAP * (YEAR / limits.CODE_CAP_PERIOD + 1)
    chance = 1 - (1 - live_codes / 10**limits.TOTP_DIGITS) ** guesses
    assert chance < 0.001


def test_every_five_wrong_codes_cost_a_wait_and_ten_in_a_row_close_the_code_step() -> None:
    state, now, waits = CounterState(), 1_800_000_000, []
    for _ in range(limits.CODE_STOLEN_AFTER):
        state = after_failure(state, Kind.CODE, now, known=False)
        waits.append(state.waits_until - now)
        now = max(now, state.waits_until) + 1
    assert waits[:4] == [0] * 4
    assert waits[4] == 15 * 60
    assert waits[9] == HOUR
    assert state.closed


# ASVS 6.3.1
# NIST N22
def test_wrong_passwords_wait_half_a_minute_doubling_to_an_hour() -> None:
    state, now, waits = CounterState(), 1_800_000_000, []
    for _ in range(16):
        state = after_failure(state, Kind.PASSWORD, now, known=False)
        waits.append(state.waits_until - now)
        now = max(now, state.waits_until) + 1
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, HOUR, HOUR, HOUR, HOUR, HOUR]


# NIST SP 800-63B-4 3.2.2
# NIST N21
def test_hundred_wrong_passwords_in_a_row_close_the_account_until_a_new_password() -> None:
    state = CounterState(failures=limits.PASSWORD_MOST_FAILURES - 1)
    state = after_failure(state, Kind.PASSWORD, 1_800_000_000, known=False)
    assert state.closed
    assert open_at(after_new_password(state, Kind.PASSWORD, 1_800_000_000), 1_800_000_000)


def test_known_browser_that_errs_ten_times_in_a_row_counts_as_a_stranger() -> None:
    state, now = CounterState(), 1_800_000_000
    for _ in range(limits.KNOWN_BROWSER_CLOSED_AFTER):
        state = after_failure(state, Kind.CODE, now, known=True)
        now += HOUR
    assert state.closed


def test_known_browser_with_twenty_wrong_codes_in_a_month_counts_as_a_stranger_also_between_right_ones() -> None:
    state, now = CounterState(), 1_800_000_000
    for _ in range(limits.CODE_CAP):
        assert not state.closed
        state = after_success(after_failure(state, Kind.CODE, now, known=True))
        now += HOUR
    assert state.closed
    opened = after_success_by_unknown_browser(state)
    assert not opened.closed
    assert after_failure(opened, Kind.CODE, now, known=True).closed


def test_support_that_lifts_every_wait_leaves_ten_in_a_row_and_what_is_closed_closed() -> None:
    state, now = CounterState(), 1_800_000_000
    for _ in range(limits.CODE_STOLEN_AFTER):
        assert open_at(state, now)
        state = after_lift(after_failure(state, Kind.CODE, now, known=False), Kind.CODE, now, known=False)
    assert state.closed
    assert after_lift(state, Kind.CODE, now, known=False).closed


def test_wrong_recovery_codes_never_close_the_code_step() -> None:
    state, now = CounterState(), 1_800_000_000
    for _ in range(50):
        state = after_failure(state, Kind.RECOVERY_CODE, now, known=False)
    assert not state.closed
