"""Four eyes: an account with rights is opened after a second worker agreed, or after a day in which its owner, who was
told by mail, did not cancel."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.notices import notify
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.models import User
from accounts.organisations import scope
from accounts.support import cancellation, independence, unverified_changes
from accounts.support.flows import Refusal, in_story, may_help, may_reset
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
    for address in [subject.email, *unverified_changes.former_addresses(subject)]:
        notify(entry, subject, to=address, cancel=cancellation.link(intervention), **context)
    if intervention.new_address:
        # Without a link: whose mailbox that is, nobody has shown yet.
        context |= {"at": timezone.localtime(entry.at), "reason": entry.reason}
        sending.send(entry.event, subject, to=intervention.new_address, **context)


def may_approve(intervention: Intervention, worker: User) -> Refusal | None:
    """Why this worker may not be the second, or None."""
    if intervention.worker_id == worker.pk:
        return Refusal.NOT_ONES_OWN
    if independence.changed_address(worker, intervention.subject) or _is_the_askers(intervention, worker):
        return Refusal.CHANGED_ADDRESS
    return may_reset(worker, intervention.subject)


def _is_the_askers(intervention: Intervention, worker: User) -> bool:
    """Would this worker agree to an address that a colleague of the same organisation chose?"""
    asker = intervention.worker_id
    return intervention.kind == Kind.ADDRESS and asker is not None and independence.are_one_party(worker, asker)


@transaction.atomic
def approve(intervention: Intervention, worker: User, origin: Origin) -> Refusal | None:
    """The second worker agrees; of parallel approvals exactly one counts. A refusal is recorded as well: somebody who
    may not wanted this."""
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
    """A worker takes it back, the own or a colleague's; that is never dangerous, so a report does not stop it."""
    refusal = may_help(worker, intervention.subject)
    if refusal is None and not cancellation.cancel(intervention, origin, by=worker):
        refusal = Refusal.NOT_READY
    if refusal:
        _record(Event.INTERVENTION_CANCELLED, intervention, worker, origin, refusal)
    return refusal


def use_up(intervention: Intervention) -> bool:
    """Mark it as carried out, exactly once, and only while it may be. Call inside a transaction."""
    if not _approver_still_may(intervention):
        return False
    ready = Intervention.objects.filter(_is_ready(), pk=intervention.pk)
    return ready.update(state=State.DONE, done_at=timezone.now()) == 1


def _approver_still_may(intervention: Intervention) -> bool:
    """Who lost the right since, perhaps because somebody else sat at that desk, is no second pair of eyes."""
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


def open_of(kind: Kind, subject: User, worker: User, new_address: str = "") -> Intervention | None:
    """What this worker has asked for already."""
    mine = Intervention.objects.filter(_is_open(), kind=kind, subject=subject, worker=worker)
    return mine.filter(new_address__iexact=new_address).first()


def drop_overtaken(subject: User, worker: User, origin: Origin) -> None:
    """Cancel what was asked before the password or the address came by a mailbox: the wait, and the mail that lets the
    person cancel, are worth something only from then on. Call under the lock of the person's row."""
    if not (later := unverified_changes.changes(subject)):
        return
    kinds = (*rules.COUNTED, Kind.ADDRESS)
    for asked in Intervention.objects.filter(_is_open(), subject=subject, kind__in=kinds, asked_at__lt=later[-1].at):
        cancellation.cancel(asked, origin, by=worker, cause="overtaken")


def refusal_on_page(kind: Kind, worker: User, subject: User, *, needs_approval: bool) -> Refusal | None:
    """Why a page offers this worker nothing here: a refusal, or what was asked waits already. Said before anything is
    promised about a second worker."""
    refusal = rules.refusal(kind, worker, subject)
    if refusal is None and needs_approval and open_of(kind, subject, worker):
        return Refusal.ALREADY_ASKED
    return refusal


def open_for(worker: User) -> QuerySet[Intervention]:
    """What waits or is approved, for the people that this worker may see; the oldest first."""
    people = ("subject__membership__organisation", "worker", "approved_by")
    mine = Intervention.objects.filter(_is_open(), scope.people(worker, "subject__"), in_story(worker))
    return mine.select_related(*people).order_by("asked_at")
