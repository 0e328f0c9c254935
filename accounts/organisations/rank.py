"""Who outranks whom, and whom the settings of an organisation govern. Every package asks here.

Whoever may configure an organisation (its provider, who vouches for the second factor, the MFA requirement, the
emergency account) can make the provider sign in as any of its members. So those settings never govern a member with a
permission that one of these administrators lacks.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.organisations import copies, scope
from accounts.organisations.models import Membership, Organisation
from accounts.policy import Vouched

CHANGE_ORGANISATION = "organisations.change_organisation"


def outranks(subject: User, actor: User) -> bool:
    """Has the subject a permission that the actor lacks? Those of an inactive subject count: it may be reactivated."""
    if actor.is_superuser:
        return False
    if subject.is_superuser or (subject.is_staff and not actor.is_staff):
        return True
    permissions = _permissions_of({subject.pk, actor.pk})
    return not permissions[subject.pk] <= (permissions[actor.pk] if actor.is_active else set())


def organisation_decides_over(person: User) -> bool:
    """Do the settings of the person's organisation decide how this person signs in?

    Not for superusers, people who work for every organisation, and people with a permission that one of the
    organisation's administrators lacks. Nor for people who can open environments of another organisation, which did not
    choose this provider. For all of these the provider is one factor at most, and its requirement does not apply.
    """
    return not (outranks_organisation(person) or scope.has_access_elsewhere(person))


def outranks_organisation(person: User) -> bool:
    """The same by permissions alone. The organisation's settings may not lock this person out either."""
    if person.is_superuser or not person.is_staff:
        return person.is_superuser  # other permissions count in the administration only, which opens for staff only
    mine = scope.organisation_id_of(person)
    return mine is None or person.pk in _outranking(mine, [person.pk])


def outranking_members(organisation: Organisation) -> set[int]:
    """The keys of its members who outrank it by permissions; `outranks_organisation` for all of them at once."""
    members = User.objects.filter(membership__organisation=organisation).order_by()
    staff = members.filter(is_staff=True, is_superuser=False).values_list("pk", flat=True)
    return {*members.filter(is_superuser=True).values_list("pk", flat=True), *_outranking(organisation.pk, staff)}


def accepted(vouched: Vouched, person: User) -> Vouched:
    """The part of the provider's assurance that is accepted for this person."""
    if vouched in (Vouched.NOT_ASKED, Vouched.NOTHING) or organisation_decides_over(person):
        return vouched
    return Vouched.NOTHING


def has_outranking_members(organisation: Organisation) -> bool:
    """Has the organisation members whom its settings do not govern?"""
    members = User.objects.filter(membership__organisation=organisation).order_by()
    if members.filter(is_superuser=True).exists():
        return True
    if _outranking(organisation.pk, members.filter(is_staff=True).values_list("pk", flat=True)):
        return True
    return guests_elsewhere(organisation).exists()


def guests_elsewhere(organisation: Organisation) -> QuerySet:
    """The keys of its members who can open an environment of another organisation."""
    # By the relations' names: the package of environments is in a higher layer.
    access: Any = User._meta.get_field("access").related_model
    if copies.are_exact():
        found = access.objects.filter(guest_of=organisation.pk)
    else:
        members = Membership.objects.filter(organisation=organisation).values("user")
        found = access.objects.filter(user__in=members).exclude(environment__organisation=organisation)
    return found.order_by().values("user")


def _outranking(organisation: int, people: Collection[int]) -> set[int]:
    """Which of these people, none of them a superuser, outrank an administrator of the organisation.

    Superusers are left out as administrators: nobody outranks them. Without other administrators any permission is
    enough to outrank.
    """
    administrators = _administrators(organisation)
    permissions = _permissions_of({*people, *administrators})
    common = set.intersection(*(permissions[pk] for pk in administrators)) if administrators else set()
    everyone = set(_permission(scope.EVERY_ORGANISATION).values_list("pk", flat=True))
    return {pk for pk in people if not permissions[pk] <= common or permissions[pk] & everyone}


def _administrators(organisation: int) -> set[int]:
    """The keys of those who may change it: its own staff, and staff who work for every organisation."""
    staff = User.objects.filter(_holds(CHANGE_ORGANISATION), is_active=True, is_staff=True, is_superuser=False)
    # Two queries: with both conditions in one, the database would read the memberships of everybody.
    own, of_all = staff.filter(membership__organisation=organisation), staff.filter(_holds(scope.EVERY_ORGANISATION))
    return {pk for some in (own, of_all) for pk in some.order_by().values_list("pk", flat=True)}


def _holds(permission: str) -> Q:
    """The condition on people that they have this permission, directly or through a group."""
    found = _permission(permission)
    directly = User.user_permissions.through.objects.filter(permission__in=found)
    by_group = User.groups.through.objects.filter(group__permissions__in=found)
    return Q(pk__in=directly.values("user")) | Q(pk__in=by_group.values("user"))


def _permission(permission: str) -> QuerySet[Permission]:
    app, _dot, codename = permission.partition(".")
    return Permission.objects.filter(content_type__app_label=app, codename=codename).order_by()


def _permissions_of(people: Collection[int]) -> dict[int, set[int]]:
    """The primary keys of each person's permissions, their own and those of their groups."""
    found: dict[int, set[int]] = {pk: set() for pk in people}
    for relation in ("user_permissions", "groups__permissions"):
        rows = User.objects.filter(pk__in=found).exclude(**{relation: None}).order_by().values_list("pk", relation)
        for pk, permission in rows:
            found[pk].add(permission)
    return found
