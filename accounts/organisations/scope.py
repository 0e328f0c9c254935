"""For whom somebody works: the people of every organisation, of the own one, or nobody (ASVS 8.4.1).

Every page and flow of the administration and of support asks here before it shows or changes another person.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from accounts.models import User
from accounts.organisations.models import Membership

EVERYONE = "organisations.work_for_every_organisation"


def works_for_all(worker: User) -> bool:
    """Superusers, and whoever was given the right by name. Nobody has it because something is missing."""
    return worker.is_active and (worker.is_superuser or worker.has_perm(EVERYONE))


def organisation_id_of(worker: User) -> int | None:
    """The own organisation; None for somebody without one."""
    membership: Membership | None = getattr(worker, "membership", None)
    return membership.organisation_id if membership else None


def people(worker: User, prefix: str = "") -> Q:
    """The condition on people, or with ``prefix`` ("user__") on what belongs to them, that this worker may see."""
    if works_for_all(worker):
        return Q()
    mine = organisation_id_of(worker)
    return Q(**{f"{prefix}membership__organisation_id": mine}) if mine else Q(pk__in=[])


def organisations(worker: User, field: str = "pk") -> Q:
    """The condition on organisations, or on a row with one in ``field``, that this worker may see."""
    if works_for_all(worker):
        return Q()
    mine = organisation_id_of(worker)
    return Q(**{field: mine}) if mine else Q(pk__in=[])


def includes(worker: User, subject: User) -> bool:
    """May this worker see that person at all?"""
    if works_for_all(worker):
        return True
    mine = organisation_id_of(worker)
    return mine is not None and mine == organisation_id_of(subject)


def opens_elsewhere(subject: User) -> bool:
    """Can this person open an environment of another organisation than the own one?"""
    # By the name of the relation: the package of environments lies above this one.
    access: Any = subject.access
    return access.exclude(environment__organisation_id=organisation_id_of(subject)).exists()


def decides(worker: User, subject: User) -> bool:
    """May this worker decide how that person gets in: by which address, link, code or second step?

    Not for one organisation alone when the person can open environments of another: through the account of an own
    member, its administrators would enter there.
    """
    return works_for_all(worker) or (includes(worker, subject) and not opens_elsewhere(subject))
