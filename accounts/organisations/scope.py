"""Whose data a worker may see: of every organisation, of the worker's own one, or of nobody (ASVS 8.4.1).

Every page and flow of the administration and of support asks here before it shows or changes another person.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from accounts.models import User
from accounts.organisations.models import Membership, Organisation

EVERY_ORGANISATION = "organisations.work_for_every_organisation"


def works_for_all(worker: User) -> bool:
    """Superusers, and people who were given the permission explicitly; it never follows from missing data."""
    return worker.is_active and (worker.is_superuser or worker.has_perm(EVERY_ORGANISATION))


def organisation_id_of(worker: User) -> int | None:
    """The worker's own organisation; None without one."""
    membership: Membership | None = getattr(worker, "membership", None)
    return membership.organisation_id if membership else None


def people(worker: User, prefix: str = "") -> Q:
    """The condition on the people whom this worker may see; with ``prefix`` ("user__"), on rows that belong to them."""
    if works_for_all(worker):
        return Q()
    mine = organisation_id_of(worker)
    return Q(**{f"{prefix}membership__organisation_id": mine}) if mine else Q(pk__in=[])


def organisations(worker: User, field: str = "pk") -> Q:
    """The condition on the organisations that this worker may see, or on rows with one in ``field``."""
    if works_for_all(worker):
        return Q()
    mine = organisation_id_of(worker)
    return Q(**{field: mine}) if mine else Q(pk__in=[])


def includes(worker: User, subject: User) -> bool:
    """Is that person in the scope of this worker?"""
    if works_for_all(worker):
        return True
    mine = organisation_id_of(worker)
    return mine is not None and mine == organisation_id_of(subject)


def has_access_elsewhere(subject: User) -> bool:
    """Can this person open an environment of another organisation than their own?"""
    # By the relation's name: the package of environments is in a higher layer.
    access: Any = subject.access
    return access.exclude(environment__organisation_id=organisation_id_of(subject)).exists()


def with_access_elsewhere(organisation: Organisation, people: Collection[int]) -> set[int]:
    """Which of these members of the organisation can open an environment of another one."""
    access: Any = User._meta.get_field("access").related_model
    theirs = access.objects.filter(user__in=people).exclude(environment__organisation=organisation)
    return set(theirs.values_list("user", flat=True))


def may_manage_sign_in(worker: User, subject: User) -> bool:
    """May this worker manage how that person signs in: the address, links, codes and second factor?

    Working for one organisation is not enough when the person can open environments of another one: through the account
    of a member, its administrators would get into those.
    """
    return works_for_all(worker) or (includes(worker, subject) and not has_access_elsewhere(subject))
