"""Which address may be used in which organisation, and the only place where somebody becomes a member of one.

A mail domain belongs to the organisation that proved it: nobody with an address in it is invited into another
organisation, moved there or given such an address there. Otherwise another organisation could claim its people first,
and their administrators would not be their own. Every flow that stores an address or a membership asks here; `join`
checks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

import idna
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from accounts.organisations import copies
from accounts.organisations.models import Membership, Organisation

BATCH = 1000  # people whose copied organisation is restored in one transaction


class ForeignAddressError(ValueError):
    """The address is in a mail domain that another organisation proved."""


def domain_of(address: str) -> str:
    """The domain as it is stored: lower case, ASCII; empty when there is none."""
    local, _at, typed = address.strip().rpartition("@")
    return _as_stored(typed) if local else ""


@lru_cache(maxsize=1000)  # a list of 5,000 people has few domains
def _as_stored(domain: str) -> str:
    try:
        return idna.encode(domain.removesuffix("."), uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return ""


def foreign(addresses: Iterable[str], organisation_id: int | None) -> dict[str, str]:
    """The addresses in a mail domain that another organisation proved, each with the name of that organisation. Empty
    for people without an organisation."""
    if organisation_id is None:
        return {}
    domains = {address: domain_of(address) for address in addresses}
    # By the relation's name: the package of single sign-on is in a higher layer.
    found = Organisation.objects.exclude(pk=organisation_id).filter(
        mail_domains__domain__in=set(domains.values()) - {""}, mail_domains__proved_at__isnull=False
    )
    owners = dict(found.values_list("mail_domains__domain", "name"))
    return {address: owners[domain] for address, domain in domains.items() if domain in owners}


def is_foreign(address: str, organisation_id: int | None) -> bool:
    return bool(foreign([address], organisation_id))


def refuse_foreign(addresses: Iterable[str], organisation_id: int | None) -> None:
    """Raises ForeignAddressError. For flows whose page has checked already: it fails only for a domain that was proved
    in between."""
    if found := foreign(addresses, organisation_id):
        raise ForeignAddressError(f"{len(found)} addresses of a mail domain that another organisation proved")


def join(users: Collection[User], organisation: Organisation) -> None:
    """Make these people, who have no organisation yet, members. Raises ForeignAddressError."""
    refuse_foreign([user.email for user in users], organisation.pk)
    # Triggers lock each person: in the same order as others who lock several (`copies`).
    in_order = sorted(users, key=lambda user: user.pk)
    Membership.objects.bulk_create([Membership(user=user, organisation=organisation) for user in in_order])
    joined = User.objects.filter(pk__in=[user.pk for user in users])
    joined.exclude(organisation_key=organisation.pk).update(organisation_key=organisation.pk)  # without triggers
    for user in users:
        user.organisation_key = organisation.pk  # otherwise the next `save` would store the earlier one


def leave(user: User) -> None:
    """End the membership of this person. The caller ends what came with it."""
    Membership.objects.filter(user=user).delete()
    User.objects.filter(pk=user.pk).update(organisation_key=None)
    user.organisation_key = None


def people_of(organisation: Organisation) -> QuerySet[User]:
    """The members; see `belongs_to`."""
    return User.objects.filter(belongs_to(organisation))


def belongs_to(organisation: Organisation) -> Q:
    """The condition on people that they are members."""
    return Q(**{organisation_column(): organisation.pk})


def organisation_column() -> str:
    """The lookup from a person to the primary key of the organisation."""
    return "organisation_key" if copies.are_exact() else "membership__organisation_id"


def restore_keys() -> int:
    """Copy the organisation of each membership to the people whose copy disagrees, for example in a database that was
    put back without its triggers. Returns their number."""
    differs = Q(organisation_key=None) | ~Q(organisation_key=F("membership__organisation_id"))
    disagree = Q(membership=None, organisation_key__isnull=False) | Q(differs, membership__isnull=False)
    wrong = list(User.objects.filter(disagree).order_by("pk").values_list("pk", flat=True))
    theirs = Membership.objects.filter(user=OuterRef("pk")).values("organisation_id")
    for first in range(0, len(wrong), BATCH):
        User.objects.filter(pk__in=wrong[first : first + BATCH]).update(organisation_key=Subquery(theirs))
    return len(wrong)
