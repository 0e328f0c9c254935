"""Carrying out a confirmed list of people, in batches in the background.

One worker at a time has the lease of a list: the thread that its confirmation starts, or after an interruption the page
that shows the progress, or `imports.purge`. The list's row is locked for each batch, so nobody is invited twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, connections, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import limits
from accounts.audit.origin import Origin
from accounts.models import User
from environments import flows as access
from environments.people import flows
from environments.people.import_mail import NOTE_MAIL
from environments.people.models import TO_DO, ImportLine, Mail, PeopleImport, State, Why
from environments.people.validation import LineValidator, language_of, role_of

log = logging.getLogger(__name__)
# Others wait: each working thread has a database connection, and the pool reserves only this many for them.
_slots = threading.Semaphore(limits.IMPORTS_AT_ONCE)


def start(pk: int) -> None:
    """Process the list in a thread of its own, unless another thread has the lease."""
    threading.Thread(target=_in_thread, args=(pk,), name="people", daemon=True).start()


def _in_thread(pk: int) -> None:
    try:
        with _slots:
            carry_out(pk, between=connections.close_all)
    except Exception:  # when the lease ends, the list counts as interrupted and can go on
        log.exception("a list of people was interrupted")
    finally:
        connections.close_all()


def carry_out(pk: int, *, between: Callable[[], None] = lambda: None) -> None:
    """Process the list to its end; nothing when another thread has the lease. ``between`` is called between batches."""
    if claim(pk):
        while process_batch(pk):
            between()


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
