"""Finding the caller: by the reference read out, by address, or by the beginning of a name."""

from __future__ import annotations

import re

from django.db.models import QuerySet

from accounts import limits
from accounts.models import User
from accounts.organisations import scope
from accounts.prefix_search import search_conditions
from accounts.support.models import HelpRequest

_REFERENCE = re.compile(r"[0-9A-Z]{7}")


def people(worker: User) -> QuerySet[User]:
    """Everybody whom this worker may see, with their organisation."""
    return User.objects.filter(scope.people(worker)).select_related("membership__organisation")


def find(worker: User, typed: str) -> list[User]:
    """At most `limits.FIND_MOST` people and one more, which shows that there are more; an exact match comes alone."""
    mine, words = people(worker), typed.strip().lower()
    exact = _by_reference(mine, words) or list(mine.filter(email__lower=words)[:1])
    if exact or len(words) < limits.FIND_LEAST:
        return exact
    found: dict[int, User] = {}
    for condition, order in search_conditions(typed):
        # One query each: a combined condition would use no index, and take seconds with a million people.
        for person in mine.filter(condition).order_by(order, "pk")[: limits.FIND_MOST + 1]:
            found[person.pk] = person
    return sorted(found.values(), key=lambda person: person.email)[: limits.FIND_MOST + 1]


def _by_reference(mine: QuerySet[User], words: str) -> list[User]:
    """The reference in any case, with or without the dash. Also of old requests, which still identify the caller."""
    signs = re.sub(r"[\s\-\u2010-\u2015]+", "", words).upper()
    if not _REFERENCE.fullmatch(signs):
        return []
    asked = HelpRequest.objects.filter(reference=f"{signs[:3]}-{signs[3:]}")
    return list(mine.filter(pk__in=asked.values("user")))
