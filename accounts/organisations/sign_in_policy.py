"""What a person's organisation demands of the sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.organisations import rank
from accounts.organisations.models import Organisation, SecondStep


@dataclass(frozen=True)
class Demand:
    """``required_from``: the first day, in the time zone of the portal, on which a second step must be shown."""

    organisation: str
    required_from: date

    @property
    def holds(self) -> bool:
        return self.required_from <= timezone.localdate()

    @property
    def days_left(self) -> int:
        """Until the first day; 0 on that day, negative after it."""
        return (self.required_from - timezone.localdate()).days

    @property
    def first_day(self) -> str:
        """ "3 maart", and with the year when that is not the present one."""
        this_year = self.required_from.year == timezone.localdate().year
        return date_format(self.required_from, "j F" if this_year else "j F Y")


def demand_of(user: User) -> Demand | None:
    """The demand of a second step by this person's organisation, today or announced; None when it leaves it open."""
    mine = Organisation.objects.filter(memberships__user=user, second_step=SecondStep.REQUIRED)
    return demand_by(next(iter(mine), None))


def demand_by(organisation: Organisation | None) -> Demand | None:
    """The same, where the organisation was read already."""
    if organisation is None or organisation.second_step != SecondStep.REQUIRED or not organisation.required_from:
        return None
    return Demand(organisation.name, organisation.required_from)


def announced_to(user: User) -> Demand | None:
    """The demand that begins on a later day. Never for staff: they need a second step already."""
    demand = None if user.is_staff else demand_of(user)
    return demand if demand and not demand.holds else None


def is_required(user: User) -> bool:
    """Must this person show a second step today? Staff always; others when their organisation says so."""
    return user.is_staff or holds(demand_of(user))


def holds(demand: Demand | None) -> bool:
    return demand is not None and demand.holds


def must_use_business_account(user: User) -> bool:
    """Does the organisation take the business account only, so that this person's password opens nothing?"""
    if not _takes_business_account_only(user) or _has_emergency_account(user):
        return False
    return rank.organisation_decides_over(user)  # the demand holds for nobody above those who set it


def linked_to_provider() -> Exists:
    """In a query over people: has this person a business account at the provider of the own organisation, which is
    switched on and vouches for the second step? The emergency account is left out: it is for when that does not work.
    """
    # By the names of the relations: the package of single sign-on lies above this one.
    there = User.objects.filter(
        ~Q(membership__organisation__connection__vouching="ours"),
        ~Q(membership__organisation__connection__break_glass=F("pk")),
        pk=OuterRef("pk"),
        membership__organisation__connection__enabled=True,
        identities__organisation=F("membership__organisation"),
        identities__issuer=F("membership__organisation__connection__issuer"),
    )
    return Exists(there.order_by())


def has_second_step_at_provider(user: User) -> bool:
    """Is the second step of this person at the provider? Then a password alone opens nothing here: otherwise a mailbox
    would be enough, also for somebody who was removed there. Of who can open environments of another organisation the
    provider alone opens nothing either: both together do."""
    if getattr(user, "membership", None) is None:
        return False
    return User.objects.filter(linked_to_provider(), pk=user.pk).exists() and not rank.stands_above(user)


def needs_no_password(user: User) -> bool:
    """Would a new password be of no use, so that no mail helps to one?"""
    if must_use_business_account(user):
        return True
    return has_second_step_at_provider(user) and rank.organisation_decides_over(user)


def is_emergency(user: User) -> bool:
    """Would this person's password be the one that still works where the business account is demanded?"""
    return _takes_business_account_only(user) and _has_emergency_account(user)


def _takes_business_account_only(user: User) -> bool:
    """Without any agreement with a provider the demand holds for nobody: there would be no other way in."""
    membership = getattr(user, "membership", None)
    if membership is None or membership.organisation.second_step != SecondStep.BUSINESS_ACCOUNT:
        return False
    return _connection_of(membership.organisation) is not None


def _has_emergency_account(user: User) -> bool:
    connection = _connection_of(user.membership.organisation)
    return connection is not None and connection.break_glass_id == user.pk


def _connection_of(organisation: Organisation) -> Any:
    # By the name of the relation: the room of single sign-on lies above this one.
    return getattr(organisation, "connection", None)


def administrators_of(organisation: Organisation) -> list[User]:
    """The staff of the organisation itself who may change what it demands."""
    staff = User.objects.filter(membership__organisation=organisation, is_staff=True, is_active=True)
    return [person for person in staff if person.has_perm("organisations.change_organisation")]


def must_hear(organisation: Organisation, *, besides: User | None = None) -> list[User]:
    """The administrators of the organisation itself; ours when it has none but ``besides``, because somebody must
    know."""
    own = [person for person in administrators_of(organisation) if person != besides]
    return own or [person for person in superusers() if person != besides]


def superusers() -> list[User]:
    return list(User.objects.filter(is_active=True, is_superuser=True))


def may_require_business_account(organisation: Organisation) -> bool:
    """Has the organisation a single sign-on that works, and an emergency account? Else this would shut people out."""
    connection = _connection_of(organisation)
    if connection is None or not connection.enabled:
        return False
    keeper = User.objects.filter(pk=connection.break_glass_id, membership__organisation=organisation, is_active=True)
    return connection.worked_at is not None and any(one.has_usable_password() for one in keeper)


def hold_emergency_account(organisation: Organisation) -> None:
    """Lock the emergency account: of a demand and a deactivation at once, the second finds what the first did. Call
    inside a transaction."""
    people = User.objects.filter(pk=getattr(_connection_of(organisation), "break_glass_id", None) or 0)
    list(people.select_for_update(no_key=True).values_list("pk"))


def is_needed_emergency_account(user: User) -> bool:
    """Is this person the emergency account of an organisation that takes the business account only? Then the account
    stays where it is and open, until another one is named."""
    needing = Organisation.objects.filter(connection__break_glass=user, second_step=SecondStep.BUSINESS_ACCOUNT)
    return needing.exists()


def in_words(second_step: str, required_from: date | None) -> str:
    """What is demanded, for people: "verplicht vanaf 3 maart 2027"."""
    if second_step == SecondStep.REQUIRED and required_from:
        return _("required from %(date)s") % {"date": date_format(required_from, "j F Y")}
    return str(SecondStep(second_step).label)
