"""Which address may be used in which organisation, and the one place where somebody becomes a member of one.

A mail domain that an organisation proved is that organisation's: nobody is invited into another one, moved there or
given another address there with an address of it. Otherwise its people could be bound, by whoever is first, to
administrators who are not theirs. Every flow that stores an address or a membership asks here, and `join` asks anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import idna

from accounts.models import User
from accounts.organisations.models import Membership, Organisation


class ForeignAddressError(ValueError):
    """Somebody was about to be stored in an organisation with an address that is another's."""


def domain_of(address: str) -> str:
    """The domain as it is stored: lower case, ASCII; empty when there is none."""
    local, _at, typed = address.strip().rpartition("@")
    try:
        name = idna.encode(typed.removesuffix("."), uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return ""
    return name if local else ""


def foreign(addresses: Iterable[str], organisation_id: int | None) -> dict[str, str]:
    """Those of the addresses that are of a mail domain that another organisation proved, with its name. None for
    somebody without an organisation: such an address is nobody else's there."""
    if organisation_id is None:
        return {}
    domains = {address: domain_of(address) for address in addresses}
    # By the name of the relation: the package of single sign-on lies above this one.
    found = Organisation.objects.exclude(pk=organisation_id).filter(
        mail_domains__domain__in=set(domains.values()) - {""}, mail_domains__proved_at__isnull=False
    )
    owners = dict(found.values_list("mail_domains__domain", "name"))
    return {address: owners[domain] for address, domain in domains.items() if domain in owners}


def is_foreign(address: str, organisation_id: int | None) -> bool:
    return bool(foreign([address], organisation_id))


def refuse_foreign(addresses: Iterable[str], organisation_id: int | None) -> None:
    """Raises ForeignAddressError. For flows whose page has asked already: only a domain that was proved at this very
    moment comes so far."""
    if found := foreign(addresses, organisation_id):
        raise ForeignAddressError(f"{len(found)} addresses of a mail domain that another organisation proved")


def join(users: Collection[User], organisation: Organisation) -> None:
    """Make these people, who belong nowhere, members. Raises ForeignAddressError."""
    refuse_foreign([user.email for user in users], organisation.pk)
    Membership.objects.bulk_create([Membership(user=user, organisation=organisation) for user in users])
