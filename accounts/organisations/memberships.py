"""Which address may be used in which organisation, and the only place where somebody becomes a member of one.

A mail domain belongs to the organisation that proved it: nobody with an address in it is invited into another
organisation, moved there or given such an address there. Otherwise another organisation could claim its people first,
and their administrators would not be their own. Every flow that stores an address or a membership asks here; `join`
checks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import idna

from accounts.models import User
from accounts.organisations.models import Membership, Organisation


class ForeignAddressError(ValueError):
    """The address is in a mail domain that another organisation proved."""


def domain_of(address: str) -> str:
    """The domain as it is stored: lower case, ASCII; empty when there is none."""
    local, _at, typed = address.strip().rpartition("@")
    try:
        name = idna.encode(typed.removesuffix("."), uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return ""
    return name if local else ""


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
    Membership.objects.bulk_create([Membership(user=user, organisation=organisation) for user in users])
