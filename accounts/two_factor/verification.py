"""The one place where a code of an authenticator app is judged, for every way in: counted, claimed once, explained."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.utils import timezone
from django_otp.models import Device

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.origin import Origin
from accounts.encryption import SecretUnreadableError
from accounts.models import User
from accounts.throttling import flows as throttling
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind
from accounts.two_factor import codes
from accounts.two_factor.codes import Match
from accounts.two_factor.models import Authenticator

log = logging.getLogger(__name__)


class Outcome(Enum):
    ACCEPTED = auto()
    NOT_A_CODE = auto()  # not of the right form: nothing was judged or counted
    WRONG = auto()
    USED = auto()
    CLOCK_OFF = auto()
    WAITING = auto()  # too many wrong ones: nothing was judged
    DEMANDED = auto()  # the second step must stay, so no code takes it away
    CLOSED = auto()  # far too many: nothing is judged until the password is set anew by mail


@dataclass(frozen=True)
class Answer:
    """``waits_until``: aware time, when the next attempt must wait; ``minutes_off``: the phone's clock, + is ahead;
    ``closes``: this wrong code closed the door, so no waiting helps."""

    outcome: Outcome
    device: Device | None = None
    waits_until: datetime | None = None
    minutes_off: int = 0
    factor: str = Authenticator.kind
    closes: bool = False

    @property
    def facts(self) -> dict[str, str | int]:
        """For the audit entry: the cause in one word and how far the clock is off, never the code."""
        facts: dict[str, str | int] = {"factor": self.factor, "cause": self.outcome.name.lower()}
        if self.outcome is Outcome.CLOCK_OFF:
            facts["minutes_off"] = self.minutes_off
        return facts


OUTCOMES = {Match.WRONG: Outcome.WRONG, Match.USED: Outcome.USED, Match.CLOCK_OFF: Outcome.CLOCK_OFF}


def check(user: User, device: Authenticator | None, typed: str, origin: Origin, browsers: KnownBrowsers) -> Answer:
    """Judge what somebody typed against one named device, and claim its time step. Call inside a transaction.

    Named, because trying every device would give a thief as many guesses in one. Returns instead of raising, so that
    the count survives. A secret that cannot be decrypted is a wrong code and a line in the log (ASVS 11.2.5).
    """
    code = codes.parse(typed)
    if code is None:
        return Answer(Outcome.NOT_A_CODE)
    counter = throttling.counter_for(user, Kind.CODE, browsers)
    if refusal := refused_unjudged(counter):
        return refusal
    verdict = judge(device, code) if device else codes.Verdict(Match.WRONG)
    if verdict.match is Match.RIGHT and device is not None and claim(device, verdict.step):
        throttling.count_success(counter)
        return Answer(Outcome.ACCEPTED, device)
    outcome = OUTCOMES.get(verdict.match, Outcome.USED)  # right, but a parallel request claimed it first
    until = count_failure(counter, user, origin)
    return Answer(outcome, device, until, verdict.minutes_off, closes=counter.closed and until is None)


def refused_unjudged(counter: AttemptCounter, factor: str = Authenticator.kind) -> Answer | None:
    """The refusal while a waiting time runs or the door is closed."""
    if counter.closed:
        return Answer(Outcome.CLOSED, factor=factor)
    if until := throttling.waits_until(counter):
        return Answer(Outcome.WAITING, waits_until=until, factor=factor)
    return None


def count_failure(counter: AttemptCounter, user: User, origin: Origin) -> datetime | None:
    """Count a wrong code, and return until when the next one waits. When that closes the door to strangers, no waiting
    helps; the password counts as stolen, and is mailed."""
    until = throttling.count_failure(counter)
    if counter.closed and counter.bucket == AttemptCounter.STRANGERS:
        record(Event.PASSWORD_TREATED_AS_STOLEN, subject=user, origin=origin, succeeded=False)
        return None
    return until


def judge(device: Authenticator, code: str) -> codes.Verdict:
    """Compare only. Also makes a code void that is early: its typist was just told so and could use it later."""
    try:
        secret = device.secret()
    except SecretUnreadableError as mistake:
        log.error("authenticator %s of user %s cannot be read: %s", device.pk, device.user_id, mistake)
        return codes.Verdict(Match.WRONG)
    verdict = codes.judge(code, secret, last_step=device.last_step, void_steps=device.void_steps)
    if verdict.match is Match.CLOCK_OFF and verdict.minutes_off > 0:
        _make_void(device, verdict.step)
    return verdict


def _make_void(device: Authenticator, step: int) -> None:
    """Locked and read anew, so that of parallel early codes none is forgotten. Call inside a transaction."""
    earliest = codes.present_step() - limits.TOTP_WINDOW
    for locked in Authenticator.objects.select_for_update().filter(pk=device.pk):
        ahead = [other for other in locked.void_steps if other >= earliest]
        Authenticator.objects.filter(pk=device.pk).update(void_steps=[*ahead, step])


def claim(device: Authenticator, step: int) -> bool:
    """Use up a time step, once and for ever: False when it or a later one was used meanwhile (RFC 6238 section 5.2)."""
    unused = Authenticator.objects.filter(pk=device.pk, last_step__lt=step)
    use_up = {"last_step": step, "last_used_at": timezone.now()}
    if step not in device.void_steps and unused.filter(void_steps=device.void_steps).update(**use_up) == 1:
        return True
    # Used, void, or another step was made void since the device was read: look again, locked.
    newest = next(iter(unused.select_for_update()), None)
    return newest is not None and step not in newest.void_steps and unused.update(**use_up) == 1
