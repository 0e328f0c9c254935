"""The progress of an organisation: daily snapshots, and the export of people without a second factor."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from io import StringIO
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mfa_policy import statistics
from accounts.mfa_policy.models import Snapshot
from accounts.mfa_policy.progress import chart
from accounts.mfa_policy.progress.chart import Chart, Day
from accounts.mfa_policy.statistics import Group
from accounts.models import User
from accounts.organisations import copies, memberships
from accounts.organisations.models import Organisation
from accounts.spreadsheets import safe_cell
from accounts.two_factor import devices

BATCH = 500
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads UTF-8 as Windows-1252


def take_snapshots() -> int:
    """Store for every organisation how many people have a second factor today; replaces an earlier snapshot of the day.
    Returns the number of organisations."""
    memberships.restore_keys()  # before the reminders, which count by them
    devices.restore_copies()
    copies.restore_guests()
    for name in settings.RESTORES:
        import_string(name)()
    today = timezone.localdate()
    fresh = [
        Snapshot(organisation_id=key, day=today, people=totals.people, protected=totals.protected)
        for key, totals in statistics.totals().items()
    ]
    Snapshot.objects.bulk_create(
        fresh,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["organisation", "day"],
        update_fields=["people", "protected"],
    )
    return len(fresh)


def progress_chart(organisation: Organisation) -> Chart | None:
    """The chart of the last `limits.CHART_PERIOD`; it begins at the first snapshot when that is later."""
    until = timezone.localdate()
    taken = Snapshot.objects.filter(organisation=organisation, day__gt=until - limits.CHART_PERIOD, day__lte=until)
    days = [Day(one.day, one.people, one.protected) for one in taken.order_by("day")]
    since = days[0].day if days else until
    return chart.draw(days, since=since, until=until, required_from=organisation.required_from)


@transaction.atomic
def export(organisation: Organisation, *, actor: User, origin: Origin) -> Iterator[str]:
    """People without a second factor, as lines of a CSV file for Dutch spreadsheets; recorded before the first line.

    Streams: an organisation may have 100,000 people.
    """
    number = statistics.coverage(organisation).without
    facts: dict[str, str | int] = {"list": "without a second step", "people": number}
    record(Event.PEOPLE_EXPORTED, subject=None, actor=actor, organisation=organisation, origin=origin, detail=facts)
    heading = [_("Name"), _("E-mail address"), _("Last signed in"), _("Situation")]
    # Translated now: while the lines stream, the language of the request is no longer active.
    return _lines(organisation, heading, {group.value: str(group.label) for group in Group})


def _lines(organisation: Organisation, heading: list[str], situations: dict[str, str]) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _line(heading)
    people = statistics.with_group(statistics.without_second_factor(organisation), organisation)
    for person in _in_batches(people):
        seen = f"{timezone.localtime(person.last_login):%Y-%m-%d %H:%M}" if person.last_login else ""
        yield _line([person.get_full_name(), person.email, seen, situations[person.group]])


def _in_batches(people: QuerySet) -> Iterator[Any]:
    """By address, in batches: each query begins where the one before it ended."""
    batch = list(people[: limits.EXPORT_BATCH])
    while batch:
        yield from batch
        batch = list(people.filter(email__gt=batch[-1].email)[: limits.EXPORT_BATCH])


def _line(cells: list[str]) -> str:
    out = StringIO()
    csv.writer(out, delimiter=";").writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


def purge() -> int:
    """Delete snapshots older than `limits.SNAPSHOTS_KEPT`. Returns the number."""
    oldest: date = timezone.localdate() - limits.SNAPSHOTS_KEPT
    return Snapshot.objects.filter(day__lt=oldest).delete()[0]
