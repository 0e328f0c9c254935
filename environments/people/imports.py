"""Lists of people: looked at, confirmed, and carried out in small batches in the background.

A list is carried out by whoever holds it: the thread that its confirmation starts, or when that is gone the page that
shows the progress, or `purge`. The list's row is locked for each batch, so nobody is ever invited twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail.outcomes import Outcome
from accounts.models import User
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from environments import flows as access
from environments.people import flows
from environments.people.models import NOT_WELL, TO_DO, ImportLine, Mail, PeopleImport, State, Why
from environments.people.reading.types import Listing, Row
from environments.people.validation import Judge

log = logging.getLogger(__name__)
# The others wait: each that works has a database connection, of which the pool has that many beside its threads'.
_places = threading.Semaphore(limits.IMPORTS_AT_ONCE)
NOTE_MAIL = "environments.people.imports.note_mail"


def may_import(worker: User, organisation: Organisation) -> bool:
    if not (worker.is_active and worker.is_staff and worker.has_perm(flows.MAY_INVITE)):
        return False
    return Organisation.objects.filter(scope.organisations(worker), pk=organisation.pk).exists()


@transaction.atomic
def offer(listing: Listing, organisation: Organisation, worker: User) -> PeopleImport:
    """Keep the list with what would happen to each line; nobody is invited yet."""
    notes = [[note.kind, note.names] for note in listing.notes]
    batch = PeopleImport.objects.create(organisation=organisation, made_by=worker, notes=notes)
    judge = Judge(worker, organisation, [row.address for row in listing])
    first: dict[str, int] = {}
    lines = [_line(batch, row) for row in listing]
    for line in lines:
        if line.why:
            continue
        judge.judge(line)
        address = line.address.lower()
        if address in judge.elsewhere and not _may_tell(worker):
            line.state, line.why, line.is_new = State.NEW, "", True
        if not line.why and address in first:
            line.state, line.why, line.about = State.TWICE, Why.TWICE, str(first[address])
        elif not line.why:
            first[address] = line.number
    ImportLine.objects.bulk_create(lines, batch_size=500)
    return batch


def _may_tell(worker: User) -> bool:
    """Who works for one organisation reads of so many addresses a day that they cannot be used; of more it turns out
    when the list is carried out, which is recorded. Otherwise lists would tell, unseen, who exists elsewhere."""
    if scope.works_for_all(worker):
        return True
    limit, period = limits.ADDRESSES_TOLD, limits.ADDRESSES_TOLD_PERIOD
    return rate_limits.spend("addresses-told-to", str(worker.pk), limit=limit, period=period)


def _line(batch: PeopleImport, row: Row) -> ImportLine:
    return ImportLine(
        batch=batch,
        number=row.number,
        address=row.address[:300],
        first_name=row.first_name[:300],
        last_name=row.last_name[:300],
        environments=row.environments,
        state=State.WRONG if row.flaw else "",
        why=row.flaw or "",
        about=row.about[:300],
    )


def seen_by(worker: User) -> Q:
    """Lists are shown to who made them, and to superusers."""
    return Q() if worker.is_superuser else Q(made_by=worker)


def counts(batch: PeopleImport) -> dict[str, int]:
    """How many lines are in each state, and of those done how many were new."""
    rows = batch.lines.order_by().values_list("state", "is_new", "mail").annotate(count=Count("pk"))
    found = dict.fromkeys([*State.values, *Mail.values, "all", "invited", "added", "to_do", "settled", "not_well"], 0)
    for state, is_new, mail, count in rows:
        found[state] += count
        found["all"] += count
        if state == State.DONE:
            found[_done(is_new, mail)] += count
        found["to_do" if state in TO_DO else "settled"] += count
        found["not_well"] += count if state in NOT_WELL else 0
    return found


def _done(is_new: bool, mail: str) -> str:
    """Under what a line that is done counts: an invitation that is not sent is none."""
    if mail in (Mail.REFUSED, Mail.WAITING):
        return mail
    return "invited" if is_new else "added"


@transaction.atomic
def confirm(batch: PeopleImport, worker: User, origin: Origin) -> bool:
    """Carry it out, in the background; False when that was asked before, or may not be any more."""
    if not may_import(worker, batch.organisation):
        return False
    fresh = PeopleImport.objects.filter(pk=batch.pk, confirmed_at=None)
    where = {"address": origin.address, "browser": origin.browser, "reference": origin.reference}
    if fresh.update(confirmed_at=timezone.now(), **where) != 1:
        return False
    found = counts(batch)
    detail: dict[str, str | int] = {"list": batch.pk}
    detail |= {str(name): found[name] for name in (State.NEW, State.KNOWN, State.WRONG, State.TWICE)}
    record(
        Event.PEOPLE_IMPORTED,
        subject=None,
        actor=worker,
        organisation=batch.organisation,
        origin=origin,
        detail=detail,
    )
    if settings.IMPORT_IN_BACKGROUND:
        transaction.on_commit(partial(start, batch.pk))
    return True


def start(pk: int) -> None:
    """Work on the list in a thread of its own, if nobody else does."""
    threading.Thread(target=_in_thread, args=(pk,), name="people", daemon=True).start()


def _in_thread(pk: int) -> None:
    try:
        with _places:
            carry_out(pk, between=connections.close_all)
    except Exception:  # the list counts as interrupted after a while, and goes on when somebody looks
        log.exception("a list of people was interrupted")
    finally:
        connections.close_all()


def carry_out(pk: int, *, between: Callable[[], None] = lambda: None) -> None:
    """Work until the list is finished; nothing when somebody else holds it. ``between`` is called between batches."""
    if hold(pk):
        while work_off(pk):
            between()


def hold(pk: int) -> bool:
    """Claim a confirmed, unfinished list that nobody works on."""
    now = timezone.now()
    free = PeopleImport.objects.filter(pk=pk, finished_at=None).exclude(confirmed_at=None)
    free = free.filter(Q(held_until=None) | Q(held_until__lte=now))
    return free.update(held_until=now + limits.IMPORT_LEASE) == 1


@transaction.atomic
def work_off(pk: int) -> bool:
    """Carry out the next `limits.IMPORT_BATCH` lines; False when there were none left."""
    batch = PeopleImport.objects.select_for_update(of=("self",)).select_related("organisation", "made_by").get(pk=pk)
    lines = list(batch.lines.filter(state__in=TO_DO).order_by("number", "pk")[: limits.IMPORT_BATCH])
    now = timezone.now()
    batch.held_until = now + limits.IMPORT_LEASE
    if not lines:
        batch.held_until, batch.finished_at = None, batch.finished_at or now
    batch.save(update_fields=["held_until", "finished_at"])
    worker = User.objects.select_related("membership").get(pk=batch.made_by_id)
    allowed = may_import(worker, batch.organisation)
    judge = Judge(worker, batch.organisation, [line.address for line in lines])
    for line in lines:
        judge.judge(line) if allowed else _fail(line, Why.MAY_NOT_INVITE)
        if line.state == State.WRONG:
            line.state = State.FAILED
    _carry_out([line for line in lines if line.state in TO_DO], judge, batch, worker)
    ImportLine.objects.bulk_update(lines, ["state", "is_new", "why", "about", "mail"])
    return bool(lines)


def _fail(line: ImportLine, why: str) -> None:
    line.state, line.why = State.FAILED, why


def _carry_out(lines: list[ImportLine], judge: Judge, batch: PeopleImport, worker: User) -> None:
    """All at once; when that fails each in a savepoint of its own, so that a wrong one stops nothing but itself."""
    try:
        with transaction.atomic():
            _store(lines, judge, batch, worker)
    except DatabaseError:
        if len(lines) > 1:
            for line in lines:
                _carry_out([line], judge, batch, worker)
            return
        log.exception("a line of a list of people failed")
        _fail(lines[0], Why.FAULT)
        return
    for line in lines:
        line.state, line.mail = State.DONE, Mail.WAITING if line.is_new else ""


def _store(lines: list[ImportLine], judge: Judge, batch: PeopleImport, worker: User) -> None:
    origin = Origin(batch.address, batch.browser, batch.reference)
    new = [(_person(line), judge.environments_of(line)) for line in lines if line.is_new]
    known = [(judge.known[line.address.lower()], judge.environments_of(line)) for line in lines if not line.is_new]
    callbacks = [(NOTE_MAIL, line.pk) for line in lines if line.is_new]
    flows.add(new, batch.organisation, actor=worker, origin=origin, callbacks=callbacks)
    access.give_many(known, actor=worker, origin=origin, tell=True)


def note_mail(line_id: int, outcome: Outcome) -> None:
    """What the mail server said about the invitation of a line."""
    state = Mail.REFUSED if outcome.refusal else Mail.SENT
    try:
        ImportLine.objects.filter(pk=line_id).update(mail=state, mail_answer=outcome.refusal[:200])
    finally:
        connection.close()  # of a thread that sends mail; it has none otherwise


def not_mailed(batch: PeopleImport) -> QuerySet[ImportLine]:
    """The lines whose invitation the mail server refused, or that nobody heard of any more since long."""
    lines = batch.lines.filter(state=State.DONE, is_new=True)
    lost = Q(mail=Mail.WAITING, batch__finished_at__lt=timezone.now() - limits.IMPORT_MAIL_LOST)
    return lines.filter(Q(mail=Mail.REFUSED) | lost)


def mail_again(batch: PeopleImport, worker: User, origin: Origin) -> int:
    """Send those invitations again; who came meanwhile or may not get one is left out. How many are on their way."""
    again = 0
    for line in list(not_mailed(batch)[: limits.PEOPLE_AT_ONCE]):
        with transaction.atomic():
            person = User.objects.filter(email__lower=line.address.lower()).first()
            callback = (NOTE_MAIL, line.pk)
            ImportLine.objects.filter(pk=line.pk).update(mail=Mail.WAITING, mail_answer="")
            if person and flows.invite_again(person.pk, actor=worker, origin=origin, in_bulk=True, on_outcome=callback):
                again += 1
            else:
                ImportLine.objects.filter(pk=line.pk).update(mail="")
    return again


def _person(line: ImportLine) -> User:
    return User(email=line.address, first_name=line.first_name, last_name=line.last_name)


def purge() -> int:
    """Delete lists that nobody needs any more, and go on with those that were interrupted. Returns how many went."""
    now = timezone.now()
    old = Q(confirmed_at=None, made_at__lt=now - limits.IMPORT_UNCONFIRMED_KEPT)
    old |= Q(finished_at__lt=now - limits.IMPORT_KEPT)
    unfinished = PeopleImport.objects.filter(finished_at=None).exclude(confirmed_at=None)
    for pk in list(unfinished.values_list("pk", flat=True)):
        carry_out(pk)
    gone = PeopleImport.objects.filter(old)
    count = gone.count()
    gone.delete()
    return count
