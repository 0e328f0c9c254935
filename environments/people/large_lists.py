"""Admin lists of up to a million rows: counted up to a limit, searched by prefix."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ORDER_VAR
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import limits, prefix_search
from accounts.organisations.admin import BoundedList, ScopedAdmin
from environments.people.flows import NEVER_SIGNED_IN

SEARCH_HELP = _("The beginning of an e-mail address or a name, or first and last name.")


def filters_of(request: HttpRequest) -> QueryDict:
    """The query string of the list, which its forms post as the field ``filters``."""
    return QueryDict(request.POST.get("filters", "")[:1000])


class CappedPaginator(Paginator):
    """Counts up to `limits.COUNTED_PEOPLE`; people beyond that are found by searching or filtering.

    The primary keys of a page are selected first, and its rows read afterwards: otherwise the database would join and
    look up second factors for all earlier pages, or scan everybody in order of address to find a few.
    """

    @cached_property
    def _found(self) -> list[Any]:
        rows: Any = self.object_list
        return list(rows.order_by().values_list("pk", flat=True)[: limits.COUNTED_PEOPLE + 1])

    @cached_property
    def count(self) -> int:
        return min(len(self._found), limits.COUNTED_PEOPLE)

    @property
    def has_more(self) -> bool:
        return len(self._found) > limits.COUNTED_PEOPLE

    def keys(self, number: int) -> list[Any]:
        """The primary keys of one page, unordered."""
        if self.count <= self.per_page:
            return self._found
        begin, rows = (number - 1) * self.per_page, cast(QuerySet, self.object_list)
        if not self.has_more:
            rows = rows.model._base_manager.filter(pk__in=self._found).order_by(*rows.query.order_by)
        return list(rows.values_list("pk", flat=True)[begin : begin + self.per_page])


class LongList(BoundedList):
    """``truncated``: there are more rows than the list counts, or than the search shows."""

    truncated = False

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        """Only by the sortable columns: another one in the URL would sort everybody."""
        asked = str(self.params.get(ORDER_VAR, "")).lstrip("-")
        place = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else len(self.list_display)
        names = self.list_display[place : place + 1]
        if not set(names) & set(self.sortable_by or ()):
            self.params.pop(ORDER_VAR, None)
        return super().get_ordering(request, queryset)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.truncated = TRUNCATED in request.META or self.paginator.has_more
        request.META[TRUNCATED] = self.truncated
        shown = self.root_queryset.filter(pk__in=self.paginator.keys(self.page_num if self.multi_page else 1))
        self.result_list = self.apply_select_related(shown).order_by(*self.queryset.query.order_by)
        if request.method == "POST":
            # For an action the chosen rows are looked up among all results: a truncated search with many equal names
            # may find other rows the second time.
            request.META[FULL_SEARCH] = True


TRUNCATED = "people.search_was_cut"  # in META of a request; true when the page does not show all results
FULL_SEARCH = "people.whole_search"  # in META of a request that needs all results, however slow


def search(request: HttpRequest, people: QuerySet, text: str, prefix: str = "") -> QuerySet:
    """The rows that match the text; the first `limits.FOUND_PEOPLE` of each kind of match.

    ``prefix``: the lookup to the person, for example "user__". Each kind of match is a query of its own that uses one
    index; combined in one query, the database would scan everybody.
    """
    ways = list(prefix_search.search_conditions(text, prefix))
    if not ways:
        return people
    if FULL_SEARCH in request.META:
        return people.filter(reduce(or_, (condition for condition, _order in ways)))
    found: set[Any] = set()
    for condition, order in ways:
        keys = people.filter(condition).order_by(order).values_list("pk", flat=True)[: limits.FOUND_PEOPLE + 1]
        found.update(keys)
    if len(found) > limits.FOUND_PEOPLE:
        request.META[TRUNCATED] = True
    return people.filter(pk__in=found)


class LongListAdmin(ScopedAdmin):
    """A list of up to a million rows."""

    paginator = CappedPaginator
    sortable_by: ClassVar[list[str]] = []  # another order would sort all rows
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_max_show_all = 0
    list_per_page = 50
    to_person = ""

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        if len(search_term) > limits.ADMIN_SEARCH_LONGEST:
            return queryset.none(), False
        return search(request, queryset, search_term, self.to_person), False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LongList]:
        return LongList

    def response_action(self, request: HttpRequest, queryset: QuerySet, *args: Any, **kwargs: Any) -> Any:
        """Refuse "select all" for a truncated list, whose rows the page did not show."""
        if request.POST.get("select_across", "0") != "0" and (refused := not_all(request, queryset)):
            self.message_user(request, refused, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *args, **kwargs)


def not_all(request: HttpRequest, rows: QuerySet) -> str:
    """Why an action on all rows of the list is refused; empty when it is not."""
    if request.META.get(TRUNCATED):
        return str(
            _("There are more than this list shows, so you cannot choose all of them. Search or filter further.")
        )
    found = rows.order_by().values_list("pk", flat=True)[: limits.PEOPLE_AT_ONCE + 1]
    return str(too_many()) if len(found) > limits.PEOPLE_AT_ONCE else ""


def too_many() -> str:
    return _("Choose at most %(most)d people at a time.") % {"most": limits.PEOPLE_AT_ONCE}


def long_ago() -> datetime:
    return timezone.now() - limits.NOT_SEEN


class LastSignInFilter(admin.SimpleListFilter):
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
                return queryset.filter(NEVER_SIGNED_IN)
            case "long-ago":
                # Who never came is not seen since the invitation.
                return queryset.alias(seen=Coalesce("last_login", "date_joined")).filter(seen__lt=long_ago())
        return queryset
