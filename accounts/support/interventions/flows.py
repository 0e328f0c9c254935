"""Support does something to an account: at once, or after a second worker approved it.

Every intervention is one row with a receipt, which is in the audit trail and in the mail to the person.
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
from accounts.support.models import Intervention, Kind, State
from accounts.support.worker_alarm import stop
from accounts.two_factor.account_recovery.flows import NewBridgeCode

REFUSED = {
    Kind.LIFT_WAIT: Event.WAIT_LIFTED,
    Kind.END_SESSIONS: Event.SESSIONS_ENDED_BY_SUPPORT,
    Kind.BRIDGE_CODE: Event.BRIDGE_CODE_ISSUED,
    Kind.RESET: Event.RESET_REFUSED,
}


class Outcome(Enum):
    DONE = auto()
    ASKED = auto()  # waits for a second worker, or a day


@dataclass(frozen=True)
class Order:
    """``worker`` None is the command line, which whoever runs the server may use on anybody."""

    kind: Kind
    subject: User
    worker: User | None
    reason: str
    ticket: str = ""


@dataclass(frozen=True)
class Result:
    """``code``: readable for the last time."""

    outcome: Outcome | Refusal
    intervention: Intervention | None = None
    code: str = ""


def act(order: Order, origin: Origin) -> Result:
    """Do what a worker asks, or keep it for approval. Returns refusals, so that their record survives."""
    return _act(order, origin, actions.prepare(order.kind, order.subject))


@transaction.atomic
def _act(order: Order, origin: Origin, prepared: NewBridgeCode | None) -> Result:
    subject, worker = locked(order.subject, order.worker)
    if worker is None:
        return _do_at_once(order, subject, None, origin, prepared)
    if refusal := rules.refusal(order.kind, worker, subject):
        return _refuse(order, subject, worker, refusal, origin)
    approval.drop_overtaken(subject, worker, origin)
    if rules.needs_approval(order.kind, subject):
        if approval.open_of(order.kind, subject, worker):
            return _refuse(order, subject, worker, Refusal.ALREADY_ASKED, origin)
        asked = _row(order, subject, worker)
        approval.ask(asked, origin)
        return Result(Outcome.ASKED, asked)
    if not rules.caller_is_checked(order.kind, worker, subject):
        return _refuse(order, subject, worker, Refusal.NOT_CHECKED, origin)
    return _do_at_once(order, subject, worker, origin, prepared)


def carry_out(intervention: Intervention, worker: User, origin: Origin) -> Result:
    """Carry out what was asked before and may be done now: by the worker who asked, once."""
    prepared = actions.prepare(Kind(intervention.kind), intervention.subject)
    return _carry_out(intervention, worker, origin, prepared)


@transaction.atomic
def _carry_out(intervention: Intervention, worker: User, origin: Origin, prepared: NewBridgeCode | None) -> Result:
    subject, worker = locked(intervention.subject, worker)  # type: ignore[assignment]
    kind = Kind(intervention.kind)
    order = Order(kind, subject, worker, intervention.reason, intervention.ticket)
    refusal = Refusal.NOT_ONES_OWN if intervention.worker_id != worker.pk else rules.refusal(kind, worker, subject)
    if refusal is None and not rules.caller_is_checked(kind, worker, subject):
        refusal = Refusal.NOT_CHECKED
    if refusal:
        return _refuse(order, subject, worker, refusal, origin)
    approval.drop_overtaken(subject, worker, origin)
    if not approval.use_up(intervention):
        return _refuse(order, subject, worker, Refusal.NOT_READY, origin)
    done = Intervention.objects.select_related("approved_by", "worker").get(pk=intervention.pk)
    done.subject = subject
    return Result(Outcome.DONE, done, actions.carry_out(done, origin, prepared))


def locked(subject: User, worker: User | None) -> tuple[User, User | None]:
    """Both rows, locked in one order, so that two colleagues who help each other do not wait for each other for ever.

    The worker's row keeps the count of resets exact, whatever runs in parallel.
    """
    wanted = {subject.pk, worker.pk} if worker else {subject.pk}
    people = User.objects.select_for_update(of=("self",)).select_related("membership__organisation")
    found = {person.pk: person for person in people.filter(pk__in=wanted).order_by("pk")}
    return found[subject.pk], found[worker.pk] if worker else None


def _row(order: Order, subject: User, worker: User | None, **state: Any) -> Intervention:
    texts = {"reason": order.reason[:500], "ticket": order.ticket[:40]}
    return Intervention.objects.create(kind=order.kind, subject=subject, worker=worker, **texts, **state)


def _do_at_once(
    order: Order, subject: User, worker: User | None, origin: Origin, prepared: NewBridgeCode | None
) -> Result:
    row = _row(order, subject, worker, state=State.DONE, done_at=timezone.now())
    return Result(Outcome.DONE, row, actions.carry_out(row, origin, prepared))


def _refuse(order: Order, subject: User, worker: User, refusal: Refusal, origin: Origin) -> Result:
    if refusal is Refusal.STOPPED:
        stop(worker, rules.most(order.kind) or 0, origin)
    record(
        REFUSED[order.kind],
        subject=subject,
        actor=worker,
        origin=origin,
        reason=order.reason,
        succeeded=False,
        detail={"cause": refusal.name.lower()},
    )
    return Result(refusal)
