"""Mail domains that an organisation probably has: those of its members' addresses."""

from __future__ import annotations

from django.db.models import Count, Value
from django.db.models.functions import Lower, StrIndex, Substr

from accounts import limits
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.domains import names
from accounts.sso.domains.names import DomainRefusedError
from accounts.sso.models import MailDomain


def of(organisation: Organisation) -> list[str]:
    """At most `limits.MAIL_DOMAINS_PROPOSED`, the most used first, as they are stored; none where anybody gets an
    address, and none that another organisation proved."""
    members = User.objects.filter(is_active=True, membership__organisation=organisation)
    found = members.values(part=Lower(Substr("email", StrIndex("email", Value("@")) + 1)))
    used = found.annotate(number=Count("pk")).order_by("-number", "part").values_list("part", flat=True)
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
