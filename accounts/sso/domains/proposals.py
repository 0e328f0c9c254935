"""Mail domains that an organisation probably has: those of its members' addresses."""

from __future__ import annotations

from collections import Counter

from accounts import limits
from accounts.organisations import memberships
from accounts.organisations.models import Organisation
from accounts.sso.domains import names
from accounts.sso.domains.names import DomainRefusedError
from accounts.sso.models import MailDomain


def of(organisation: Organisation) -> list[str]:
    """At most `limits.MAIL_DOMAINS_PROPOSED`, the most used first, as they are stored; none where anybody gets an
    address, and none that another organisation proved. Of a large organisation the addresses of some people show them.
    """
    members = memberships.people_of(organisation).filter(is_active=True).order_by("email")
    some = members.values_list("email", flat=True)[: limits.SAMPLE_OF_MEMBERS]
    counted = Counter(address.rpartition("@")[2].lower() for address in some)
    used = sorted(counted, key=lambda part: (-counted[part], part))
    own = [name for part in used[: limits.MAIL_DOMAINS] if (name := _stored(part))]
    others = MailDomain.objects.exclude(organisation=organisation).filter(proved_at__isnull=False)
    taken = set(others.filter(domain__in=own).values_list("domain", flat=True))
    return [name for name in own if name not in taken][: limits.MAIL_DOMAINS_PROPOSED]


def not_listed(organisation: Organisation) -> list[str]:
    """The same, without those that are in the organisation's list."""
    listed = set(MailDomain.objects.filter(organisation=organisation).values_list("domain", flat=True))
    return [name for name in of(organisation) if name not in listed]


def _stored(part: str) -> str:
    try:
        return names.normalise(part)
    except DomainRefusedError:
        return ""
