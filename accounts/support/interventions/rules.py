"""What may be done to an account, and what one worker may not do alone."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations import demands
from accounts.support.caller_check import flows as caller_check
from accounts.support.flows import Refusal, is_privileged, may_help, may_reset
from accounts.support.models import Intervention, Kind, State
from accounts.throttling import flows as throttling
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery

COUNTED = (Kind.BRIDGE_CODE, Kind.RESET)  # what opens an account
LONGEST_WAIT = max(limits.PASSWORD_LONGEST_WAIT, *limits.CODE_WAITS)


def refusal(kind: Kind, worker: User, subject: User) -> Refusal | None:
    """Why this worker may not do that to this person now, or None. The caller's check is asked for separately."""
    # Ending sessions takes something away only, so a report "this was not me" does not stop it.
    if refused := may_help(worker, subject) if kind is Kind.END_SESSIONS else may_reset(worker, subject):
        return refused
    if kind in COUNTED and not subject.is_active:
        return Refusal.INACTIVE
    if kind is Kind.BRIDGE_CODE and not has_to_show_something(subject):
        return Refusal.NO_SECOND_STEP
    if kind is Kind.LIFT_WAIT and not doors(subject):
        return Refusal.NOTHING_TO_LIFT
    if kind in COUNTED and changed_address(worker, subject):
        return Refusal.CHANGED_ADDRESS
    return Refusal.STOPPED if kind in COUNTED and is_stopped(worker) else None


def changed_address(worker: User, subject: User) -> bool:
    """Did this worker give this person another address this week? Alone, that and a reset would take the account over:
    the words, the link and a new password all go to the new mailbox."""
    since = timezone.now() - limits.WARNING_PERIOD
    own = AuditEntry.objects.filter(actor=worker, subject=subject, event=Event.ADDRESS_CHANGED)
    return own.filter(at__gt=since).exists()


def caller_is_checked(kind: Kind, worker: User, subject: User) -> bool:
    """A code is read out, so the caller must be known; a reset mails its link to the person (NIST 800-63B-4 4.2.2)."""
    return kind is not Kind.BRIDGE_CODE or caller_check.has_passed(subject, worker) is not None


def is_stopped(worker: User) -> bool:
    """Has this worker opened as many accounts as one may in a while? Exact only while the worker's row is locked."""
    since = timezone.now() - limits.WORKER_RESETS_PERIOD
    done = Intervention.objects.filter(worker=worker, done_at__gt=since, kind__in=COUNTED, state=State.DONE)
    return done.count() >= limits.WORKER_RESETS


def needs_approval(kind: Kind, subject: User) -> bool:
    """Must a second worker agree, or a day pass?"""
    opens = kind in COUNTED or (kind is Kind.LIFT_WAIT and any(is_shut(door) for door in doors(subject)))
    return opens and is_privileged(subject)


def doors(subject: User) -> list[AttemptCounter]:
    """The counters of this person that refuse everything now: a wait that runs, or a closed door."""
    mine = AttemptCounter.objects.filter(subject=throttling.subject_of(subject)).order_by("kind", "bucket")
    return [counter for counter in mine if counter.closed or throttling.waits_until(counter)]


def is_shut(door: AttemptCounter) -> bool:
    """Is it more than an ordinary wait: closed until a new password, or full for weeks?"""
    until = throttling.waits_until(door)
    return door.closed or (until is not None and until - timezone.now() > LONGEST_WAIT + timedelta(seconds=1))


def has_to_show_something(subject: User) -> bool:
    """Does the password alone not open this account? Also true after a reset, until a new phone is linked."""
    return devices.has_confirmed_device(subject) or account_recovery.of(subject) is not None


def recovers(subject: User) -> bool:
    """Must the password be accompanied by the mailed link after a reset?

    Not for somebody who never had a second step and of whom none is demanded: the password alone was all there was.
    """
    return has_to_show_something(subject) or demands.is_required(subject)
