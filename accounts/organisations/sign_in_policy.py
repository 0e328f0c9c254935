"""The sign-in policy of a person's organisation: what it requires, and who hears of changes."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import BigAutoField, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import public_host
from accounts.active_sessions import store
from accounts.models import User
from accounts.organisations import rank
from accounts.organisations.models import Organisation, PasskeyFor, SecondStep, StaffPolicy
from accounts.prepared_queries import Parameter, PreparedQuery


class Requirement(NamedTuple):
    """That an organisation requires a second factor, or a passkey. ``organisation``: its name; empty for what the
    portal requires of its staff. ``required_from``: the first day, in the portal's time zone."""

    organisation: str
    required_from: date

    @property
    def is_in_force(self) -> bool:
        return self.required_from <= timezone.localdate()

    @property
    def days_left(self) -> int:
        """Days until the first day; 0 on that day, negative after it."""
        return (self.required_from - timezone.localdate()).days

    @property
    def first_day(self) -> str:
        """For people: "3 maart", with the year when that is not the present one."""
        this_year = self.required_from.year == timezone.localdate().year
        return date_format(self.required_from, "j F" if this_year else "j F Y")


def requirement_for(user: User) -> Requirement | None:
    """The requirement of this person's organisation, in force or announced; None when a second factor is optional."""
    mine = Organisation.objects.filter(memberships__user=user, second_step=SecondStep.REQUIRED)
    return requirement_of(next(iter(mine), None))


def requirement_of(organisation: Organisation | None) -> Requirement | None:
    """The same, for an organisation that was read already."""
    if organisation is None or organisation.second_step != SecondStep.REQUIRED or not organisation.required_from:
        return None
    return Requirement(organisation.name, organisation.required_from)


def announced_requirement(user: User) -> Requirement | None:
    """The requirement that begins on a later day. Never for staff, who need a second factor already."""
    requirement = None if user.is_staff else requirement_for(user)
    return requirement if requirement and not requirement.is_in_force else None


def is_required(user: User) -> bool:
    """Does this person need a second factor today? Staff always; others when their organisation requires it."""
    return user.is_staff or is_in_force(requirement_for(user)) or must_use_passkey(user)


def is_in_force(requirement: Requirement | None) -> bool:
    return requirement is not None and requirement.is_in_force


@PreparedQuery
def _staff_policies() -> QuerySet[StaffPolicy]:
    return StaffPolicy.objects.filter(passkey_from__isnull=False)


def staff_passkey_from() -> date | None:
    """The first day on which the portal requires a passkey of all its staff."""
    return next((one.passkey_from for one in _staff_policies()), None)


def passkey_requirement_for(user: User, session: SessionBase | None = None) -> Requirement | None:
    """That a passkey is required of this person at sign-in, in force or announced; of several the one that begins
    first; None where browsers offer no passkeys. ``session``: of the request, with which the demand of the portal was
    read.

    What an organisation requires never governs those who outrank it (`rank`): on a device without passkeys they could
    no longer work. A session that a provider opened and vouched for is not asked (`policy.decide`).
    """
    for demand in sorted(_passkey_demands(user, session), key=lambda one: one.required_from):
        # Who outranks whom is several statements, so it is asked only where the answer matters.
        if not demand.organisation or not rank.outranks_organisation(user):
            return demand
    return None


def must_use_passkey(user: User, session: SessionBase | None = None) -> bool:
    """Is a passkey required of this person today? Then the last one stays, and a code of an app opens nothing but the
    page that asks for the passkey or adds one. ``session``: as in `passkey_requirement_for`."""
    if not any(is_in_force(demand) for demand in _passkey_demands(user, session)):
        return False  # also where the one of the organisation is announced: at each page until then
    return is_in_force(passkey_requirement_for(user, session))


def _passkey_demands(user: User, session: SessionBase | None) -> list[Requirement]:
    """Of the portal and of the person's organisation, whoever outranks it. None where browsers offer no passkeys:
    nobody could do what is demanded."""
    if not public_host.can_have_passkeys():
        return []
    return [one for one in (_of_portal(user, session), _of_organisation(user)) if one]


def _of_portal(user: User, session: SessionBase | None) -> Requirement | None:
    if not user.is_staff:
        return None
    along = store.along_of(session, user) if session is not None else None
    day = along.staff_passkey_from if along else staff_passkey_from()
    return Requirement("", day) if day else None


def _of_organisation(user: User) -> Requirement | None:
    membership = getattr(user, "membership", None)
    if membership is None:
        return None
    organisation = membership.organisation
    whom = (PasskeyFor.STAFF, PasskeyFor.EVERYBODY) if user.is_staff else (PasskeyFor.EVERYBODY,)
    if organisation.passkey_for not in whom or organisation.passkey_from is None:
        return None
    return Requirement(organisation.name, organisation.passkey_from)


