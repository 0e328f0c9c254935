"""Waiting times after wrong attempts. Every way in asks here, so no way in is a way round.

Own code instead of django-otp's throttling: that has no upper limit, refuses the right code without a word, and counts
wrongly under parallel requests. Call inside the transaction that judges the attempt, and return afterwards instead of
raising: an exception would roll the count back and give unlimited guesses.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts import limits
from accounts.models import User
from accounts.throttling.models import AttemptCounter, Kind


def subject_of(user: User | None, typed_address: str = "") -> str:
    """Whom the attempts count against. Unknown addresses count too: otherwise waiting would tell who is known."""
    if user is not None:
        return f"user:{user.pk}"
    return f"address:{hashlib.sha256(typed_address.strip().lower().encode()).hexdigest()[:48]}"


def lock(subject: str, kind: Kind, bucket: str = AttemptCounter.STRANGERS) -> AttemptCounter:
    """The counter, locked until the caller's transaction ends: parallel attempts are judged one after the other."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an attempt is judged inside a transaction")
    locked = AttemptCounter.objects.select_for_update()
    counter = locked.filter(subject=subject, kind=kind, bucket=bucket).first()
    if counter is None:
        # Not get_or_create: of two parallel first attempts one would fail on the constraint.
        AttemptCounter.objects.bulk_create(
            [AttemptCounter(subject=subject, kind=kind, bucket=bucket)], ignore_conflicts=True
        )
        counter = locked.get(subject=subject, kind=kind, bucket=bucket)
    return counter


def waits_until(counter: AttemptCounter) -> datetime | None:
    """Until when every attempt is refused, also a right one; None when an attempt may be judged now."""
    until = counter.waits_until
    return until if until is not None and until > timezone.now() else None


def count_failure(counter: AttemptCounter) -> datetime | None:
    """Note a wrong attempt. Returns until when the next one has to wait, if it has to."""
    counter.failures += 1
    wait = _wait_after(Kind(counter.kind), counter.failures)
    counter.waits_until = timezone.now() + wait if wait else None
    counter.save()
    return counter.waits_until


def count_success(counter: AttemptCounter) -> None:
    if counter.failures:
        counter.failures, counter.waits_until = 0, None
        counter.save()


def forget(user: User) -> None:
    """Lift every waiting time of a person."""
    AttemptCounter.objects.filter(subject=subject_of(user)).delete()


def _wait_after(kind: Kind, failures: int) -> timedelta | None:
    if kind is Kind.CODE:
        rounds, left = divmod(failures, limits.CODE_FREE_FAILURES)
        return None if left else limits.CODE_WAITS[min(rounds, len(limits.CODE_WAITS)) - 1]
    beyond = failures - limits.PASSWORD_FREE_FAILURES
    if beyond < 0:
        return None
    # The exponent is bounded so that the shift stays a small number.
    return min(limits.PASSWORD_FIRST_WAIT * 2 ** min(beyond, 12), limits.PASSWORD_LONGEST_WAIT)
