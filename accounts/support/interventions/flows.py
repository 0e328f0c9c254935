"""Interventions of support on an account: at once, or after a second worker's approval.

Every intervention is one row with a receipt number, which is in the audit trail and in the mail to the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.support.flows import Refusal
from accounts.support.interventions import actions, approval, rules
from accounts.support.interventions.people import lock_people
from accounts.support.models import Intervention, Kind, State
from accounts.support.worker_alarm import record_limit_reached
from accounts.two_factor.account_recovery.flows import NewBridgeCode

REFUSAL_EVENTS = {
    Kind.LIFT_WAIT: Event.WAIT_LIFTED,
    Kind.END_SESSIONS: Event.SESSIONS_ENDED_BY_SUPPORT,
    Kind.BRIDGE_CODE: Event.BRIDGE_CODE_ISSUED,
    Kind.RESET: Event.RESET_REFUSED,
}


class Outcome(Enum):
    DONE = auto()
    ASKED = auto()  # waits for a second worker, or a day


@dataclass(frozen=True)
class InterventionRequest:
    """``worker`` None: a management command, which may be used on anybody."""

    kind: Kind
    subject: User
    worker: User | None
    reason: str
    ticket: str = ""


@dataclass(frozen=True)
class Result:
    """``code``: in plain text, to read out; empty for other kinds."""

    outcome: Outcome | Refusal
    intervention: Intervention | None = None
    code: str = ""


def act(wanted: InterventionRequest, origin: Origin) -> Result:
    """Do what a worker asks, or store it for approval. Refusals are returned, not raised, so that they are recorded."""
    return _act(wanted, origin, actions.prepare(wanted.kind, wanted.subject))


@transaction.atomic
def _act(wanted: InterventionRequest, origin: Origin, prepared: NewBridgeCode | None) -> Result:
    subject, worker = lock_people(wanted.subject, wanted.worker)
    if worker is None:
        return _do_at_once(wanted, subject, None, origin, prepared)
    if refusal := rules.refusal(wanted.kind, worker, subject):
        return _refuse(wanted, subject, worker, refusal, origin)
    approval.cancel_superseded(subject, worker, origin)
    if rules.needs_approval(wanted.kind, subject):
        if approval.find_open(wanted.kind, subject, worker):
            return _refuse(wanted, subject, worker, Refusal.ALREADY_ASKED, origin)
        asked = _row(wanted, subject, worker)
        approval.ask(asked, origin)
        return Result(Outcome.ASKED, asked)
    if not rules.caller_is_checked(wanted.kind, worker, subject):
        return _refuse(wanted, subject, worker, Refusal.NOT_CHECKED, origin)
    return _do_at_once(wanted, subject, worker, origin, prepared)


def carry_out(intervention: Intervention, worker: User, origin: Origin) -> Result:
    """Carry out an earlier request that is ready now: by the worker who made it, once."""
    prepared = actions.prepare(Kind(intervention.kind), intervention.subject)
    return _carry_out(intervention, worker, origin, prepared)


@transaction.atomic
def _carry_out(intervention: Intervention, worker: User, origin: Origin, prepared: NewBridgeCode | None) -> Result:
    subject, worker = lock_people(intervention.subject, worker)  # type: ignore[assignment]
    kind = Kind(intervention.kind)
    wanted = InterventionRequest(kind, subject, worker, intervention.reason, intervention.ticket)
    refusal = Refusal.NOT_ONES_OWN if intervention.worker_id != worker.pk else rules.refusal(kind, worker, subject)
    if refusal is None and not rules.caller_is_checked(kind, worker, subject):
        refusal = Refusal.NOT_CHECKED
    if refusal:
        return _refuse(wanted, subject, worker, refusal, origin)
    approval.cancel_superseded(subject, worker, origin)
    if not approval.mark_done(intervention):
        return _refuse(wanted, subject, worker, Refusal.NOT_READY, origin)
    done = Intervention.objects.select_related("approved_by", "worker").get(pk=intervention.pk)
    done.subject = subject
    return Result(Outcome.DONE, done, actions.carry_out(done, origin, prepared))


def _row(wanted: InterventionRequest, subject: User, worker: User | None, **state: Any) -> Intervention:
    texts = {"reason": wanted.reason[:500], "ticket": wanted.ticket[:40]}
    return Intervention.objects.create(kind=wanted.kind, subject=subject, worker=worker, **texts, **state)


def _do_at_once(
    wanted: InterventionRequest, subject: User, worker: User | None, origin: Origin, prepared: NewBridgeCode | None
) -> Result:
    row = _row(wanted, subject, worker, state=State.DONE, done_at=timezone.now())
    return Result(Outcome.DONE, row, actions.carry_out(row, origin, prepared))


def _refuse(wanted: InterventionRequest, subject: User, worker: User, refusal: Refusal, origin: Origin) -> Result:
    if refusal is Refusal.STOPPED:
        record_limit_reached(worker, rules.limit_of(wanted.kind) or 0, origin)
    record(
        REFUSAL_EVENTS[wanted.kind],
        subject=subject,
        actor=worker,
        origin=origin,
        reason=wanted.reason,
        succeeded=False,
        detail={"cause": refusal.name.lower()},
    )
    return Result(refusal)
