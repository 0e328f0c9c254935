"""What a person's organisation demands of the sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep


@dataclass(frozen=True)
class Demand:
    """``required_from``: the first day, in the time zone of the portal, on which a second step must be shown."""

    organisation: str
    required_from: date

    @property
    def holds(self) -> bool:
        return self.required_from <= timezone.localdate()


def demand_of(user: User) -> Demand | None:
    """The demand of a second step by this person's organisation, today or announced; None when it leaves it open."""
    mine = Organisation.objects.filter(memberships__user=user, second_step=SecondStep.REQUIRED)
    found = next(iter(mine), None)
    return Demand(found.name, found.required_from) if found and found.required_from else None


def is_required(user: User) -> bool:
    """Must this person show a second step today? Staff always; others when their organisation says so."""
    if user.is_staff:
        return True
    demand = demand_of(user)
    return demand is not None and demand.holds


def must_use_business_account(user: User) -> bool:
    """Does the organisation take the business account only, so that this person's password opens nothing?"""
    return _takes_business_account_only(user) and not _has_emergency_account(user)


def is_emergency(user: User) -> bool:
    """Would this person's password be the one that still works where the business account is demanded?"""
    return _takes_business_account_only(user) and _has_emergency_account(user)


def _takes_business_account_only(user: User) -> bool:
    membership = getattr(user, "membership", None)
    return membership is not None and membership.organisation.second_step == SecondStep.BUSINESS_ACCOUNT


def _has_emergency_account(user: User) -> bool:
    # By the name of the relation: the room of single sign-on lies above this one.
    connection = getattr(user.membership.organisation, "connection", None)
    return connection is not None and connection.break_glass_id == user.pk


def administrators_of(organisation: Organisation) -> list[User]:
    """The staff of the organisation itself who may change what it demands."""
    staff = User.objects.filter(membership__organisation=organisation, is_staff=True, is_active=True)
    return [person for person in staff if person.has_perm("organisations.change_organisation")]
