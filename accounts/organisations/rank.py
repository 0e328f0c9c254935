"""Who stands above whom, and over whom what is set for an organisation decides. Every package asks here.

Whoever may set up an organisation (its provider, who vouches for the second step, the demand, the emergency account)
can make the provider sign in as any of its people. So none of that decides over somebody with a right that one of them
lacks.
"""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import Permission
from django.db.models import F, Q, QuerySet

from accounts.models import User
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.policy import Vouched

SETS_UP = "organisations.change_organisation"


def outranks(subject: User, actor: User) -> bool:
    """Has the person a right that the actor lacks? Rights of somebody who is not active count too: they may return."""
    if actor.is_superuser:
        return False
    if subject.is_superuser or (subject.is_staff and not actor.is_staff):
        return True
    rights = _rights_of({subject.pk, actor.pk})
    return not rights[subject.pk] <= (rights[actor.pk] if actor.is_active else set())


def organisation_decides_over(person: User) -> bool:
    """May what is set for the person's organisation decide how this person gets in?

    Never over superusers, people who work for every organisation, and whoever has a right that somebody who may set the
    organisation up lacks. Nor over who can open environments of another organisation, which has not chosen this
    provider. For these its provider is one factor at most, and its demand does not hold.
    """
    return not (stands_above(person) or scope.opens_elsewhere(person))


def stands_above(person: User) -> bool:
    """The same by rights alone. Nothing that is set for the organisation may keep this person out either."""
    if person.is_superuser or not person.is_staff:
        return person.is_superuser  # other rights count in the administration only, which opens for staff only
    mine = scope.organisation_id_of(person)
    return mine is None or person.pk in _above(mine, [person.pk])


def counted(vouched: Vouched, person: User) -> Vouched:
    """What a provider vouched for, as far as that counts for this person."""
    if vouched in (Vouched.NOT_ASKED, Vouched.NOTHING) or organisation_decides_over(person):
        return vouched
    return Vouched.NOTHING


def has_people_above(organisation: Organisation) -> bool:
    """Belongs anybody to the organisation over whom it does not decide?"""
    members = User.objects.filter(membership__organisation=organisation).order_by()
    guests = members.filter(access__isnull=False).alias(opens=F("access__environment__organisation"))
    if members.filter(is_superuser=True).exists() or guests.exclude(opens=organisation.pk).exists():
        return True
    return bool(_above(organisation.pk, members.filter(is_staff=True).values_list("pk", flat=True)))


def _above(organisation: int, people: Collection[int]) -> set[int]:
    """Who of these, none of them a superuser, stands above somebody who may set this organisation up. Superusers who
    may are left out: nobody stands above them. Where nobody else may, any right is more than they have."""
    setters = set(_setters(organisation).values_list("pk", flat=True))
    rights = _rights_of({*people, *setters})
    common = set.intersection(*(rights[pk] for pk in setters)) if setters else set()
    everyone = set(_permission(scope.EVERYONE).values_list("pk", flat=True))
    return {pk for pk in people if not rights[pk] <= common or rights[pk] & everyone}


def _setters(organisation: int) -> QuerySet[User]:
    staff = User.objects.filter(is_active=True, is_staff=True, is_superuser=False).order_by()
    near = Q(membership__organisation=organisation) | Q(pk__in=_holders(scope.EVERYONE))
    return staff.filter(near, pk__in=_holders(SETS_UP))


def _holders(right: str) -> QuerySet[User]:
    permission = _permission(right)
    direct, by_group = Q(user_permissions__in=permission), Q(groups__permissions__in=permission)
    return User.objects.filter(direct | by_group).order_by().values("pk")  # type: ignore[return-value]


def _permission(right: str) -> QuerySet[Permission]:
    app, _dot, codename = right.partition(".")
    return Permission.objects.filter(content_type__app_label=app, codename=codename).order_by()


def _rights_of(people: Collection[int]) -> dict[int, set[int]]:
    """The numbers of the permissions of each, own ones and those of groups."""
    found: dict[int, set[int]] = {pk: set() for pk in people}
    for relation in ("user_permissions", "groups__permissions"):
        rows = User.objects.filter(pk__in=found).exclude(**{relation: None}).order_by().values_list("pk", relation)
        for pk, right in rows:
            found[pk].add(right)
    return found
