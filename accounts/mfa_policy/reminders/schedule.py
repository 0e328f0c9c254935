"""When the reminders of a requirement go out, and how many people the first one reaches: shown before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from accounts import limits
from accounts.mfa_policy.reminders import flows
from accounts.mfa_policy.statistics import Coverage
from accounts.organisations.models import Organisation
from accounts.organisations.sign_in_policy import Requirement


@dataclass(frozen=True)
class Schedule:
    """``is_due``: the next daily run sends one. ``dates``: the days after today on which one goes out. ``first``: the
    days before the requirement that the first one is for, and ``on``: the day on which it goes out."""

    is_due: bool
    dates: tuple[date, ...]
    first: int
    on: date

    def __str__(self) -> str:
        """ "within a day, 1 December and 8 December"; the year is named when it is not this one."""
        this_year = timezone.localdate().year
        days = [date_format(day, "j F" if day.year == this_year else "j F Y") for day in self.dates]
        return get_text_list([_("within a day"), *days] if self.is_due else days, _("and"))


def of(required_from: date | None) -> Schedule | None:
    """The schedule where a second factor is required from that day; None when no mail is to come."""
    if required_from is None:
        return None
    today = timezone.localdate()
    ahead = {required_from - timedelta(days=number): number for number in limits.REMINDER_DAYS}
    dates = tuple(sorted(day for day in ahead if day > today))
    due = flows.due((required_from - today).days)
    if due is None and not dates:
        return None
    return Schedule(
        due is not None, dates, due if due is not None else ahead[dates[0]], today if due is not None else dates[0]
    )


def first_reaches(organisation: Organisation, required_from: date, planned: Schedule, people: Coverage) -> int:
    """How many people the first mail goes to, as things stand now. ``people``: the coverage of the organisation."""
    requirement = Requirement(organisation.name, required_from)
    return flows.number_of_recipients(organisation, requirement, planned.first, people, on=planned.on)
