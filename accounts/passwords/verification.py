"""Where a typed password is counted, for every way in: signing in, fresh proof, changing the password."""

from __future__ import annotations

from enum import Enum, auto

from django.db import transaction

from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.throttling import flows as throttling
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind


class Outcome(Enum):
    RIGHT = auto()
    REFUSED = auto()
    CODE_NEEDED = auto()  # unknown browsers have to wait: a right one counts only together with a code
    LONGEST_WAIT = auto()  # refused, and from now on the wait is the longest there is, or the password is closed


@transaction.atomic
def count(
    user: User | None, typed_address: str, right: bool, origin: Origin, browsers: KnownBrowsers, cause: str = "wrong"
) -> Outcome:
    """Count an attempt whose hash was compared already. During a waiting time a right password is refused as well.

    Comparing comes first, outside: a lock held during the hash would let a stranger's attempts slow the owner down.
    """
    address = origin.address
    counter = throttling.counter_for(user, Kind.PASSWORD, browsers, typed_address=typed_address, network=address)
    waits = counter.closed or throttling.waits_until(counter) is not None
    if right and not waits:
        throttling.count_success(counter)
        return Outcome.RIGHT
    outcome = Outcome.REFUSED
    if not waits and throttling.is_longest_wait(throttling.count_failure(counter)):
        outcome = Outcome.LONGEST_WAIT
    elif waits and not counter.closed and counter.bucket == AttemptCounter.UNKNOWN_BROWSERS:
        outcome = Outcome.CODE_NEEDED
    detail: dict[str, str | int] = {"factor": "password", "cause": "waiting" if waits else cause}
    if waits:  # any number may come; checked attempts are few, because of the waits
        record_aggregated(
            Event.PASSWORD_REFUSED, subject=user, origin=origin, detail=detail, typed_address=typed_address
        )
    else:
        record(Event.PASSWORD_REFUSED, subject=user, origin=origin, succeeded=False, detail=detail)
    return outcome


def check(user: User, password: str, origin: Origin, browsers: KnownBrowsers) -> bool:
    """Is it the password of somebody who is signed in? Counted together with the sign-in."""
    return count(user, user.email, user.check_password(password), origin, browsers) is Outcome.RIGHT
