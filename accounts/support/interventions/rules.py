"""What a worker may do to an account, and what takes a second worker."""

from __future__ import annotations

from django.utils import timezone

from accounts import limits
from accounts.models import User
from accounts.organisations import sign_in_policy
from accounts.support import independence, unverified_changes
from accounts.support.caller_check import flows as caller_check
from accounts.support.flows import Refusal, is_privileged, may_help, may_reset
from accounts.support.models import Intervention, Kind, State
from accounts.throttling import flows as throttling
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind as Attempted

OPENS_ACCOUNT = (Kind.BRIDGE_CODE, Kind.RESET)  # what opens an account


def refusal(kind: Kind, worker: User, subject: User) -> Refusal | None:
    """Why this worker may not do that to this person now, or None. The caller check is separate."""
    # Ending sessions only removes access, so a report "this was not me" does not prevent it.
    if refused := may_help(worker, subject) if kind is Kind.END_SESSIONS else may_reset(worker, subject):
        return refused
    if kind in OPENS_ACCOUNT and not subject.is_active:
        return Refusal.INACTIVE
    if kind is Kind.BRIDGE_CODE and not unverified_changes.needs_second_factor(subject):
        return Refusal.NO_SECOND_STEP
    if kind is Kind.LIFT_WAIT and (refused := _refusal_to_lift(subject)):
        return refused
    if kind in OPENS_ACCOUNT and any(is_password_closed(counter) for counter in blocking_counters(subject)):
        return Refusal.PASSWORD_CLOSED
    if kind in OPENS_ACCOUNT and independence.changed_address(worker, subject):
        return Refusal.CHANGED_ADDRESS
    return Refusal.STOPPED if is_stopped(worker, kind) else None


def _refusal_to_lift(subject: User) -> Refusal | None:
    waiting = blocking_counters(subject)
    if not waiting:
        return Refusal.NOTHING_TO_LIFT
    if all(throttling.is_full(counter) for counter in waiting):
        return Refusal.MONTH_IS_FULL
    since = timezone.now() - limits.LIFTED_WAITS_PERIOD
    lifted = Intervention.objects.filter(subject=subject, kind=Kind.LIFT_WAIT, state=State.DONE, done_at__gt=since)
    return Refusal.LIFTED_OFTEN if lifted.count() >= limits.LIFTED_WAITS else None


def caller_is_checked(kind: Kind, worker: User, subject: User) -> bool:
    """A code is read out, so the caller must be verified; a reset mails its link (NIST SP 800-63B-4 section 4.2.2)."""
    return kind is not Kind.BRIDGE_CODE or caller_check.has_passed(subject, worker) is not None


def limit_of(kind: Kind) -> int | None:
    """How often one worker may do this in `limits.WORKER_RESETS_PERIOD`; None: unlimited."""
    if kind in OPENS_ACCOUNT:
        return limits.WORKER_RESETS
    return limits.WORKER_LIFTS if kind is Kind.LIFT_WAIT else None


def is_stopped(worker: User, kind: Kind) -> bool:
    """Has this worker reached the limit for this kind? Exact only while the worker's row is locked."""
    number = limit_of(kind)
    if number is None:
        return False
    since = timezone.now() - limits.WORKER_RESETS_PERIOD
    together = OPENS_ACCOUNT if kind in OPENS_ACCOUNT else (kind,)
    done = Intervention.objects.filter(worker=worker, done_at__gt=since, kind__in=together, state=State.DONE)
    return done.count() >= number


def needs_approval(kind: Kind, subject: User) -> bool:
    """Must a second worker approve? For unblocking, because the password may be stolen; and for opening an account with
    permissions or with unverified changes."""
    if kind is Kind.LIFT_WAIT:
        return any(counter.closed for counter in blocking_counters(subject))
    return kind in OPENS_ACCOUNT and (is_privileged(subject) or bool(unverified_changes.changes(subject)))


def blocking_counters(subject: User) -> list[AttemptCounter]:
    """The counters of this person that refuse every attempt now: during a waiting time, or blocked."""
    mine = AttemptCounter.objects.filter(subject=throttling.subject_of(subject)).order_by("kind", "bucket")
    return [counter for counter in mine if counter.closed or throttling.waits_until(counter)]


def is_password_closed(counter: AttemptCounter) -> bool:
    """Is every password from an unknown browser refused, also with a mailed link?"""
    return counter.closed and counter.kind == Attempted.PASSWORD and counter.bucket == AttemptCounter.UNKNOWN_BROWSERS


def needs_recovery_link(subject: User) -> bool:
    """Is the mailed link needed besides the password after a reset?

    Not for somebody who had no second factor and needs none: the password alone opened the account.
    """
    return unverified_changes.needs_second_factor(subject) or sign_in_policy.is_required(subject)
