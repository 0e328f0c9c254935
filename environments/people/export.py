"""The list of people as a CSV file, in batches, so that a million people need little memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record_per_organisation
from accounts.models import User
from accounts.organisations import memberships, scope
from accounts.spreadsheets import safe_cell
from environments.models import Access

BEGIN = "\ufeff"  # byte order mark: without it Excel reads UTF-8 as Windows-1252


def line(cells: Iterable[object]) -> str:
    """One line of a CSV file, with semicolons as Dutch spreadsheets expect."""
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerow([safe_cell(cell) for cell in cells])
    return written.getvalue()


def record(people: QuerySet[User], filters: str, *, actor: User, origin: Origin) -> None:
    """Record the export in the audit trail of each organisation of these people, with their number; an empty export in
    that of the actor's own organisation."""
    # Each person is there once: nobody has one membership twice, nor access to one environment.
    rows = people.order_by().values_list(memberships.organisation_column()).annotate(count=Count("*"))
    counts = dict(rows) or {scope.organisation_id_of(actor): 0}
    entries = [(whose, {"filters": filters, "count": count}) for whose, count in counts.items()]
    record_per_organisation(Event.PEOPLE_EXPORTED, entries, actor=actor, origin=origin)


def lines(people: QuerySet[User], seen: Q) -> Iterator[str]:
    """The whole file. ``people``: annotated with ``has_second_step`` and ``has_passkey``; ``seen``: the condition on
    access rows that it may contain. Texts are translated now: while it streams, the language of the request is no
    longer active."""
    words = {True: _("yes"), False: _("no")}
    headings = [
        *(_("First name"), _("Last name"), _("E-mail address"), _("Organisation"), _("Environments")),
        *(_("Second step"), _("Passkey"), _("Last signed in"), _("Active")),
    ]
    return _lines(people, seen, headings, words)


def _lines(people: QuerySet[User], seen: Q, headings: list[str], words: dict[bool, str]) -> Iterator[str]:
    yield BEGIN + line(headings)
    for person in _in_batches(people, seen):
        membership = getattr(person, "membership", None)
        names = [row.environment.name for row in person.access.all()]
        yield line(
            [
                *(person.first_name, person.last_name, person.email),
                membership.organisation.name if membership else "",
                ", ".join(sorted(names)),
                words[person.has_second_step],  # type: ignore[attr-defined]
                words[person.has_passkey],  # type: ignore[attr-defined]
                _day(person.last_login),
                words[person.is_active],
            ]
        )


def _in_batches(people: QuerySet[User], seen: Q) -> Iterator[User]:
    """By address, in batches: each query begins where the one before it ended."""
    rows = people.order_by("email").select_related("membership__organisation")
    rows = rows.prefetch_related(Prefetch("access", Access.objects.filter(seen).select_related("environment")))
    batch = list(rows[: limits.EXPORT_BATCH])
    while batch:
        yield from batch
        batch = list(rows.filter(email__gt=batch[-1].email)[: limits.EXPORT_BATCH])


def _day(moment: datetime | None) -> str:
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    # The last hour of summer time occurs twice; only then the UTC offset is added.
    comes_twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    return local.strftime("%Y-%m-%d %H:%M" + (" %z" if comes_twice else ""))
