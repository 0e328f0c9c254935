"""MFA coverage of an organisation: who has a second factor and who has not. All such queries are here.

Only active people count; others cannot sign in, so a requirement affects none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.models import User
from accounts.organisations import memberships, vouching
from accounts.organisations.models import Organisation
from accounts.two_factor import devices

NO_PASSWORD = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)  # somebody who never chose one


class Group(models.TextChoices):
    """Every active person is in exactly one."""

    PROTECTED = "met", _("has a second step")
    STAFF = "beheer", _("works in the administration: must have one already")
    AT_PROVIDER = "zakelijk", _("has it at the business account")
    NOT_ACTIVATED = "nooit-gekomen", _("invited, no password yet")
    RECENT = "laatst-ingelogd", _("signed in during the last 90 days")
    LONG_AGO = "lang-geleden", _("signed in longer ago")
    NEVER_SIGNED_IN = "nooit-ingelogd", _("has a password, never signed in")


# A requirement sends them to the set-up at their next sign-in, the first one included.
AFFECTED = (Group.RECENT, Group.LONG_AGO, Group.NEVER_SIGNED_IN, Group.NOT_ACTIVATED)
WITHOUT = (*AFFECTED, Group.AT_PROVIDER, Group.STAFF)


@dataclass(frozen=True)
class Coverage:
    """``counts``: people in each group; ``fingerprint``: changes as soon as a group has other people."""

    counts: dict[Group, int]
    fingerprint: str

    @property
    def people(self) -> int:
        return sum(self.counts.values())

    @property
    def protected(self) -> int:
        return self.counts[Group.PROTECTED]

    @property
    def without(self) -> int:
        return self.people - self.protected

    @property
    def affected(self) -> int:
        return sum(self.counts[group] for group in AFFECTED)


def members(organisation: Organisation) -> QuerySet[User]:
    """The active people of the organisation."""
    return memberships.people_of(organisation).filter(is_active=True)


def _conditions(organisation: Organisation, *, without_password: Q = NO_PASSWORD) -> dict[Group, Q]:
    """The groups without a second factor: of these conditions the first that fits decides."""
    return {
        Group.STAFF: Q(is_staff=True),
        Group.AT_PROVIDER: vouching.at_provider_of(organisation),
        Group.NOT_ACTIVATED: without_password,
        Group.NEVER_SIGNED_IN: Q(last_login=None),
        Group.RECENT: Q(last_login__gte=timezone.now() - limits.DEMAND_RECENT),
        Group.LONG_AGO: Q(),
    }


def only(group: models.TextChoices, conditions: Mapping[Any, Q]) -> Q:
    """The condition of one group alone; of ``conditions`` the first that fits decides."""
    earlier = Q()
    for other, condition in conditions.items():
        if other is group:
            return earlier & condition
        earlier &= ~condition
    raise ValueError(group)


def grouped_by(people: QuerySet[User], conditions: Mapping[Any, Q]) -> QuerySet:
    """Annotate people with their ``group``, the value of the first key whose condition fits; the last one's is not
    looked at."""
    *groups, (rest, _everybody) = conditions.items()
    whens = [When(condition, then=Value(group.value)) for group, condition in groups]
    return people.annotate(group=Case(*whens, default=Value(rest.value), output_field=models.CharField()))


def coverage(organisation: Organisation, within: QuerySet[User] | None = None) -> Coverage:
    """Count everybody, in one query that reads one index only: of 100,000 people the rows are too many to read. So
    business accounts and missing passwords are sets that are looked up once, and not once a person. ``within``: the
    `members`, where the caller has them."""
    people = (members(organisation) if within is None else within).order_by()
    conditions = _conditions(organisation, without_password=without_password(organisation))
    groups = {Group.PROTECTED: has_factor()} | conditions
    grouped = grouped_by(people, groups)
    rows = grouped.values("group").annotate(number=Count("pk"), keys=Sum("pk"))
    found = {Group(row["group"]): (row["number"], row["keys"]) for row in rows}
    counts = {group: found.get(group, (0, 0))[0] for group in Group}
    return Coverage(counts, "|".join("{}-{}".format(*found.get(group, (0, 0))) for group in Group))


def without_password(organisation: Organisation) -> Q:
    """`NO_PASSWORD` for counting members. Of those who are not active too: that would have to be read in the rows."""
    return Q(pk__in=memberships.people_of(organisation).filter(NO_PASSWORD).order_by().values("pk"))


def has_factor() -> Q:
    """The condition on people that they have a second factor, a passkey too; see `devices.is_protected`."""
    found = devices.is_protected()
    return Q(is_protected=True) if isinstance(found, F) else Q(found)


def with_passkey(people: QuerySet[User]) -> int:
    """How many of these people have a passkey."""
    return people.filter(devices.passkey_exists()).order_by().count()


def with_second_factor(organisation: Organisation) -> QuerySet[User]:
    return members(organisation).filter(has_factor()).order_by("email")


def without_second_factor(
    organisation: Organisation, group: Group | None = None, *, within: QuerySet[User] | None = None
) -> QuerySet[User]:
    """People without a second factor, in this group or in any, by address. ``within``: the `members`, if known."""
    people = members(organisation) if within is None else within
    without = people.filter(~has_factor()).order_by("email")
    return without.filter(only(group, _conditions(organisation))) if group else without


def with_group(people: QuerySet[User], organisation: Organisation) -> QuerySet:
    """These people, who have no second factor, annotated with their ``group``."""
    return grouped_by(people, _conditions(organisation))


def people_in(organisation: Organisation, group: Group) -> QuerySet[User]:
    """The people in this group, by address."""
    return with_second_factor(organisation) if group is Group.PROTECTED else without_second_factor(organisation, group)


@dataclass(frozen=True)
class Totals:
    people: int = 0
    protected: int = 0

    @property
    def without(self) -> int:
        return self.people - self.protected

    @property
    def percentage(self) -> int:
        """Rounded down: 100 means everybody."""
        return 100 * self.protected // self.people if self.people else 0


def totals(organisations: QuerySet[Organisation] | list[Organisation] | None = None) -> dict[int, Totals]:
    """The totals of these organisations, or of all, by primary key; organisations without people are left out."""
    column = memberships.organisation_column()
    people = User.objects.filter(is_active=True, **{f"{column}__isnull": False}).order_by()
    if organisations is not None:
        people = people.filter(**{f"{column}__in": [one.pk for one in organisations]})
    rows = people.values_list(column).annotate(number=Count("pk"), protected=Count("pk", filter=has_factor()))
    return {key: Totals(number, protected) for key, number, protected in rows}
