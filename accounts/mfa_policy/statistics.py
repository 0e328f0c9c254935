"""Who of an organisation has a second step, and who not: the one place where these questions are asked.

Only people who are active count; others cannot sign in, so a demand stops none of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Sum, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.models import User
from accounts.organisations.models import Membership, Organisation
from accounts.two_factor import devices
from accounts.two_factor.models import Authenticator

UNUSABLE = "!"  # how the hash of somebody who never chose a password begins


class Group(models.TextChoices):
    """Everybody who is active is in exactly one."""

    PROTECTED = "met", _("has a second step already")
    STAFF = "beheer", _("works in the administration, which always asks for a second step")
    NOT_COME = "nooit-gekomen", _("was invited, and has not chosen a password yet")
    RECENT = "laatst-ingelogd", _("signed in during the last 90 days")
    LONG_AGO = "lang-geleden", _("signed in longer ago")
    NEVER_SIGNED_IN = "nooit-ingelogd", _("has a password, and never signed in with it")


# Without a second step and with a password: these meet the set-up at their next sign-in.
STOPPED = (Group.RECENT, Group.LONG_AGO, Group.NEVER_SIGNED_IN)
WITHOUT = (*STOPPED, Group.NOT_COME, Group.STAFF)


@dataclass(frozen=True)
class Census:
    """``counts``: people a group; ``mark``: differs as soon as other people are in a group."""

    counts: dict[Group, int]
    mark: str

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
    def stopped(self) -> int:
        return sum(self.counts[group] for group in STOPPED)


def members(organisation: Organisation) -> QuerySet[User]:
    """The people who count."""
    return User.objects.filter(is_active=True, membership__organisation=organisation)


def _conditions() -> dict[Group, Q]:
    """Each group by itself; they exclude each other. A device is asked for once a query, because that costs most."""
    recently = timezone.now() - limits.DEMAND_RECENT
    come = Q(is_staff=False) & ~Q(password__startswith=UNUSABLE)
    return {
        Group.STAFF: Q(is_staff=True),
        Group.NOT_COME: Q(is_staff=False, password__startswith=UNUSABLE),
        Group.NEVER_SIGNED_IN: come & Q(last_login=None),
        Group.RECENT: come & Q(last_login__gte=recently),
        Group.LONG_AGO: come & Q(last_login__lt=recently),
    }


def _with_group(people: QuerySet[User]) -> QuerySet:
    """People without a second step, each with the ``group`` they are in."""
    whens = [When(condition, then=Value(group.value)) for group, condition in _conditions().items()]
    return people.annotate(group=Case(*whens, output_field=models.CharField()))


def of(organisation: Organisation) -> Census:
    """Count everybody. Two queries: a condition on devices beside the others is far slower than before them."""
    people, device = members(organisation).order_by(), devices.confirmed_device_exists()
    without = _with_group(people.filter(~device)).values("group").annotate(number=Count("pk"), keys=Sum("pk"))
    found = {Group(row["group"]): (row["number"], row["keys"]) for row in without}
    protected = people.filter(device).aggregate(number=Count("pk"), keys=Sum("pk"))
    found[Group.PROTECTED] = (protected["number"], protected["keys"] or 0)
    counts = {group: found.get(group, (0, 0))[0] for group in Group}
    return Census(counts, "|".join("{}-{}".format(*found.get(group, (0, 0))) for group in Group))


def protected_of(organisation: Organisation) -> QuerySet[User]:
    return members(organisation).filter(devices.confirmed_device_exists()).order_by("email")


def without_of(organisation: Organisation, group: Group | None = None) -> QuerySet:
    """Who has no second step, in this group or in any, by address; each with the ``group`` they are in."""
    without = members(organisation).filter(~devices.confirmed_device_exists())
    chosen = without.filter(_conditions()[group]) if group else without
    return _with_group(chosen).order_by("email")


def named(organisation: Organisation, group: Group) -> QuerySet[User]:
    """Who is in this group, by address."""
    return protected_of(organisation) if group is Group.PROTECTED else without_of(organisation, group)


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
    """The totals of these organisations, or of all, by primary key; an organisation without people is left out."""
    mine = Membership.objects.filter(user__is_active=True)
    if organisations is not None:
        mine = mine.filter(organisation__in=organisations)
    device = Exists(Authenticator.objects.filter(user=OuterRef("user_id"), confirmed=True))
    people, protected = _by_organisation(mine), _by_organisation(mine.filter(device))
    return {key: Totals(number, protected.get(key, 0)) for key, number in people.items()}


def _by_organisation(memberships: QuerySet[Membership]) -> dict[int, int]:
    rows = memberships.order_by().values("organisation_id").annotate(number=Count("pk"))
    return {row["organisation_id"]: row["number"] for row in rows}
