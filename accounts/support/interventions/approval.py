"""Four-eyes principle: an account with permissions is opened after a second worker's approval, or after a day in which
its owner, told by mail, did not cancel."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import limits
from accounts.audit import unproved
from accounts.audit.events import Event
from accounts.audit.notices import notify
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.models import User
from accounts.organisations import scope
from accounts.support import cancellation, independence, unverified_changes
from accounts.support.flows import Refusal, may_help, may_reset, visible_to
from accounts.support.interventions import actions, rules
from accounts.support.models import Intervention, Kind, State


def ask(intervention: Intervention, origin: Origin) -> None:
    """Record that it waits, and mail the person a link to cancel it. Call inside a transaction."""
    entry = record(
        Event.INTERVENTION_ASKED,
        subject=intervention.subject,
        actor=intervention.worker,
        origin=origin,
        reason=intervention.reason,
        detail=actions.facts(intervention) | {"kind": intervention.kind},
    )
    context: dict[str, Any] = {
        "what": Kind(intervention.kind).label,
        "receipt": intervention.receipt,
        "new_address": intervention.new_address,
        "by_two": intervention.waits_for_second,
        "hours": int(limits.INTERVENTION_WAITS.total_seconds()) // 3600,
    }
    subject = intervention.subject
    for address in [subject.email, *unproved.former_addresses(subject)]:
        notify(entry, subject, to=address, cancel=cancellation.link(intervention), **context)
    if intervention.new_address:
        # Without a link: nobody has proved yet whose mailbox that is.
        context |= {"at": timezone.localtime(entry.at), "reason": entry.reason}
        sending.send(entry.event, subject, to=intervention.new_address, **context)


def may_approve(intervention: Intervention, worker: User) -> Refusal | None:
    """Why this worker may not be the second, or None."""
    if intervention.worker_id == worker.pk:
        return Refusal.NOT_ONES_OWN
    if independence.changed_address(worker, intervention.subject) or _chosen_by_colleague(intervention, worker):
        return Refusal.CHANGED_ADDRESS
    return may_reset(worker, intervention.subject)


def _chosen_by_colleague(intervention: Intervention, worker: User) -> bool:
    """Was the new address chosen by a colleague of the same organisation?"""
    asker = intervention.worker_id
    return intervention.kind == Kind.ADDRESS and asker is not None and independence.same_party(worker, asker)


@transaction.atomic
def approve(intervention: Intervention, worker: User, origin: Origin) -> Refusal | None:
    """The second worker approves; of parallel approvals exactly one counts. A refused attempt is recorded as well."""
    refusal = may_approve(intervention, worker)
    if refusal is None and not _note_approval(intervention, worker):
        refusal = Refusal.NOT_READY
    _record(Event.INTERVENTION_APPROVED, intervention, worker, origin, refusal)
    return refusal


def _note_approval(intervention: Intervention, worker: User) -> bool:
    now = timezone.now()
    waiting = Intervention.objects.filter(
        pk=intervention.pk, state=State.WAITING, asked_at__gt=now - limits.INTERVENTION_WAITS
    )
    return waiting.update(state=State.APPROVED, approved_by=worker, approved_at=now) == 1


def _record(event: Event, intervention: Intervention, worker: User, origin: Origin, refusal: Refusal | None) -> None:
    detail: dict[str, str | int] = {"receipt": intervention.receipt, "kind": intervention.kind}
    if refusal:
        detail["cause"] = refusal.name.lower()
    subject = intervention.subject
    record(event, subject=subject, actor=worker, origin=origin, succeeded=refusal is None, detail=detail)


@transaction.atomic
def cancel(intervention: Intervention, worker: User, origin: Origin) -> Refusal | None:
    """A worker cancels their own or a colleague's; that is never dangerous, so an open report does not prevent it."""
    refusal = may_help(worker, intervention.subject)
    if refusal is None and not cancellation.cancel(intervention, origin, by=worker):
        refusal = Refusal.NOT_READY
    if refusal:
        _record(Event.INTERVENTION_CANCELLED, intervention, worker, origin, refusal)
    return refusal


def mark_done(intervention: Intervention) -> bool:
    """Mark it as carried out, exactly once, and only while it may be. Call inside a transaction."""
    if not _approver_still_may(intervention):
        return False
    ready = Intervention.objects.filter(_is_ready(), pk=intervention.pk)
    return ready.update(state=State.DONE, done_at=timezone.now()) == 1


def _approver_still_may(intervention: Intervention) -> bool:
    """An approval by somebody who lost the permission since, perhaps after misuse of the account, does not count."""
    found = Intervention.objects.select_related("approved_by__membership", "subject__membership").get(
        pk=intervention.pk
    )
    return found.approved_by is None or may_help(found.approved_by, found.subject) is None


def _is_ready() -> Q:
    """`Intervention.is_ready` for the database, which decides."""
    now = timezone.now()
    void = now - limits.INTERVENTION_READY
    approved = Q(state=State.APPROVED, approved_at__lte=now, approved_at__gt=void)
    waited = Q(
        ~Q(kind__in=Intervention.BY_TWO),
        state=State.WAITING,
        asked_at__lte=now - limits.INTERVENTION_WAITS,
        asked_at__gt=void - limits.INTERVENTION_WAITS,
    )
    return approved | waited


def _is_open() -> Q:
    now = timezone.now()
    void = now - limits.INTERVENTION_READY
    approved = Q(state=State.APPROVED, approved_at__gt=void)
    waiting = Q(state=State.WAITING, asked_at__gt=void - limits.INTERVENTION_WAITS)
    too_late = Q(kind__in=Intervention.BY_TWO, asked_at__lte=now - limits.INTERVENTION_WAITS)
    return approved | (waiting & ~too_late)


def find_open(kind: Kind, subject: User, worker: User, new_address: str = "") -> Intervention | None:
    """The open request of this worker for the same, if any."""
    mine = Intervention.objects.filter(_is_open(), kind=kind, subject=subject, worker=worker)
    return mine.filter(new_address__iexact=new_address).first()


def cancel_superseded(subject: User, worker: User, origin: Origin) -> None:
    """Cancel requests older than a password or an address that came through a mailbox: the waiting period and the mail
    that lets the person cancel count only from then on. Call while the person's row is locked."""
    if not (later := unverified_changes.changes(subject)):
        return
    kinds = (*rules.OPENS_ACCOUNT, Kind.ADDRESS)
    for asked in Intervention.objects.filter(_is_open(), subject=subject, kind__in=kinds, asked_at__lt=later[-1].at):
        cancellation.cancel(asked, origin, by=worker, cause="overtaken")


def refusal_on_page(kind: Kind, worker: User, subject: User, *, needs_approval: bool) -> Refusal | None:
    """Why a page does not offer this action to this worker: a refusal, or the same request is open already."""
    refusal = rules.refusal(kind, worker, subject)
    if refusal is None and kind is Kind.RESET and not unverified_changes.needs_second_factor(subject):
        return Refusal.NO_SECOND_STEP
    if refusal is None and needs_approval and find_open(kind, subject, worker):
        return Refusal.ALREADY_ASKED
    return refusal


def open_for(worker: User) -> QuerySet[Intervention]:
    """What waits or is approved, for the people in this worker's scope, oldest first."""
    people = ("subject__membership__organisation", "worker", "approved_by")
    mine = Intervention.objects.filter(_is_open(), scope.people(worker, "subject__"), visible_to(worker))
    return mine.select_related(*people).order_by("asked_at")
