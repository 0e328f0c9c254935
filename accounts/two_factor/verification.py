"""The one place where a code of an authenticator app is judged, for every way in: counted, claimed once, explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.utils import timezone
from django_otp.models import Device

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations import emergency
from accounts.throttling import flows as throttling
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind
from accounts.two_factor import code_owner, codes, time_steps
from accounts.two_factor.code_owner import Owner
from accounts.two_factor.codes import Match, Shape
from accounts.two_factor.models import Authenticator


class Outcome(Enum):
    ACCEPTED = auto()
    # Not of the right form: nothing was judged or counted.
    NOT_A_CODE = auto()
    RECOVERY_CODE = auto()  # where only one of the app counts
    SEVERAL_CODES = auto()  # a whole list of recovery codes
    SUPPORT_CODE = auto()
    # Judged, and refused.
    WRONG = auto()
    USED = auto()
    CLOCK_OFF = auto()
    OTHER_DEVICE = auto()  # right, of another app of this person
    LINKED_ALREADY = auto()  # the same while one is set up
    UNFINISHED = auto()  # of a set-up that was not finished
    REPLACED = auto()  # of an app that counts no more
    REMOVED = auto()
    # Not judged.
    UNREADABLE = auto()  # our side cannot read the secret
    WAITING = auto()  # too many wrong ones
    DEMANDED = auto()  # the second step must stay, so no code takes it away
    CLOSED = auto()  # far too many: nothing is judged until the password is set anew by mail


FORMLESS = frozenset({Outcome.NOT_A_CODE, Outcome.RECOVERY_CODE, Outcome.SEVERAL_CODES, Outcome.SUPPORT_CODE})


@dataclass(frozen=True)
class Answer:
    """``waits_until``: aware time, when the next attempt must wait; ``minutes_off``: the phone's clock, + is ahead;
    ``closes``: this wrong code closed the door, so no waiting helps; ``owner``: whose the code is instead;
    ``reference``: the number to give to support."""

    outcome: Outcome
    device: Device | None = None
    waits_until: datetime | None = None
    minutes_off: int = 0
    factor: str = Authenticator.kind
    closes: bool = False
    owner: Owner | None = None
    reference: str = ""

    @property
    def was_judged(self) -> bool:
        """Is there anything to record? False when it was not even of the form of a code."""
        return self.outcome not in FORMLESS

    @property
    def may_be_a_guess(self) -> bool:
        """False for what proves a secret, and for what was not held against one."""
        return self.was_judged and self.outcome not in (Outcome.CLOCK_OFF, Outcome.OTHER_DEVICE, Outcome.UNREADABLE)

    @property
    def facts(self) -> dict[str, str | int]:
        """For the audit entry: the cause in one word and how far the clock is off, never the code."""
        facts: dict[str, str | int] = {"factor": self.factor, "cause": self.outcome.name.lower()}
        if self.outcome is Outcome.CLOCK_OFF:
            facts["minutes_off"] = self.minutes_off
        return facts


# What the right code opens, called in the transaction that uses the code up: an outage in between would spend it for
# nothing.
Opens = Callable[["Answer"], None]
OUTCOMES = {
    Match.WRONG: Outcome.WRONG,
    Match.USED: Outcome.USED,
    Match.CLOCK_OFF: Outcome.CLOCK_OFF,
    Match.UNREADABLE: Outcome.UNREADABLE,
}
FOREIGN = {
    code_owner.Kind.LINKED: Outcome.OTHER_DEVICE,
    code_owner.Kind.UNFINISHED: Outcome.UNFINISHED,
    code_owner.Kind.REPLACED: Outcome.REPLACED,
    code_owner.Kind.REMOVED: Outcome.REMOVED,
}
SHAPES = {
    Shape.RECOVERY: Outcome.RECOVERY_CODE,
    Shape.SEVERAL: Outcome.SEVERAL_CODES,
    Shape.SUPPORT: Outcome.SUPPORT_CODE,
}


def not_a_code(typed: str, factor: str = Authenticator.kind) -> Answer:
    """The answer to what has another form than the code that is asked for: which one, if it is one of ours."""
    return Answer(SHAPES.get(codes.shape(typed), Outcome.NOT_A_CODE), factor=factor)


def check(user: User, device: Authenticator | None, typed: str, origin: Origin, browsers: KnownBrowsers) -> Answer:
    """Judge what somebody typed against one named device, and claim its time step. Call inside a transaction.

    Named, because accepting the code of any device would give a thief as many guesses in one. Returns instead of
    raising, so that the count survives. A secret that our side cannot read counts nothing, also during a wait.
    """
    code = codes.parse(typed)
    if code is None:
        return not_a_code(typed)
    counter = throttling.counter_for(user, Kind.CODE, browsers, network=origin.address or "")
    if device is not None and time_steps.secret_of(device) is None:
        return Answer(Outcome.UNREADABLE, device, reference=origin.reference)
    if refusal := refused_unjudged(counter):
        return refusal
    verdict = judge(device, code) if device else codes.Verdict(Match.WRONG)
    if verdict.match is Match.RIGHT and device is not None and time_steps.claim(device, verdict.step):
        throttling.count_success(counter)
        return Answer(Outcome.ACCEPTED, device)
    return _refuse(user, device, code, verdict, counter, origin)


def _refuse(
    user: User,
    device: Authenticator | None,
    code: str,
    verdict: codes.Verdict,
    counter: AttemptCounter,
    origin: Origin,
) -> Answer:
    """What proves a secret that counts is no guess, so it is not counted: the code of a wrong clock, or of another
    app of this person. One of an app that counts no more is: who has that phone may not be its owner."""
    if verdict.match is Match.CLOCK_OFF:
        return Answer(Outcome.CLOCK_OFF, device, minutes_off=verdict.minutes_off)
    owner = code_owner.owner_of(user, code, besides=device) if verdict.match is Match.WRONG else None
    if owner and owner.still_counts:
        return Answer(FOREIGN[owner.kind], device, owner=owner)
    # Without an owner: wrong or used; or right, but a parallel request claimed it first.
    outcome = FOREIGN[owner.kind] if owner else OUTCOMES.get(verdict.match, Outcome.USED)
    until = count_failure(counter, user, origin)
    return Answer(outcome, device, until, closes=counter.closed and until is None, owner=owner)


def refused_unjudged(counter: AttemptCounter, factor: str = Authenticator.kind) -> Answer | None:
    """The refusal while a waiting time runs or the door is closed."""
    if counter.closed:
        return Answer(Outcome.CLOSED, factor=factor)
    if until := throttling.code_waits_until(counter):
        return Answer(Outcome.WAITING, waits_until=until, factor=factor)
    return None


def count_failure(counter: AttemptCounter, user: User, origin: Origin) -> datetime | None:
    """Count a wrong code, and return until when the next one waits. When that closes the door to strangers, no waiting
    helps; the password counts as stolen, and is mailed. So is a wait of theirs, at most once a day (ASVS 6.3.5)."""
    until = throttling.count_failure(counter)
    if counter.bucket != AttemptCounter.STRANGERS:
        return until
    if counter.closed:
        record(Event.PASSWORD_TREATED_AS_STOLEN, subject=user, origin=origin, succeeded=False)
        emergency.notify_of_wait(user, origin)
        return None
    if until and not _was_told(user):
        record(Event.WRONG_CODES, subject=user, origin=origin, succeeded=False)
    return until


def _was_told(user: User) -> bool:
    since = timezone.now() - limits.ALERT_MAIL_INTERVAL
    return AuditEntry.objects.filter(subject=user, event=Event.WRONG_CODES, at__gt=since).exists()


def judge(device: Authenticator, code: str) -> codes.Verdict:
    """Compare only. Also makes a code void that is early: its typist was just told so and could use it later."""
    secret = time_steps.secret_of(device)
    if secret is None:
        return codes.Verdict(Match.UNREADABLE)
    verdict = codes.judge(code, secret, last_step=device.last_step, void_steps=device.void_steps)
    if verdict.match is Match.CLOCK_OFF and verdict.minutes_off > 0:
        time_steps.make_void(device, verdict.step)
    return verdict
