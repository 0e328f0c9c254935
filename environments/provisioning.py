"""Access for people who sign in with the business account for the first time (setting `SSO_ON_ARRIVAL`)."""

from __future__ import annotations

from django.db.models import Q

from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import Organisation
from environments import flows
from environments.models import Environment


def give_access(user: User, organisation: Organisation, groups: list[str], origin: Origin) -> int:
    """Give access to this organisation's environments for every new person and for these groups. Returns the number."""
    by_group = Q(group_mappings__value__in=groups)
    wanted = Environment.objects.filter(Q(open_on_arrival=True) | by_group, organisation=organisation).distinct()
    return flows.give(user, wanted, actor=user, origin=origin)