def passkey_required_of(organisation: Organisation, whom: str) -> Q:
    """What an organisation requires, as a condition on its members; ``whom``: a `PasskeyFor`."""
    if whom == PasskeyFor.NOBODY:
        return Q(pk__in=[])
    governed = ~Q(pk__in=rank.outranking_members(organisation))
    return governed & Q(is_staff=True) if whom == PasskeyFor.STAFF else governed


def must_use_business_account(user: User) -> bool:
    """Does the organisation accept the business account only, so that this person's password opens nothing?"""
    if not _takes_business_account_only(user) or _has_emergency_account(user):
        return False
    return rank.organisation_decides_over(user)


def linked_to_provider() -> Exists:
    """In a query over people: has this person a business account at the provider of their own organisation, which is
    enabled and vouches for the second factor? Not for the emergency account, which is for when the provider fails.
    """
    # By the relations' names: the package of single sign-on is in a higher layer.
    there = User.objects.filter(
        ~Q(membership__organisation__connection__vouching="ours"),
        ~Q(membership__organisation__connection__break_glass=F("pk")),
        pk=OuterRef("pk"),
        membership__organisation__connection__enabled=True,
        identities__organisation=F("membership__organisation"),
        identities__issuer=F("membership__organisation__connection__issuer"),
    )
    return Exists(there.order_by())


@PreparedQuery
def _linked() -> QuerySet[User]:
    # Asked at every page of somebody who showed no second factor here.
    return User.objects.filter(linked_to_provider(), pk=Parameter("pk", BigAutoField())).order_by()


def has_second_factor_at_provider(user: User) -> bool:
    """Is this person's second factor at the provider? Then a password alone opens nothing here: otherwise access to the
    mailbox would be enough, also for somebody who was removed there. For people who can open environments of another
    organisation the provider alone opens nothing either; both together do."""
    if getattr(user, "membership", None) is None:
        return False
    return bool(_linked(pk=user.pk)) and not rank.outranks_organisation(user)


def needs_no_password(user: User) -> bool:
    """Would a new password be useless, so that no reset link is mailed?"""
    if must_use_business_account(user):
        return True
    return has_second_factor_at_provider(user) and rank.organisation_decides_over(user)


def is_emergency_account(user: User) -> bool:
    """Is this the account whose password still works where the business account is required?"""
    return _takes_business_account_only(user) and _has_emergency_account(user)


def _takes_business_account_only(user: User) -> bool:
    """Without a connection to a provider the requirement applies to nobody: they could not sign in at all."""
    membership = getattr(user, "membership", None)
    if membership is None or membership.organisation.second_step != SecondStep.BUSINESS_ACCOUNT:
        return False
    return _connection_of(membership.organisation) is not None


def _has_emergency_account(user: User) -> bool:
    connection = _connection_of(user.membership.organisation)
    return connection is not None and connection.break_glass_id == user.pk


def _connection_of(organisation: Organisation) -> Any:
    # By the relation's name: the package of single sign-on is in a higher layer.
    return getattr(organisation, "connection", None)


def administrators_of(organisation: Organisation) -> list[User]:
    """The staff of the organisation itself who may change its policy."""
    staff = User.objects.filter(membership__organisation=organisation, is_staff=True, is_active=True)
    return [person for person in staff if person.has_perm("organisations.change_organisation")]


def recipients(organisation: Organisation, *, besides: User | None = None) -> list[User]:
    """Who is told of a change: the administrators of the organisation itself. Superusers when it has none but
    ``besides``, because somebody must know."""
    own = [person for person in administrators_of(organisation) if person != besides]
    return own or [person for person in superusers() if person != besides]


def superusers() -> list[User]:
    return list(User.objects.filter(is_active=True, is_superuser=True))


def may_require_business_account(organisation: Organisation) -> bool:
    """Has the organisation a working single sign-on and an emergency account? Otherwise people would be locked out."""
    connection = _connection_of(organisation)
    if connection is None or not connection.enabled:
        return False
    account = User.objects.filter(pk=connection.break_glass_id, membership__organisation=organisation, is_active=True)
    return connection.worked_at is not None and any(one.has_usable_password() for one in account)


def lock_emergency_account(organisation: Organisation) -> None:
    """Lock the row of the emergency account, so that of a new requirement and a deactivation in parallel the second
    finds what the first did. Call inside a transaction."""
    people = User.objects.filter(pk=getattr(_connection_of(organisation), "break_glass_id", None) or 0)
    list(people.select_for_update(no_key=True).values_list("pk"))


def is_needed_emergency_account(user: User) -> bool:
    """Is this the emergency account of an organisation that accepts the business account only? Then it must stay active
    and a member until another one is named."""
    needing = Organisation.objects.filter(connection__break_glass=user, second_step=SecondStep.BUSINESS_ACCOUNT)
    return needing.exists()


def in_words(second_step: str, required_from: date | None) -> str:
    """The policy as a text: "verplicht vanaf 3 maart 2027"."""
    if second_step == SecondStep.REQUIRED and required_from:
        return _("required from %(date)s") % {"date": date_format(required_from, "j F Y")}
    return str(SecondStep(second_step).label)
