"""The rules of the waiting times, as pure functions: what a counter becomes after a wrong attempt.

A thief who has the password gets in with a chance below one in a thousand a year, because of `limits.CODE_CAP`: a
wait that a success resets would only slow guessing down.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from accounts import limits


class Kind(StrEnum):
    PASSWORD = "password"  # noqa: S105 - a name, not a password
    CODE = "code"
    RECOVERY_CODE = "recovery_code"


@dataclass(frozen=True)
class Tally:
    """Wrong attempts so far. Times are seconds since 1970.

    ``failures``: in a row; ``recent``: when, oldest first, as far back as a rule looks; ``waits_until``: nothing is
    judged before it; ``closed``: nothing is judged until the password is set anew by mail; ``forgiven``: how many of
    ``failures`` came before support ended a wait. They cost no wait again, and still count towards the closing.
    """

    failures: int = 0
    recent: tuple[int, ...] = field(default_factory=tuple)
    waits_until: int = 0
    closed: bool = False
    forgiven: int = 0


def after_failure(tally: Tally, kind: Kind, now: int, *, known: bool) -> Tally:
    """``known``: the attempt came from a browser in which this person signed in fully before."""
    kept = (*tally.recent, now)[-limits.CODE_CAP :]
    tally = replace(tally, failures=tally.failures + 1, recent=kept)
    waits = [now + int(_wait(kind, tally, known).total_seconds())]
    if known:
        fresh = kept[tally.forgiven - tally.failures :] if tally.forgiven else kept
        waits.append(_full_until(fresh, limits.KNOWN_BROWSER_FAILURES, limits.KNOWN_BROWSER_PERIOD, now))
    elif kind is Kind.CODE:
        waits.append(_full_until(kept, limits.CODE_CAP, limits.CODE_CAP_PERIOD, now))
    closes = _closes(kind, tally.failures, known) or (known and kind is Kind.CODE and _is_capped(kept, now))
    return replace(tally, waits_until=max(waits), closed=tally.closed or closes)


def after_success(tally: Tally) -> Tally:
    """Clears what counts in a row, never what counts in a period."""
    return replace(tally, failures=0, forgiven=0, waits_until=0)


def after_lift(tally: Tally, kind: Kind, now: int, *, known: bool) -> Tally:
    """Support ended the wait: one more round. What counts in a row or in a period stays, and what is closed."""
    cap = 0 if known else full_until(tally, kind, now)
    return replace(tally, forgiven=tally.failures, waits_until=cap)


def after_success_as_stranger(tally: Tally) -> Tally:
    """For the closed bucket of a browser whose owner got in as a stranger: open, but what counts in a period stays."""
    return replace(tally, failures=0, forgiven=0, waits_until=0, closed=False)


def after_new_password(tally: Tally, kind: Kind, now: int) -> Tally:
    """The password was set anew by mail: the door opens, but the cap over a period stays."""
    return replace(tally, failures=0, forgiven=0, closed=False, waits_until=full_until(tally, kind, now))


def full_until(tally: Tally, kind: Kind, now: int) -> int:
    """Until when strangers have used up what they may in a period; 0 when there is room. Nothing shortens it."""
    return _full_until(tally.recent, limits.CODE_CAP, limits.CODE_CAP_PERIOD, now) if kind is Kind.CODE else 0


def _wait(kind: Kind, tally: Tally, known: bool) -> timedelta:
    if known:
        return timedelta()
    if kind is Kind.PASSWORD:
        beyond = tally.failures - tally.forgiven - limits.PASSWORD_FREE_FAILURES
        # The exponent is bounded so that the number stays small.
        wait = limits.PASSWORD_FIRST_WAIT * 2 ** min(beyond, 12) if beyond >= 0 else timedelta()
        return min(wait, limits.PASSWORD_LONGEST_WAIT)
    rounds, left = divmod(tally.failures, limits.CODE_FREE_FAILURES)
    return timedelta() if left else limits.CODE_WAITS[min(rounds, len(limits.CODE_WAITS)) - 1]


def _full_until(times: tuple[int, ...], most: int, period: timedelta, now: int) -> int:
    """When the oldest of the newest ``most`` attempts leaves the period; 0 when there is room now."""
    if len(times) < most:
        return 0
    until = times[-most] + int(period.total_seconds())
    return until if until > now else 0


def _is_capped(times: tuple[int, ...], now: int) -> bool:
    return _full_until(times, limits.CODE_CAP, limits.CODE_CAP_PERIOD, now) > 0


def _closes(kind: Kind, failures: int, known: bool) -> bool:
    match kind:
        case Kind.PASSWORD:
            return failures >= limits.PASSWORD_MOST_FAILURES
        case Kind.CODE if known:
            return failures >= limits.KNOWN_BROWSER_STRANGE_AFTER
        case Kind.CODE:
            return failures >= limits.CODE_STOLEN_AFTER
        case _:
            return False
