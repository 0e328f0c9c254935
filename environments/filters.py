"""Admin list filters by organisation or environment, of which there may be thousands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import ListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.http_requests import person
from accounts.organisations import memberships, scope
from accounts.organisations.models import Organisation
from accounts.unicode_text import folded
from environments.models import Environment


class ChoiceFilter(ListFilter):
    """The first `limits.FILTER_CHOICES` as links; when there are more, a search field for part of the name.

    ``lookup``: from the listed model to the filtered one. Works without JavaScript.
    """

    template = "environments/choice_filter.html"
    parameter: str
    lookup: str

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        self.worker = person(request)
        self.value = str(self.used_parameters.get(self.parameter, ""))
        self.word = str(self.used_parameters.get(self.word_parameter, "")).replace("\x00", "")[:100]
        found = self.offered()
        named = found.filter(name_key__contains=folded(self.word)) if self.word else found
        self.found = list(named.order_by("name", "pk")[: limits.FILTER_CHOICES + 1])
        self.too_many = len(self.found) > limits.FILTER_CHOICES
        self.chosen = found.filter(pk=self.value).first() if self._is_number else None

    @property
    def word_parameter(self) -> str:
        return f"{self.parameter}_named"

    @property
    def _is_number(self) -> bool:
        return self.value.isascii() and self.value.isdigit() and len(self.value) < 19

    def offered(self) -> QuerySet:
        raise NotImplementedError

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter, self.word_parameter]

    def has_output(self) -> bool:
        return len(self.found) > 1 or bool(self.value or self.word)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value:
            return queryset
        return queryset.filter(**{self.lookup: self.chosen.pk}) if self.chosen else queryset.none()

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        for one in [None, *self._shown()]:
            yield {
                "selected": one == self.chosen if one else not self.value,
                "query_string": changelist.get_query_string(
                    {self.parameter: one.pk} if one else {}, [self.parameter, self.word_parameter]
                ),
                "display": str(one) if one else _("All"),
            }
        yield {
            "field": self.too_many or bool(self.word),
            "name": self.word_parameter,
            "word": self.word,
            "too_many": self.too_many,
            "others": [pair for pair in changelist.params.items() if pair[0] not in self.expected_parameters()],
        }

    def _shown(self) -> list[Any]:
        shown = self.found[: limits.FILTER_CHOICES]
        return shown if self.chosen is None or self.chosen in shown else [self.chosen, *shown]


class OrganisationFilter(ChoiceFilter):
    title = _("organisation")
    parameter = "organisation"
    lookup = "membership__organisation"

    def offered(self) -> QuerySet:
        return Organisation.objects.filter(scope.organisations(self.worker))


class MembersFilter(OrganisationFilter):
    """For the list of people."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return (
            queryset.filter(memberships.belongs_to(self.chosen)) if self.chosen else super().queryset(request, queryset)
        )


class OwnerFilter(OrganisationFilter):
    """For lists of environments."""

    lookup = "organisation"


class EnvironmentFilter(ChoiceFilter):
    title = _("environment")
    parameter = "environment"
    lookup = "access__environment"

    def offered(self) -> QuerySet:
        return Environment.objects.filter(scope.organisations(self.worker, "organisation_id"))


class OwnerOfAccessFilter(OrganisationFilter):
    lookup = "environment__organisation"


class EnvironmentOfAccessFilter(EnvironmentFilter):
    lookup = "environment"
