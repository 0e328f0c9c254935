"""Lists of people to invite: stored with a preview of each line, then confirmed."""

from __future__ import annotations

from enum import StrEnum

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from environments.people import flows, import_processing
from environments.people.models import TO_DO, UNSUCCESSFUL, ImportLine, Mail, PeopleImport, State, Why
from environments.people.reading.types import Listing, Row
from environments.people.validation import LineValidator

NEEDS_ATTENTION = Q(state__in=UNSUCCESSFUL) | Q(mail=Mail.REFUSED)  # of lines


@transaction.atomic
def create(listing: Listing, organisation: Organisation, worker: User) -> PeopleImport:
    """Store the list with a preview of each line; nobody is invited yet."""
    notes = [[note.kind, note.names] for note in listing.notes]
    batch = PeopleImport.objects.create(organisation=organisation, made_by=worker, notes=notes)
    validator = LineValidator(worker, organisation, [row.address for row in listing])
    first: dict[str, int] = {}
    lines = [_line(batch, row) for row in listing]
    for line in lines:
        if line.why:
            continue
        validator.validate(line)
        address = line.address.lower()
        if address in validator.elsewhere and not _may_reveal(worker):
            line.state, line.why, line.is_new = State.NEW, "", True
        if not line.why and address in first:
            line.state, line.why, line.about = State.TWICE, Why.TWICE, str(first[address])
        elif not line.why:
            first[address] = line.number
    ImportLine.objects.bulk_create(lines, batch_size=500)
    return batch


def _may_reveal(worker: User) -> bool:
    """May the preview reveal that one more address cannot be used? Limited for workers for one organisation, because
    unrecorded previews would reveal who exists elsewhere. Beyond the limit it shows when the list is carried out."""
    if scope.works_for_all(worker):
        return True
    limit, period = limits.ADDRESSES_TOLD, limits.ADDRESSES_TOLD_PERIOD
    return rate_limits.consume("addresses-told-to", str(worker.pk), limit=limit, period=period)


def _line(batch: PeopleImport, row: Row) -> ImportLine:
    return ImportLine(
        batch=batch,
        number=row.number,
        address=row.address[:300],
        first_name=row.first_name[:300],
        last_name=row.last_name[:300],
        environments=row.environments,
        role=row.role[:300],
        language=row.language[:300],
        state=State.WRONG if row.flaw else "",
        why=row.flaw or "",
        about=row.about[:300],
        # Named, because an expression for the default of the database in each row takes longer than the text.
        mail="",
        mail_answer="",
    )


def seen_by(worker: User) -> Q:
    """The condition on lists: one's own; superusers see all."""
    return Q() if worker.is_superuser else Q(made_by=worker)


def counts(batch: PeopleImport) -> dict[str, int]:
    """The number of lines in each state, and by result."""
    rows = batch.lines.order_by().values_list("state", "is_new", "mail").annotate(count=Count("pk"))
    found = dict.fromkeys([*State.values, *Mail.values, "all", "invited", "added", "to_do", "settled", "not_well"], 0)
    for state, is_new, mail, count in rows:
        found[state] += count
        found["all"] += count
        if state == State.DONE:
            found[_result_of(is_new, mail)] += count
        found["to_do" if state in TO_DO else "settled"] += count
        found["not_well"] += count if state in UNSUCCESSFUL else 0
    return found


class Stage(StrEnum):
    PREVIEW = "preview"
    CARRYING_OUT = "carrying_out"
    MAILING = "mailing"
    RESULT = "result"


def stage(batch: PeopleImport, found: dict[str, int]) -> Stage:
    """``found``: the `counts` of the list. The page does not wait for the mail server for longer than
    `limits.IMPORT_MAIL_WATCHED`."""
    if batch.confirmed_at is None:
        return Stage.PREVIEW
    if batch.finished_at is None:
        return Stage.CARRYING_OUT
    is_recent = batch.finished_at > timezone.now() - limits.IMPORT_MAIL_WATCHED
    return Stage.MAILING if found[Mail.WAITING] and is_recent else Stage.RESULT


def _result_of(is_new: bool, mail: str) -> str:
    """The result of a line that is done; an unsent invitation does not count as one."""
    if mail in (Mail.REFUSED, Mail.WAITING):
        return mail
    return "invited" if is_new else "added"


@transaction.atomic
def confirm(batch: PeopleImport, worker: User, origin: Origin) -> bool:
    """Carry it out, in the background; False when it was confirmed before, or is no longer allowed."""
    if not flows.may_import(worker, batch.organisation):
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
    import_processing.enqueue(batch)
    return True


@transaction.atomic
def go_on(batch: PeopleImport) -> bool:
    """Let a worker go on with an interrupted list; False when it is not interrupted, or somebody just did this.

    From then on it counts as held, but free: an open page asks each time it is loaded, also while no worker is there.
    """
    now = timezone.now()
    since = now - limits.IMPORT_LEASE
    stalled = Q(held_until__lte=since) | Q(held_until=None, confirmed_at__lte=since)
    if PeopleImport.objects.filter(stalled, pk=batch.pk, finished_at=None).update(held_until=now) != 1:
        return False
    import_processing.enqueue(batch)
    return True


def purge() -> int:
    """Delete old lists, and go on with interrupted ones. Returns the number deleted."""
    now = timezone.now()
    old = Q(confirmed_at=None, made_at__lt=now - limits.IMPORT_UNCONFIRMED_KEPT)
    old |= Q(finished_at__lt=now - limits.IMPORT_KEPT)
    unfinished = PeopleImport.objects.filter(finished_at=None).exclude(confirmed_at=None)
    for batch in unfinished:
        go_on(batch)
    gone = PeopleImport.objects.filter(old)
    count = gone.count()
    gone.delete()
    return count
