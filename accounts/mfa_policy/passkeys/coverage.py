"""Whom a demand for passkeys would stop: of one organisation, or of all who work in the administration.

Only active people count, as in `accounts.mfa_policy.statistics`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.mfa_policy import statistics
from accounts.mfa_policy.statistics import NO_PASSWORD
from accounts.models import User
from accounts.organisations import memberships, sign_in_policy, vouching
from accounts.organisations.models import Organisation, PasskeyFor
from accounts.two_factor import devices
from accounts.two_factor.models import Passkey


class Group(models.TextChoices):
    """Everybody whom the demand governs is in exactly one."""

    WITH_PASSKEY = "passkey", _("has a passkey")
    EMERGENCY = "nood", _("emergency account of the organisation, without a passkey")
    AT_PROVIDER = "zakelijk", _("signs in with the business account, which shows a second step")
    ALSO_WITH_APP = "zakelijk-of-app", _("has a business account and an app: stopped only after a code of the app")
    WITH_APP = "app", _("has an authenticator app only")
    WITHOUT = "niets", _("has no second step yet")
    NOT_ACTIVATED = "nooit-gekomen", _("invited, no password yet")


# A demand leads them to the page that adds a passkey, at their next click or sign-in.
STOPPED = (Group.EMERGENCY, Group.ALSO_WITH_APP, Group.WITH_APP, Group.WITHOUT, Group.NOT_ACTIVATED)


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


def _has_passkey(organisation: Organisation | None, whom: str) -> Q:
    """For counting: the database looks once who of those governed has one, and not once a person."""
    who: dict[str, Any] = {} if organisation and whom == PasskeyFor.EVERYBODY else {"user__is_staff": True}
    if organisation:
        who[f"user__{memberships.organisation_column()}"] = organisation.pk
    return Q(pk__in=Passkey.objects.filter(**who).order_by().values("user"))


def _conditions(organisation: Organisation | None, has_passkey: Q, without_password: Q = NO_PASSWORD) -> dict[Group, Q]:
    """Of these conditions the first that fits decides."""
    provider = vouching.vouched_for(organisation) if organisation else vouching.staff_vouched_for()
    with_app = statistics.has_factor()  # whoever has a passkey is in the first group
    return {
        Group.WITH_PASSKEY: has_passkey,
        # Its password works where the business account is required, so its second step is here: it is governed too.
        Group.EMERGENCY: vouching.emergency_account(organisation),
        Group.AT_PROVIDER: provider.only | (provider.enough & ~with_app),
        Group.ALSO_WITH_APP: provider.enough,
        Group.NOT_ACTIVATED: without_password,
        Group.WITH_APP: with_app,
        Group.WITHOUT: Q(),
    }


def of(organisation: Organisation | None, whom: str) -> Coverage:
    """Count everybody whom the demand would govern; one query, and those of `rank` and `vouching`. As in
    `statistics.coverage`, it reads one index of the people of an organisation and no row of theirs."""
    no_password = statistics.without_password(organisation) if organisation else NO_PASSWORD
    conditions = _conditions(organisation, _has_passkey(organisation, whom), no_password)
    people = governed(organisation, whom).order_by()
    rows = statistics.grouped_by(people, conditions).values("group")
    rows = rows.annotate(number=Count("pk"), keys=Sum("pk"), staff=Count("pk", filter=Q(is_staff=True)))
    found = {Group(row["group"]): row for row in rows}
    counts = {group: found[group]["number"] if group in found else 0 for group in Group}
    prints = "|".join(f"{found[group]['number']}-{found[group]['keys']}" if group in found else "0" for group in Group)
    return Coverage(counts, prints, sum(row["staff"] for group, row in found.items() if group in STOPPED))


def people_in(organisation: Organisation | None, whom: str, group: Group) -> QuerySet[User]:
    """The people in this group, by address."""
    conditions = _conditions(organisation, Q(devices.passkey_exists()))
    return governed(organisation, whom).filter(statistics.only(group, conditions))


def without_passkey(organisation: Organisation | None, whom: str) -> QuerySet[User]:
    """Who is governed and stopped, by address: the groups in `STOPPED`."""
    conditions = _conditions(organisation, Q(devices.passkey_exists()))
    return governed(organisation, whom).filter(~conditions[Group.WITH_PASSKEY], ~conditions[Group.AT_PROVIDER])
