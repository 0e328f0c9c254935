"""Verification of a code of an authenticator app, for every page: rate limited, usable once, explained."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

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
from accounts.two_factor.code_owner import CodeOwner
from accounts.two_factor.codes import Match, Shape
from accounts.two_factor.models import Authenticator


class Outcome(Enum):
    """The names are stored in the audit trail as causes: do not rename a member."""

    ACCEPTED = auto()
    # Not of the right form: not verified, not counted.
    NOT_A_CODE = auto()
    RECOVERY_CODE = auto()  # where only a code of the app is accepted
    SEVERAL_CODES = auto()  # a whole list of recovery codes
    SUPPORT_CODE = auto()
    EXPIRED = auto()  # the answer of a passkey to a question of another page, or too late
    # Verified, and refused.
    WRONG = auto()
    USED = auto()
    CLOCK_OFF = auto()
    OTHER_DEVICE = auto()  # valid, of another app of this person
    LINKED_ALREADY = auto()  # the same while one is set up
    UNFINISHED = auto()  # of a set-up that was not finished
    REPLACED = auto()  # of an app that is no longer in use
    REMOVED = auto()
    UNKNOWN_PASSKEY = auto()  # of nobody, or of somebody else
    COUNT_FELL = auto()  # of a passkey that counted further before, so it may have been copied
    # Not verified.
    UNREADABLE = auto()  # the secret cannot be decrypted
    WAITING = auto()  # too many wrong codes
    TOO_MANY = auto()  # the greatest number of passkeys is there
    INACTIVE = auto()  # the passkey is right, and its owner may not sign in
    NOT_YET_ALONE = auto()  # the same: a browser made it by itself, and it has not verified its user yet
    BUSINESS_ACCOUNT = auto()  # the same: the organisation takes the business account only
    DEMANDED = auto()  # the second factor is required, so it cannot be switched off
    CLOSED = auto()  # far too many: refused until the password is reset by mail


NOT_CODES = frozenset(
    {Outcome.NOT_A_CODE, Outcome.RECOVERY_CODE, Outcome.SEVERAL_CODES, Outcome.SUPPORT_CODE, Outcome.EXPIRED}
)


class VerificationResult(NamedTuple):
    """``waits_until``: aware datetime before which nothing is verified; ``minutes_off``: the phone's clock, + is ahead;
    ``closes``: after this wrong code only a password reset helps; ``owner``: the app that made the code;
    ``reference``: the number to give to support."""

    outcome: Outcome
    device: Device | None = None
    waits_until: datetime | None = None
    minutes_off: int = 0
    factor: str = Authenticator.kind
    closes: bool = False
    owner: CodeOwner | None = None
    reference: str = ""

    @property
    def was_judged(self) -> bool:
        """Is there anything to record? False without the form of a code."""
        return self.outcome not in NOT_CODES

    @property
    def may_be_a_guess(self) -> bool:
        """False for codes that prove a secret, and for those that were not compared."""
        return self.was_judged and self.outcome not in (Outcome.CLOCK_OFF, Outcome.OTHER_DEVICE, Outcome.UNREADABLE)

    @property
    def facts(self) -> dict[str, str | int]:
        """Detail of the audit entry: the cause and the clock error in minutes, never the code."""
        facts: dict[str, str | int] = {"factor": self.factor, "cause": self.outcome.name.lower()}
        if self.outcome is Outcome.CLOCK_OFF:
            facts["minutes_off"] = self.minutes_off
        return facts


# Called in the transaction that uses the code up, so that a failure in between does not waste the code.
OnAccepted = Callable[["VerificationResult"], None]
OUTCOME_OF_MATCH = {
    Match.WRONG: Outcome.WRONG,
    Match.USED: Outcome.USED,
    Match.CLOCK_OFF: Outcome.CLOCK_OFF,
    Match.UNREADABLE: Outcome.UNREADABLE,
}
OUTCOME_OF_OTHER_APP = {
    code_owner.Kind.LINKED: Outcome.OTHER_DEVICE,
    code_owner.Kind.UNFINISHED: Outcome.UNFINISHED,
    code_owner.Kind.REPLACED: Outcome.REPLACED,
    code_owner.Kind.REMOVED: Outcome.REMOVED,
}
OUTCOME_OF_SHAPE = {
    Shape.RECOVERY: Outcome.RECOVERY_CODE,
    Shape.SEVERAL: Outcome.SEVERAL_CODES,
    Shape.SUPPORT: Outcome.SUPPORT_CODE,
}


def not_a_code(typed: str, factor: str = Authenticator.kind) -> VerificationResult:
    """The result for a text of another form, with the kind of code that it looks like."""
    return VerificationResult(OUTCOME_OF_SHAPE.get(codes.shape_of(typed), Outcome.NOT_A_CODE), factor=factor)


def check(
    user: User, device: Authenticator | None, typed: str, origin: Origin, browsers: KnownBrowsers
) -> VerificationResult:
    """Verify a typed code against one named device, and use its time step up. Call inside a transaction.

    One device, because accepting the code of any would multiply the guesses of an attacker. Returns instead of raising,
    so that failures are counted. A secret that cannot be decrypted counts nothing, also during a wait.
    """
    code = codes.parse(typed)
    if code is None:
        return not_a_code(typed)
    counter = throttling.counter_for(user, Kind.CODE, browsers, network=origin.address or "")
    if device is not None and time_steps.secret_of(device) is None:
        return VerificationResult(Outcome.UNREADABLE, device, reference=origin.reference)
    if refusal := refusal_before_check(counter):
        return refusal
    verdict = judge(device, code) if device else codes.Verdict(Match.WRONG)
    if verdict.match is Match.RIGHT and device is not None and time_steps.use_up(device, verdict.step):
        throttling.count_success(counter)
        return VerificationResult(Outcome.ACCEPTED, device)
    return _refuse(user, device, code, verdict, counter, origin)


def _refuse(
    user: User,
    device: Authenticator | None,
    code: str,
    verdict: codes.Verdict,
    counter: AttemptCounter,
    origin: Origin,
) -> VerificationResult:
    """A code that proves an app in use is no guess and not counted: by a wrong clock, or of another app of this person.
    That of a former app is counted: its holder may not be the owner."""
    if verdict.match is Match.CLOCK_OFF:
        return VerificationResult(Outcome.CLOCK_OFF, device, minutes_off=verdict.minutes_off)
    owner = code_owner.find_owner(user, code, besides=device) if verdict.match is Match.WRONG else None
    if owner and owner.still_counts:
        return VerificationResult(OUTCOME_OF_OTHER_APP[owner.kind], device, owner=owner)
    # Without an owner: wrong or used, perhaps by a parallel request.
    outcome = OUTCOME_OF_OTHER_APP[owner.kind] if owner else OUTCOME_OF_MATCH.get(verdict.match, Outcome.USED)
    until = count_failure(counter, user, origin)
    return VerificationResult(outcome, device, until, closes=counter.closed and until is None, owner=owner)


def refusal_before_check(counter: AttemptCounter, factor: str = Authenticator.kind) -> VerificationResult | None:
    """The refusal during a waiting time, or when only a password reset helps."""
    if counter.closed:
        return VerificationResult(Outcome.CLOSED, factor=factor)
    if until := throttling.code_waits_until(counter):
        return VerificationResult(Outcome.WAITING, waits_until=until, factor=factor)
    return None


def count_failure(counter: AttemptCounter, user: User, origin: Origin) -> datetime | None:
    """Count a wrong code, and return until when the next one waits. When the counter of unknown browsers closes, the
    password is treated as stolen, and the owner is mailed. So is a wait, at most once a day (ASVS 6.3.5)."""
    until = throttling.count_failure(counter)
    if counter.bucket != AttemptCounter.UNKNOWN_BROWSERS:
        return until
    if counter.closed:
        record(Event.PASSWORD_TREATED_AS_STOLEN, subject=user, origin=origin, succeeded=False)
        emergency.notify_of_wait(user, origin)
        return None
    if until and not _was_mailed(user):
        record(Event.WRONG_CODES, subject=user, origin=origin, succeeded=False)
    return until


def _was_mailed(user: User) -> bool:
    since = timezone.now() - limits.ALERT_MAIL_INTERVAL
    return AuditEntry.objects.filter(subject=user, event=Event.WRONG_CODES, at__gt=since).exists()


def judge(device: Authenticator, code: str) -> codes.Verdict:
    """`compare`, and void an early code: the message says so, and it could be used later. Call inside a transaction."""
    verdict = compare(device, code)
    if verdict.match is Match.CLOCK_OFF and verdict.minutes_off > 0:
        time_steps.invalidate(device, verdict.step)
    return verdict


def compare(device: Authenticator, code: str) -> codes.Verdict:
    """Changes nothing."""
    secret = time_steps.secret_of(device)
    if secret is None:
        return codes.Verdict(Match.UNREADABLE)
    return codes.judge(code, secret, last_step=device.last_step, void_steps=device.void_steps)
