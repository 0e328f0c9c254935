"""Whom a demand for passkeys would stop: of one organisation, or of all who work in the administration.

Only active people count, as in `accounts.mfa_policy.statistics`.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.mfa_policy import statistics
from accounts.mfa_policy.statistics import NO_PASSWORD
from accounts.models import User
from accounts.organisations import sign_in_policy
from accounts.organisations.models import Organisation, PasskeyFor
from accounts.two_factor import devices


class Group(models.TextChoices):
    """Everybody whom the demand governs is in exactly one."""

    WITH_PASSKEY = "passkey", _("has a passkey")
    AT_PROVIDER = "zakelijk", _("signs in with the business account, which shows a second step")
    WITH_APP = "app", _("has an authenticator app only")
    WITHOUT = "niets", _("has no second step yet")
    NOT_ACTIVATED = "nooit-gekomen", _("invited, no password yet")


# A demand leads them to the page that adds a passkey, at their next click or sign-in.
STOPPED = (Group.WITH_APP, Group.WITHOUT, Group.NOT_ACTIVATED)


@dataclass(frozen=True)
class Coverage:
    """``counts``: people in each group; ``fingerprint``: changes as soon as a group has other people;
    ``administrators``: how many of those without a passkey work in the administration."""

    counts: dict[Group, int]
    fingerprint: str
    administrators: int = 0

    @property
    def people(self) -> int:
        return sum(self.counts.values())

    @property
    def with_passkey(self) -> int:
        return self.counts[Group.WITH_PASSKEY]

    @property
    def stopped(self) -> int:
        return sum(self.counts[group] for group in STOPPED)


def governed(organisation: Organisation | None, whom: str) -> QuerySet[User]:
    """Whom the demand would govern, by address. ``organisation``: None for all staff of the portal; ``whom``: a
    `PasskeyFor`."""
    if organisation is None:
        people = User.objects.filter(is_active=True, is_staff=True)
        return (people if whom != PasskeyFor.NOBODY else people.none()).order_by("email")
    required = sign_in_policy.passkey_required_of(organisation, whom)
    return statistics.members(organisation).filter(required).order_by("email")


def _conditions(organisation: Organisation | None) -> dict[Group, Q]:
    """Of these conditions the first that fits decides."""
    at_provider = sign_in_policy.at_provider_of(organisation) if organisation else Q(pk__in=[])
    return {
        Group.WITH_PASSKEY: Q(devices.passkey_exists()),
        # Of staff the provider's word counts only where a claim proves it, so these are counted as stopped.
        Group.AT_PROVIDER: at_provider & Q(is_staff=False),
        Group.NOT_ACTIVATED: NO_PASSWORD,
        Group.WITH_APP: Q(devices.confirmed_device_exists()),
    }


def _grouped(organisation: Organisation | None, whom: str) -> QuerySet:
    whens = [When(condition, then=Value(group.value)) for group, condition in _conditions(organisation).items()]
    group = Case(*whens, default=Value(Group.WITHOUT.value), output_field=models.CharField())
    return governed(organisation, whom).annotate(group=group)


def of(organisation: Organisation | None, whom: str) -> Coverage:
    """Count everybody whom the demand would govern; one query, and those of `rank` for an organisation."""
    rows = _grouped(organisation, whom).order_by().values("group")
    staff = Count("pk", filter=Q(is_staff=True))
    found = {Group(row["group"]): row for row in rows.annotate(number=Count("pk"), keys=Sum("pk"), staff=staff)}
    counts = {group: found[group]["number"] if group in found else 0 for group in Group}
    prints = "|".join(f"{found[group]['number']}-{found[group]['keys']}" if group in found else "0" for group in Group)
    return Coverage(counts, prints, sum(row["staff"] for group, row in found.items() if group in STOPPED))


def people_in(organisation: Organisation | None, whom: str, group: Group) -> QuerySet[User]:
    """The people in this group, by address."""
    return _grouped(organisation, whom).filter(group=group.value)


def without_passkey(organisation: Organisation | None, whom: str) -> QuerySet[User]:
    """Who is governed, has no passkey and shows none elsewhere, by address."""
    stopped = [group.value for group in STOPPED]
    return _grouped(organisation, whom).filter(group__in=stopped)
