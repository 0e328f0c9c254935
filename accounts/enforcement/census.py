"""Who of an organisation has a second step, and who not: the one place where these questions are asked.

Only people who are active count; others cannot sign in, so a demand stops none of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, QuerySet, Sum, Value, When
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


def members(organisation: Organisation) -> QuerySet:
    """The active people of an organisation, each with the ``group`` they are in."""
    recently = timezone.now() - limits.DEMAND_RECENT
    group = Case(
        When(devices.confirmed_device_exists(), then=Value(Group.PROTECTED.value)),
        When(is_staff=True, then=Value(Group.STAFF.value)),
        When(password__startswith=UNUSABLE, then=Value(Group.NOT_COME.value)),
        When(last_login=None, then=Value(Group.NEVER_SIGNED_IN.value)),
        When(last_login__gte=recently, then=Value(Group.RECENT.value)),
        default=Value(Group.LONG_AGO.value),
        output_field=models.CharField(),
    )
    return User.objects.filter(is_active=True, membership__organisation=organisation).annotate(group=group)


def of(organisation: Organisation) -> Census:
    rows = members(organisation).order_by().values("group").annotate(number=Count("pk"), keys=Sum("pk"))
    found = {Group(row["group"]): row for row in rows}
    counts = {group: found[group]["number"] if group in found else 0 for group in Group}
    keys = {group: found[group]["keys"] if group in found else 0 for group in Group}
    return Census(counts, "|".join(f"{counts[group]}-{keys[group]}" for group in Group))


def named(organisation: Organisation, groups: Collection[Group]) -> QuerySet:
    """Who is in one of these groups, by address."""
    return members(organisation).filter(group__in=[group.value for group in groups]).order_by("email")


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
