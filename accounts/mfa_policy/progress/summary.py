"""How far organisations are with the second step, for the first page of the administration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Sum
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import limits
from accounts.mfa_policy import statistics
from accounts.mfa_policy.models import Snapshot
from accounts.mfa_policy.progress import chart
from accounts.mfa_policy.progress.chart import Chart, Day
from accounts.mfa_policy.statistics import Totals
from accounts.organisations import sign_in_policy
from accounts.organisations.models import Organisation, SecondStep
from accounts.organisations.sign_in_policy import Requirement

COUNTED_NOW = 1_000  # people; counting more takes too long for a page that everybody begins at
AS_GOOD_AS_NOW = timedelta(days=1)  # how old a daily count may be that is shown instead


@dataclass(frozen=True)
class Progress:
    """``totals``: of now, or of ``counted_on`` when that is not None."""

    organisation: Organisation
    totals: Totals
    counted_on: date | None
    chart: Chart | None

    @property
    def in_words(self) -> str:
        return share_in_words(self.totals)

    @property
    def requirement(self) -> Requirement | None:
        return sign_in_policy.requirement_of(self.organisation)

    @property
    def is_at_provider(self) -> bool:
        return self.organisation.second_step == SecondStep.BUSINESS_ACCOUNT


def share_in_words(totals: Totals) -> str:
    if not totals.people:
        return _("There is nobody yet.")
    text = ngettext(
        "%(protected)s of %(people)s has a second step",
        "%(protected)s of %(people)s have a second step",
        totals.protected,
    )
    return text % {name: number_format(value, force_grouping=True) for name, value in vars(totals).items()}


def of(organisations: Sequence[Organisation]) -> list[Progress]:
    """For a few organisations, each with its chart; three queries at most.

    A large organisation is not counted but shown as its newest daily count, when that is recent.
    """
    today, days = timezone.localdate(), defaultdict[int, list[Day]](list)
    taken = Snapshot.objects.filter(
        organisation__in=organisations, day__gt=today - limits.CHART_PERIOD, day__lte=today
    ).order_by("day")
    for one in taken:
        days[one.organisation_id].append(Day(one.day, one.people, one.protected))
    counted = {key: found[-1] for key, found in days.items() if _serves(found[-1], today)}
    others = [one for one in organisations if one.pk not in counted]
    now = statistics.totals(others) if others else {}
    return [_progress(one, counted.get(one.pk), now, days[one.pk]) for one in organisations]


def _serves(newest: Day, today: date) -> bool:
    return newest.people > COUNTED_NOW and newest.day >= today - AS_GOOD_AS_NOW


def _progress(organisation: Organisation, counted: Day | None, now: dict[int, Totals], days: list[Day]) -> Progress:
    totals = Totals(counted.people, counted.protected) if counted else now.get(organisation.pk, Totals())
    since, until = days[0].day if days else timezone.localdate(), timezone.localdate()
    drawn = chart.draw(days, since=since, until=until, required_from=organisation.required_from)
    return Progress(organisation, totals, counted.day if counted else None, drawn)


def of_all() -> tuple[Totals, date] | None:
    """Every organisation together on the newest day that was counted, and that day; None before the first count."""
    day = Snapshot.objects.order_by("-day").values_list("day", flat=True).first()
    if day is None:
        return None
    found = Snapshot.objects.filter(day=day).order_by().aggregate(people=Sum("people"), protected=Sum("protected"))
    return Totals(found["people"], found["protected"]), day
