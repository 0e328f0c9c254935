"""What may be done to an account, and what one worker may not do alone."""

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

COUNTED = (Kind.BRIDGE_CODE, Kind.RESET)  # what opens an account


def refusal(kind: Kind, worker: User, subject: User) -> Refusal | None:
    """Why this worker may not do that to this person now, or None. The caller's check is asked for separately."""
    # Ending sessions takes something away only, so a report "this was not me" does not stop it.
    if refused := may_help(worker, subject) if kind is Kind.END_SESSIONS else may_reset(worker, subject):
        return refused
    if kind in COUNTED and not subject.is_active:
        return Refusal.INACTIVE
    if kind is Kind.BRIDGE_CODE and not unverified_changes.has_to_show_something(subject):
        return Refusal.NO_SECOND_STEP
    if kind is Kind.LIFT_WAIT and (refused := _refusal_to_lift(subject)):
        return refused
    if kind in COUNTED and any(is_password_closed(door) for door in doors(subject)):
        return Refusal.PASSWORD_CLOSED
    if kind in COUNTED and independence.changed_address(worker, subject):
        return Refusal.CHANGED_ADDRESS
    return Refusal.STOPPED if is_stopped(worker, kind) else None


def _refusal_to_lift(subject: User) -> Refusal | None:
    waiting = doors(subject)
    if not waiting:
        return Refusal.NOTHING_TO_LIFT
    if all(throttling.is_full(door) for door in waiting):
        return Refusal.MONTH_IS_FULL
    since = timezone.now() - limits.LIFTED_WAITS_PERIOD
    lifted = Intervention.objects.filter(subject=subject, kind=Kind.LIFT_WAIT, state=State.DONE, done_at__gt=since)
    return Refusal.LIFTED_OFTEN if lifted.count() >= limits.LIFTED_WAITS else None


def caller_is_checked(kind: Kind, worker: User, subject: User) -> bool:
    """A code is read out, so the caller must be known; a reset mails its link to the person (NIST 800-63B-4 4.2.2)."""
    return kind is not Kind.BRIDGE_CODE or caller_check.has_passed(subject, worker) is not None


def most(kind: Kind) -> int | None:
    """How often one worker may do this in `limits.WORKER_RESETS_PERIOD`; None: as often as it takes."""
    if kind in COUNTED:
        return limits.WORKER_RESETS
    return limits.WORKER_LIFTS if kind is Kind.LIFT_WAIT else None


def is_stopped(worker: User, kind: Kind) -> bool:
    """Has this worker helped as many people so as one may in a while? Exact only while the worker's row is locked."""
    number = most(kind)
    if number is None:
        return False
    since = timezone.now() - limits.WORKER_RESETS_PERIOD
    together = COUNTED if kind in COUNTED else (kind,)
    done = Intervention.objects.filter(worker=worker, done_at__gt=since, kind__in=together, state=State.DONE)
    return done.count() >= number


def needs_approval(kind: Kind, subject: User) -> bool:
    """Must somebody else agree? One worker alone opens for nobody what is closed, because the password may be stolen;
    and no account with rights, or whose password or address came by a mailbox that may be somebody else's."""
    if kind is Kind.LIFT_WAIT:
        return any(door.closed for door in doors(subject))
    return kind in COUNTED and (is_privileged(subject) or bool(unverified_changes.changes(subject)))


def doors(subject: User) -> list[AttemptCounter]:
    """The counters of this person that refuse everything now: a wait that runs, or a closed door."""
    mine = AttemptCounter.objects.filter(subject=throttling.subject_of(subject)).order_by("kind", "bucket")
    return [counter for counter in mine if counter.closed or throttling.waits_until(counter)]


def is_password_closed(door: AttemptCounter) -> bool:
    """Are strangers refused with every password, also with a mailed link?"""
    return door.closed and door.kind == Attempted.PASSWORD and door.bucket == AttemptCounter.UNKNOWN_BROWSERS


def recovers(subject: User) -> bool:
    """Must the password be accompanied by the mailed link after a reset?

    Not for somebody who never had a second step and of whom none is demanded: the password alone was all there was.
    """
    return unverified_changes.has_to_show_something(subject) or sign_in_policy.is_required(subject)
