"""Waiting times after wrong attempts. Every way to authenticate is counted here, so none avoids them.

Own code instead of django-otp's throttling: that has no upper limit, refuses the right code without a message, and
counts wrongly under parallel requests. Call inside the transaction that judges the attempt, and return afterwards
instead of raising: an exception would roll the count back and give unlimited guesses.
"""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Q, QuerySet
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.models import User
from accounts.prepared_queries import Parameter, PreparedQuery
from accounts.throttling import rules
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind


def subject_of(user: User | None, typed_address: str = "") -> str:
    """Whom the attempts count against. Unknown addresses count too: otherwise waiting would tell who is known."""
    if user is not None:
        return f"user:{user.pk}"
    return f"address:{hashlib.sha256(typed_address.strip().lower().encode()).hexdigest()[:48]}"


def counter_for(
    user: User | None,
    kind: Kind,
    browsers: KnownBrowsers,
    *,
    typed_address: str = "",
    network: str | None = None,
) -> AttemptCounter:
    """The counter for an attempt from this browser, locked until the caller's transaction ends.

    A known browser has a bucket of its own, so that strangers cannot lock the owner out; for passwords also one that
    proved the mailbox just now. When that bucket is closed the browser counts as a stranger. ``network``: the address
    of the attempt; wrong ones make the others of that network wait, and not everybody.
    """
    bucket = browsers.password_bucket_of(user) if kind is Kind.PASSWORD else browsers.bucket_of(user)
    subject = subject_of(user, typed_address)
    counter = _lock(subject, kind, bucket)
    if bucket and counter.closed:
        closed, counter = counter, _lock(subject, kind, AttemptCounter.UNKNOWN_BROWSERS)
        counter.own_bucket = closed
    if network is not None or kind is Kind.PASSWORD:
        # A digest, because it is kept; those whose address is not told share one.
        counter.network = hashlib.sha256(rate_limits.home_network_of(network).encode()).hexdigest()[:16]
    return counter


def _lock(subject: str, kind: Kind, bucket: str) -> AttemptCounter:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an attempt is judged inside a transaction")
    which = {"subject": subject, "kind": kind, "bucket": bucket}
    counter = next(iter(_locked(**which)), None)
    if counter is not None:
        return counter
    new = AttemptCounter(**which)
    if _transaction_locks_the_database():
        return new  # nobody else makes one meanwhile, and a first right attempt stores nothing
    # Not get_or_create: of two parallel first attempts one would fail on the constraint.
    AttemptCounter.objects.bulk_create([new], ignore_conflicts=True)
    return _locked(**which)[0]


def _transaction_locks_the_database() -> bool:
    """SQLite knows no locks of rows: its transactions, which are IMMEDIATE, come one after another."""
    return not transaction.get_connection().features.has_select_for_update


@PreparedQuery
def _locked() -> QuerySet[AttemptCounter]:
    which = {name: Parameter(name, CharField()) for name in ("subject", "kind", "bucket")}
    return AttemptCounter.objects.select_for_update().filter(**which)


def waits_until(counter: AttemptCounter) -> datetime | None:
    """Until when an attempt is refused, also a right one; None when it may be judged now. Of a counter that was not got
    for an attempt: until when any network waits."""
    until = counter.state.waits_until_for(counter.network)
    return datetime.fromtimestamp(until, UTC) if until > time.time() else None


def code_waits_until(counter: AttemptCounter) -> datetime | None:
    """The same for codes. Recovery codes and passkeys cannot be guessed, so a right one passes every wait."""
    return None if Kind(counter.kind) in (Kind.RECOVERY_CODE, Kind.PASSKEY) else waits_until(counter)


def count_failure(counter: AttemptCounter) -> datetime | None:
    """Note a wrong attempt. Returns until when the next one has to wait, if it has to."""
    known, now = not _is_of_unknown_browsers(counter), int(time.time())
    kind, network = Kind(counter.kind), counter.network
    counter.store(rules.after_failure(counter.state, kind, now, known=known, network=network))
    return waits_until(counter)


def is_longest_wait(until: datetime | None) -> bool:
    """Is that wait `limits.PASSWORD_LONGEST_WAIT`, the longest for wrong passwords?"""
    wait = limits.PASSWORD_LONGEST_WAIT - timedelta(minutes=1)
    return until is not None and until - timezone.now() > wait


def count_success(counter: AttemptCounter) -> None:
    if counter.failures or counter.waits_until or counter.networks:
        counter.store(rules.after_success(counter.state, counter.network))
    if (own := counter.own_bucket) is not None:
        # A success as a stranger shows that the failures in the closed bucket of this browser were the owner's.
        own.store(rules.after_success_by_unknown_browser(own.state))


@transaction.atomic
def reset_after_new_password(user: User) -> None:
    """The password was set anew by mail: open what too many wrong attempts have closed, caps excepted."""
    for kind in (Kind.PASSWORD, Kind.CODE):
        counter = _lock(subject_of(user), kind, AttemptCounter.UNKNOWN_BROWSERS)
        counter.store(rules.after_new_password(counter.state, kind, int(time.time())))


def lock_counters(user: User) -> None:
    """Lock every counter of a person before anything else that an attempt locks after its counter.

    In another order, an attempt and the caller would each wait for the other, until the database ends one of the two.
    """
    # A stranger's bucket, the empty one, comes last, as in `counter_for`.
    list(AttemptCounter.objects.select_for_update().filter(subject=subject_of(user)).order_by("kind", "-bucket"))


def is_full(counter: AttemptCounter) -> bool:
    """Is the limit of wrong attempts by unknown browsers in a period reached? Only time resets it."""
    return (
        _is_of_unknown_browsers(counter) and rules.full_until(counter.state, Kind(counter.kind), int(time.time())) > 0
    )


def lift_waits(user: User) -> None:
    """End every running wait. The counts in a row and in a period stay, and closed counters stay closed: otherwise
    lifting one wait after another would allow any number of guesses. Call after `lock_counters`."""
    for counter in _of(user):
        known = not _is_of_unknown_browsers(counter)
        counter.store(rules.after_lift(counter.state, Kind(counter.kind), int(time.time()), known=known))


def open_closed_counters(user: User) -> None:
    """Open what is closed, periods excepted. Call after `lock_counters`."""
    for counter in _of(user).filter(closed=True):
        state, kind = counter.state, Kind(counter.kind)
        of_unknown_browsers = _is_of_unknown_browsers(counter)
        counter.store(
            rules.after_new_password(state, kind, int(time.time()))
            if of_unknown_browsers
            else rules.after_success_by_unknown_browser(state)
        )


def _of(user: User) -> QuerySet[AttemptCounter]:
    return AttemptCounter.objects.filter(subject=subject_of(user))


def _is_of_unknown_browsers(counter: AttemptCounter) -> bool:
    return counter.bucket == AttemptCounter.UNKNOWN_BROWSERS


def purge() -> int:
    """Delete counters that no rule looks at any more. Returns how many.

    What is closed stays closed: only a new password by mail opens it, never the passing of time.
    """
    now = timezone.now()
    outlived = Q(changed_at__lt=now - limits.CODE_CAP_PERIOD, bucket=AttemptCounter.UNKNOWN_BROWSERS)
    forgotten = Q(changed_at__lt=now - limits.KNOWN_BROWSER) & ~Q(bucket=AttemptCounter.UNKNOWN_BROWSERS)
    unknown = Q(subject__startswith="address:", changed_at__lt=now - limits.CODE_CAP_PERIOD)
    return AttemptCounter.objects.filter((outlived & Q(closed=False)) | forgotten | unknown).delete()[0]
