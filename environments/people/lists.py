"""The list of people, for a million of them: counted no further than useful, searched by beginnings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import limits, prefixes
from environments.people.flows import NEVER_CAME

MOST_WORDS = 8


class CappedPaginator(Paginator):
    """Counts to `limits.COUNTED_PEOPLE`; who wants to see what lies behind searches or filters."""

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return len(rows.order_by().values_list("pk")[: limits.COUNTED_PEOPLE + 1])

    @cached_property
    def count(self) -> int:
        return min(self._counted, limits.COUNTED_PEOPLE)

    @property
    def has_more(self) -> bool:
        return self._counted > limits.COUNTED_PEOPLE


def named(text: str, prefix: str = "") -> Q:
    """People whose address, first or last name begins with the text, or first and last name together with its parts.

    ``prefix``: the way to the person, for example "user__".
    """
    words = text.replace("\x00", "").split()[:MOST_WORDS]
    if not words:
        return Q()
    whole, last = " ".join(words), F(f"{prefix}last_name")
    found = Q()
    for field in ("email", "first_name", "last_name"):
        found |= prefixes.begins(F(prefix + field), whole)
    found |= prefixes.begins(prefixes.last_word(f"{prefix}last_name"), whole)
    for place in range(1, len(words)):
        left, right = " ".join(words[:place]).rstrip(","), " ".join(words[place:])
        first = F(f"{prefix}first_name")
        found |= prefixes.begins(first, left) & prefixes.begins(last, right)
        found |= prefixes.begins(last, left) & prefixes.begins(first, right)
    return found


def long_ago() -> datetime:
    return timezone.now() - limits.NOT_SEEN


class CameFilter(admin.SimpleListFilter):
    title = _("last signed in")
    parameter_name = "came"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("never", _("invited, but never came")),
            ("long-ago", _("not seen for %(days)d days") % {"days": limits.NOT_SEEN.days}),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "never":
                return queryset.filter(NEVER_CAME)
            case "long-ago":
                # Who never came is not seen since the invitation.
                return queryset.alias(seen=Coalesce("last_login", "date_joined")).filter(seen__lt=long_ago())
        return queryset
