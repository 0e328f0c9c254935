"""Carrying out a confirmed list of people: a task, in batches.

One worker at a time has the lease of a list. The list's row is locked for each batch, so nobody is invited twice. After
so many seconds a list makes way for the other tasks, and goes on behind them.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from accounts import limits, log_context
from accounts.audit.origin import Origin
from accounts.background import queues, stopping
from accounts.models import User
from environments import flows as access
from environments.people import flows
from environments.people.import_mail import NOTE_MAIL
from environments.people.models import TO_DO, ImportLine, Mail, PeopleImport, State, Why
from environments.people.validation import LineValidator, language_of, role_of

log = logging.getLogger(__name__)


def enqueue(batch: PeopleImport, after: datetime | None = None) -> None:
    """Let a worker process the list, in the transaction of the caller."""
    queues.enqueue(carry_out_list, batch.pk, after=after)


@task(queue_name=queues.OTHER)
def carry_out_list(pk: int) -> None:
    """Process the list for a while; the rest in a new task. When another worker has the lease: after its end."""
    batch = PeopleImport.objects.filter(pk=pk, finished_at=None).exclude(confirmed_at=None).first()
    if batch is None:
        return
    if not claim(pk):
        enqueue(batch, after=timezone.now() + limits.IMPORT_LEASE)
        return
    until = time.monotonic() + limits.IMPORT_TURN.total_seconds()
    with log_context.of_request(batch.reference):
        while process_batch(pk):
            if time.monotonic() > until or stopping.requested.is_set():
                _make_way(batch)
                return


@transaction.atomic
def _make_way(batch: PeopleImport) -> None:
    PeopleImport.objects.filter(pk=batch.pk).update(held_until=timezone.now())
    enqueue(batch)


def carry_out(pk: int) -> None:
    """Process the list to its end; nothing when a worker has the lease."""
    if claim(pk):
        while process_batch(pk):
            pass


def claim(pk: int) -> bool:
    """Take the lease of a confirmed, unfinished list; False when another thread has it."""
    now = timezone.now()
    free = PeopleImport.objects.filter(pk=pk, finished_at=None).exclude(confirmed_at=None)
    free = free.filter(Q(held_until=None) | Q(held_until__lte=now))
    return free.update(held_until=now + limits.IMPORT_LEASE) == 1


@transaction.atomic
def process_batch(pk: int) -> bool:
    """Carry out the next `limits.IMPORT_BATCH` lines; False when there were none left."""
    batch = PeopleImport.objects.select_for_update(of=("self",)).select_related("organisation", "made_by").get(pk=pk)
    lines = list(batch.lines.filter(state__in=TO_DO).order_by("number", "pk")[: limits.IMPORT_BATCH])
    now = timezone.now()
    batch.held_until = now + limits.IMPORT_LEASE
    if not lines:
        batch.held_until, batch.finished_at = None, batch.finished_at or now
    batch.save(update_fields=["held_until", "finished_at"])
    worker = User.objects.select_related("membership").get(pk=batch.made_by_id)
    allowed = flows.may_import(worker, batch.organisation)
    validator = LineValidator(worker, batch.organisation, [line.address for line in lines])
    for line in lines:
        validator.validate(line) if allowed else _fail(line, Why.MAY_NOT_INVITE)
        if line.state == State.WRONG:
            line.state = State.FAILED
    _carry_out([line for line in lines if line.state in TO_DO], validator, batch, worker)
    ImportLine.objects.bulk_update(lines, ["state", "is_new", "why", "about", "mail"])
    return bool(lines)


def _fail(line: ImportLine, why: str) -> None:
    line.state, line.why = State.FAILED, why


def _carry_out(lines: list[ImportLine], validator: LineValidator, batch: PeopleImport, worker: User) -> None:
    """All lines together; when that fails each in its own savepoint, so that a failing line affects no other."""
    try:
        with transaction.atomic():
            _store(lines, validator, batch, worker)
    except DatabaseError:
        if len(lines) > 1:
            for line in lines:
                _carry_out([line], validator, batch, worker)
            return
        log.exception("a line of a list of people failed")
        _fail(lines[0], Why.FAULT)
        return
    for line in lines:
        line.state, line.mail = State.DONE, Mail.WAITING if line.is_new else ""


def _store(lines: list[ImportLine], validator: LineValidator, batch: PeopleImport, worker: User) -> None:
    origin = Origin(batch.address, batch.browser, batch.reference)
    new = [(_person(line), validator.environments_of(line)) for line in lines if line.is_new]
    known = [
        (validator.known[line.address.lower()], validator.environments_of(line)) for line in lines if not line.is_new
    ]
    callbacks = [(NOTE_MAIL, line.pk) for line in lines if line.is_new]
    roles = {line.address.lower(): role_of(line) for line in lines}
    flows.add(new, batch.organisation, actor=worker, origin=origin, roles=roles, callbacks=callbacks)
    access.give_many(known, actor=worker, origin=origin, roles=roles, notify=True)


def _person(line: ImportLine) -> User:
    language = language_of(line)
    return User(email=line.address, first_name=line.first_name, last_name=line.last_name, language=language)
