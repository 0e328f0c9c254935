"""Verification of a caller: two words are mailed to the account's address, and the caller reads them back.

The worker never sees the words, so a worker cannot pretend that somebody called (NIST SP 800-63B-4 section 4.2.2: the
word of support alone is not enough).
"""

from __future__ import annotations

import os
import re
import secrets
from enum import Enum, auto

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import limits, rate_limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.notices import notify
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.support.caller_check.word_list import WORDS
from accounts.support.flows import Refusal, may_help
from accounts.support.models import CallerCheck
from accounts.support.worker_alarm import record_limit_reached
from accounts.two_factor.codes import slow_digest

SALT_BYTES = 16
WRONG = "wrong"  # the cause in the audit entries that are counted
_NOT_LETTERS = re.compile(r"[^a-z]+")


class Outcome(Enum):
    """The names are stored in the audit trail as causes: do not rename a member."""

    SENT = auto()
    TOO_MANY = auto()  # mails to this person in the last hour
    PASSED = auto()
    WRONG = auto()
    USED_UP = auto()  # that was the last try
    GUESSED = auto()  # too many wrong ones of this person, by all workers together
    WORKER_GUESSES = auto()  # too many wrong ones by this worker
    NOT_SENT = auto()  # or too long ago, or tried too often: new words are needed


def normalised(typed: str) -> str:
    """The typed words as they are compared: in lower case, letters only."""
    return _NOT_LETTERS.sub("", typed.lower())


def send(subject: User, worker: User, origin: Origin) -> Outcome | Refusal:
    """Mail two fresh words to the person's own address; earlier ones of this worker are void."""
    if refused := _refusal_to_send(subject, worker):
        _record_refusal(Event.CALLER_CHECK_SENT, refused, subject, worker, origin)
        return refused
    words = f"{secrets.choice(WORDS)} {secrets.choice(WORDS)}"
    salt = os.urandom(SALT_BYTES)
    digest = slow_digest(normalised(words), salt)  # before the transaction, because it is slow
    fresh = {"salt": salt, "digest": digest, "sent_at": timezone.now(), "failures": 0, "passed_at": None}
    with transaction.atomic():
        CallerCheck.objects.update_or_create(subject=subject, worker=worker, defaults=fresh)
        entry = record(Event.CALLER_CHECK_SENT, subject=subject, actor=worker, origin=origin)
        minutes = int(limits.CALLER_CHECK.total_seconds()) // 60
        notify(entry, subject, words=words, minutes=minutes, valid_for=limits.CALLER_CHECK)
    return Outcome.SENT


def _refusal_to_send(subject: User, worker: User) -> Outcome | Refusal | None:
    if refused := may_help(worker, subject) or _guessed(subject, worker):
        return refused
    limit, period = limits.CALLER_CHECK_MAILS, limits.CALLER_CHECK_MAILS_PERIOD
    within = rate_limits.consume("caller-check", str(subject.pk), limit=limit, period=period)
    return None if within else Outcome.TOO_MANY


def _guessed(subject: User, worker: User) -> Outcome | None:
    """The outcome when so many wrong words were typed that somebody may be guessing. Exact only while both rows are
    locked."""
    since = timezone.now() - limits.WORKER_WRONG_WORDS_PERIOD
    if _wrong().filter(actor=worker, at__gt=since).count() >= limits.WORKER_WRONG_WORDS:
        return Outcome.WORKER_GUESSES
    return Outcome.GUESSED if wrong_words(subject).count() >= limits.CALLER_CHECK_WRONG else None


def _wrong() -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(event=Event.CALLER_CHECKED, succeeded=False, detail__cause=WRONG)


def wrong_words(subject: User) -> QuerySet[AuditEntry]:
    """The wrong answers for this person in `limits.CALLER_CHECK_WRONG_PERIOD`, to all workers together."""
    return _wrong().filter(subject=subject, at__gt=timezone.now() - limits.CALLER_CHECK_WRONG_PERIOD)


def _record_refusal(event: Event, refused: Outcome | Refusal, subject: User, worker: User, origin: Origin) -> None:
    """Refused attempts are in the audit trail too."""
    detail: dict[str, str | int] = {"cause": refused.name.lower()}
    record(event, subject=subject, actor=worker, origin=origin, succeeded=False, detail=detail)


def answer(subject: User, worker: User, typed: str, origin: Origin) -> Outcome | Refusal:
    """Verify what the caller read back. Returns refusals instead of raising, so that wrong answers stay counted."""
    if refusal := may_help(worker, subject):
        _record_refusal(Event.CALLER_CHECKED, refusal, subject, worker, origin)
        return refusal
    known = CallerCheck.objects.filter(subject=subject, worker=worker).first()
    if known is None:
        return Outcome.NOT_SENT
    digest = slow_digest(normalised(typed), bytes(known.salt))
    with transaction.atomic():
        # In the same order as interventions lock them; it keeps the counts exact under parallel requests.
        list(User.objects.select_for_update().filter(pk__in={subject.pk, worker.pk}).order_by("pk"))
        outcome = _guessed(subject, worker) or _verify(known.pk, digest)
        _record_outcome(outcome, subject, worker, origin)
    return outcome


def _record_outcome(outcome: Outcome, subject: User, worker: User, origin: Origin) -> None:
    match outcome:
        case Outcome.PASSED:
            record(Event.CALLER_CHECKED, subject=subject, actor=worker, origin=origin)
        case Outcome.WRONG | Outcome.USED_UP:
            detail: dict[str, str | int] = {"cause": WRONG}
            record(Event.CALLER_CHECKED, subject=subject, actor=worker, origin=origin, succeeded=False, detail=detail)
            if _guessed(subject, worker) is Outcome.WORKER_GUESSES:
                record_limit_reached(worker, limits.WORKER_WRONG_WORDS, origin, period=limits.WORKER_WRONG_WORDS_PERIOD)
        case Outcome.GUESSED | Outcome.WORKER_GUESSES:
            _record_refusal(Event.CALLER_CHECKED, outcome, subject, worker, origin)


def _verify(pk: int, digest: str) -> Outcome:
    since = timezone.now() - limits.CALLER_CHECK
    locked = CallerCheck.objects.select_for_update().filter(pk=pk, sent_at__gt=since, passed_at=None)
    check = locked.filter(failures__lt=limits.CALLER_CHECK_TRIES).first()
    if check is None:
        return Outcome.NOT_SENT
    if constant_time_compare(check.digest, digest):
        CallerCheck.objects.filter(pk=pk).update(passed_at=timezone.now())
        return Outcome.PASSED
    CallerCheck.objects.filter(pk=pk).update(failures=check.failures + 1)
    return Outcome.WRONG if check.failures + 1 < limits.CALLER_CHECK_TRIES else Outcome.USED_UP


def waiting(subject: User, worker: User) -> CallerCheck | None:
    """The words of this worker that can still be read back."""
    since = timezone.now() - limits.CALLER_CHECK
    open_ones = CallerCheck.objects.filter(subject=subject, worker=worker, sent_at__gt=since, passed_at=None)
    return open_ones.filter(failures__lt=limits.CALLER_CHECK_TRIES).first()


def has_passed(subject: User, worker: User) -> CallerCheck | None:
    """The check that the caller passed with this worker, if it was not long ago."""
    since = timezone.now() - limits.CALLER_CHECK
    return CallerCheck.objects.filter(subject=subject, worker=worker, passed_at__gt=since).first()


def purge() -> int:
    """Delete expired checks. Returns the number."""
    return CallerCheck.objects.filter(sent_at__lte=timezone.now() - 2 * limits.CALLER_CHECK).delete()[0]
