"""The list of people, for a million of them: counted no further than useful, searched by beginnings."""

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
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import limits, prefix_search
from accounts.organisations.admin import BoundedList, ScopedAdmin
from environments.people.flows import NEVER_CAME


class CappedPaginator(Paginator):
    """Counts to `limits.COUNTED_PEOPLE`; who wants to see what lies behind searches or filters.

    A page is found by its keys alone, and read afterwards: otherwise the database would join and look up second steps
    for everybody on the pages before it, or walk through everybody in the order of addresses to find a handful.
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
        """Those of one page, in no order."""
        if self.count <= self.per_page:
            return self._found
        begin, rows = (number - 1) * self.per_page, cast(QuerySet, self.object_list)
        if not self.has_more:
            rows = rows.model._base_manager.filter(pk__in=self._found).order_by(*rows.query.order_by)
        return list(rows.values_list("pk", flat=True)[begin : begin + self.per_page])


class LongList(BoundedList):
    """``cut``: there are more than the list counts, or than the search shows."""

    cut = False

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        """Only by what the list offers: an address with another column would sort everybody."""
        asked = str(self.params.get(ORDER_VAR, "")).lstrip("-")
        place = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else len(self.list_display)
        names = self.list_display[place : place + 1]
        if not set(names) & set(self.sortable_by or ()):
            self.params.pop(ORDER_VAR, None)
        return super().get_ordering(request, queryset)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.cut = CUT in request.META or self.paginator.has_more
        request.META[CUT] = self.cut
        shown = self.root_queryset.filter(pk__in=self.paginator.keys(self.page_num if self.multi_page else 1))
        self.result_list = self.apply_select_related(shown).order_by(*self.queryset.query.order_by)
        if request.method == "POST":
            # An action asks for its rows now. What was ticked is looked up among all that the search finds: of many
            # with the same name, a search that is cut may show others the second time.
            request.META[WHOLE] = True


CUT = "people.search_was_cut"  # in META of a request; true when the page cannot name everybody it stands for
WHOLE = "people.whole_search"  # in META of a request that needs everybody, however long that takes


def search(request: HttpRequest, people: QuerySet, text: str, prefix: str = "") -> QuerySet:
    """Those of the list that the text names; the first `limits.FOUND_PEOPLE` of each way to be named.

    ``prefix``: the way to the person, for example "user__". Each way is a query of its own, which reads one index from
    where the text would stand. Asked all at once, the database walks through everybody instead.
    """
    ways = list(prefix_search.ways(text, prefix))
    if not ways:
        return people
    if WHOLE in request.META:
        return people.filter(reduce(or_, (condition for condition, _order in ways)))
    found: set[Any] = set()
    for condition, order in ways:
        keys = people.filter(condition).order_by(order).values_list("pk", flat=True)[: limits.FOUND_PEOPLE + 1]
        found.update(keys)
    if len(found) > limits.FOUND_PEOPLE:
        request.META[CUT] = True
    return people.filter(pk__in=found)


class LongListAdmin(ScopedAdmin):
    """A list of up to a million rows."""

    paginator = CappedPaginator
    sortable_by: ClassVar[list[str]] = []  # in any other order everybody would have to be sorted
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
        """ "All" is exactly what the page named, or nobody: a list that is cut cannot say who they are."""
        if request.POST.get("select_across", "0") != "0" and (refused := not_all(request, queryset)):
            self.message_user(request, refused, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *args, **kwargs)


def not_all(request: HttpRequest, rows: QuerySet) -> str:
    """Why an action on all rows of the list is refused; empty when it is not."""
    if request.META.get(CUT):
        return str(
            _("There are more than this list shows, so you cannot choose all of them. Search or filter further.")
        )
    found = rows.order_by().values_list("pk", flat=True)[: limits.PEOPLE_AT_ONCE + 1]
    return str(too_many()) if len(found) > limits.PEOPLE_AT_ONCE else ""


def too_many() -> str:
    return _("Choose at most %(most)d people at a time.") % {"most": limits.PEOPLE_AT_ONCE}


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
