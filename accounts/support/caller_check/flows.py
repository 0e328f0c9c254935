"""Is the caller who they say? Two words go to the mailbox of the account, and the caller reads them back.

The worker never sees the words, so a worker cannot pretend that somebody called (NIST SP 800-63B-4 section 4.2.2: the
word of support alone is not enough).
"""

from __future__ import annotations

import os
import re
import secrets
from enum import Enum, auto

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import limits, quotas
from accounts.audit import mail
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.support.caller_check.words import WORDS
from accounts.support.flows import Refusal, may_help
from accounts.support.models import CallerCheck
from accounts.two_factor.codes import slow_digest

SALT_BYTES = 16
_NO_LETTER = re.compile(r"[^a-z]+")


class Outcome(Enum):
    SENT = auto()
    TOO_MANY = auto()  # mails to this person in the last hour
    PASSED = auto()
    WRONG = auto()
    USED_UP = auto()  # that was the last try
    NOT_SENT = auto()  # or too long ago, or tried too often: new words are needed


def normalised(typed: str) -> str:
    """What somebody read out, as it is compared: without capitals, spaces and hyphens."""
    return _NO_LETTER.sub("", typed.lower())


def send(subject: User, worker: User, origin: Origin) -> Outcome | Refusal:
    """Mail two fresh words to the person's own address; earlier ones of this worker are void."""
    if refusal := may_help(worker, subject):
        return refusal
    limit, period = limits.CALLER_CHECK_MAILS, limits.CALLER_CHECK_MAILS_PERIOD
    if not quotas.spend("caller-check", str(subject.pk), limit=limit, period=period):
        return Outcome.TOO_MANY
    words = f"{secrets.choice(WORDS)} {secrets.choice(WORDS)}"
    salt = os.urandom(SALT_BYTES)
    digest = slow_digest(normalised(words), salt)  # before the transaction: it takes its time
    fresh = {"salt": salt, "digest": digest, "sent_at": timezone.now(), "failures": 0, "passed_at": None}
    with transaction.atomic():
        CallerCheck.objects.update_or_create(subject=subject, worker=worker, defaults=fresh)
        entry = record(Event.CALLER_CHECK_SENT, subject=subject, actor=worker, origin=origin)
        minutes = int(limits.CALLER_CHECK.total_seconds()) // 60
        mail.notify(entry, subject, words=words, minutes=minutes)
    return Outcome.SENT


def answer(subject: User, worker: User, typed: str, origin: Origin) -> Outcome | Refusal:
    """Judge what the caller read back. Returns, so that the count of wrong answers survives."""
    if refusal := may_help(worker, subject):
        return refusal
    known = CallerCheck.objects.filter(subject=subject, worker=worker).first()
    if known is None:
        return Outcome.NOT_SENT
    digest = slow_digest(normalised(typed), bytes(known.salt))
    with transaction.atomic():
        outcome = _judge(known.pk, digest)
        if outcome is not Outcome.NOT_SENT:
            succeeded = outcome is Outcome.PASSED
            detail: dict[str, str | int] = {} if succeeded else {"cause": "wrong"}
            record(
                Event.CALLER_CHECKED, subject=subject, actor=worker, origin=origin, succeeded=succeeded, detail=detail
            )
    return outcome


def _judge(pk: int, digest: str) -> Outcome:
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
    """Delete checks that count no more. Returns how many."""
    return CallerCheck.objects.filter(sent_at__lte=timezone.now() - 2 * limits.CALLER_CHECK).delete()[0]
