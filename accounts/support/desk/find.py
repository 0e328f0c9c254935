"""Finding the person who is on the telephone: by the reference read out, by address, or by the beginning of a name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db.models import F, Q, QuerySet

from accounts import limits
from accounts.models import User
from accounts.organisations import scope
from accounts.prefixes import Plain, begins, last_word
from accounts.support.models import HelpRequest

_REFERENCE = re.compile(r"[0-9A-Z]{7}")


def people(worker: User) -> QuerySet[User]:
    """Everybody whom this worker may see, with their organisation."""
    return User.objects.filter(scope.people(worker)).select_related("membership__organisation")


def find(worker: User, typed: str) -> list[User]:
    """At most `limits.FIND_MOST` people and one more, so that the page can tell; an exact hit comes alone."""
    mine, words = people(worker), typed.strip().lower()
    exact = _by_reference(mine, words) or list(mine.filter(email__lower=words)[:1])
    if exact or len(words) < limits.FIND_LEAST:
        return exact
    found: dict[int, User] = {}
    for condition, order in _ways(words.split()):
        # One way at a time: all in one condition, no index would serve, and a million people take seconds.
        for person in mine.filter(condition).order_by(order, "pk")[: limits.FIND_MOST + 1]:
            found[person.pk] = person
    return sorted(found.values(), key=lambda person: person.email)[: limits.FIND_MOST + 1]


def _by_reference(mine: QuerySet[User], words: str) -> list[User]:
    """What the caller reads out, in any case, with or without the dash. Old requests count too: the caller is right."""
    signs = re.sub(r"[\s\-\u2010-\u2015]+", "", words).upper()
    if not _REFERENCE.fullmatch(signs):
        return []
    asked = HelpRequest.objects.filter(reference=f"{signs[:3]}-{signs[3:]}")
    return list(mine.filter(pk__in=asked.values("user")))


def _ways(words: list[str]) -> Iterator[tuple[Q, Plain]]:
    """What may begin so, each with the order of its index: address, first name, last name, last word of the last name;
    and of several words, the first begins the first name and the rest the last."""
    last, whole, rest = last_word("last_name"), " ".join(words), " ".join(words[1:])
    for expression in (F("email"), F("first_name"), F("last_name"), last):
        yield begins(expression, whole), Plain(expression)
    if rest:
        for expression in (F("last_name"), last):
            yield begins(expression, rest) & begins(F("first_name"), words[0]), Plain(expression)
