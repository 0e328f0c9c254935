from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.core.exceptions import SuspiciousOperation
from django.db.models import Field, ForeignKey, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import limits, prefix_search
from accounts.active_sessions.reauthentication import fresh_proof_required, fresh_proof_required_to_post
from accounts.audit.origin import Origin
from accounts.deletion import CountedDeletion
from accounts.edit_conflicts.admin import MergedAdmin
from accounts.http_requests import person
from accounts.models import User
from accounts.organisations import flows, scope, sign_in_policy
from accounts.organisations.forms import OrganisationForm
from accounts.organisations.models import Organisation

SEES_SECOND_STEP = ("organisations.view_organisation", "accounts.view_user")
CHANGES = "organisations.change_organisation"


def is_key(text: Any) -> bool:
    """Can this be a primary key? Databases and Django raise on some other texts."""
    return str(text).isascii() and str(text).isdigit() and len(str(text)) < 19


class Autocomplete(AutocompleteSelect):
    """Django's own queries the database for whatever was posted, and raises when that is no number."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super().optgroups(name, [one for one in value if is_key(one)], attrs)


class BoundedList(ChangeList):
    """Ignores an ordering by more columns than a list can have."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        if len(str(self.params.get(ORDER_VAR, ""))) > limits.ADMIN_ORDER_LONGEST:
            self.params.pop(ORDER_VAR)
        return super().get_ordering(request, queryset)


class BoundedAdmin(CountedDeletion):
    """Bounds the searches of lists and autocomplete fields: Django's own adds a condition for each of any number of
    words. Every change asks for fresh proof (ASVS 7.5.3)."""

    @method_decorator(fresh_proof_required)
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().add_view(request, *args, **kwargs)

    @method_decorator(fresh_proof_required)
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """An administration page left open on an unattended screen must not do anything."""
        return super().change_view(request, *args, **kwargs)

    @method_decorator(fresh_proof_required)
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().delete_view(request, *args, **kwargs)

    @method_decorator(fresh_proof_required_to_post)
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Actions on the chosen rows are posted here."""
        return super().changelist_view(request, *args, **kwargs)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedList

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Without Django's links to add, change, delete or view the chosen row: they are pictures without a text."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            for link in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{link}_related", False)
        return field

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        if len(search_term) > limits.ADMIN_SEARCH_LONGEST:
            return queryset.none(), False
        words = " ".join(search_term.split()[: prefix_search.MOST_WORDS])
        return super().get_search_results(request, queryset, words)


class ScopedAdmin(BoundedAdmin, MergedAdmin):
    """Shows a worker only the rows in their scope; to them the others do not exist (ASVS 8.4.1).

    Lists, searches, the choices of other pages and every URL with a primary key go through `get_queryset`.
    ``ALLOWED_LOOKUPS``: the query parameters of the list's filters.
    """

    ALLOWED_LOOKUPS: frozenset[str] = frozenset()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Every other lookup would get round the scope (`?people=5`: may that stranger open this?) or load the
        # database (`?name__regex=...`).
        return lookup in self.ALLOWED_LOOKUPS

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not all(map(is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise SuspiciousOperation("an action on rows that have no such number")
        return super().response_action(request, *args, **kwargs)

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = Autocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def in_scope(self, worker: User) -> Q:
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(self.in_scope(person(request)))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model:
        """Raises Http404; Django's own redirects and says that the object does not exist."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found


def _link(page: str, organisation: Organisation, words: str) -> SafeString:
    """The name of the organisation is read out with it, because many rows say the same."""
    return format_html(
        '<a href="{}">{}<span class="visually-hidden"> ({})</span></a>',
        reverse(page, args=[organisation.slug]),
        words,
        organisation.name,
    )


@admin.register(Organisation)
class OrganisationAdmin(ScopedAdmin):
    form = OrganisationForm
    list_display = ("name", "contact", "demand", "business_account")
    list_select_related = ["connection"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}

    def in_scope(self, worker: User) -> Q:
        return scope.organisations(worker)

    def get_list_display(self, request: HttpRequest) -> Any:
        """With the columns that lead to a page which this worker may open."""
        worker = person(request)
        needed: dict[Any, tuple[str, ...]] = {"demand": SEES_SECOND_STEP, "business_account": (CHANGES,)}
        return [name for name in self.list_display if worker.has_perms(needed.get(name, ()))]

    @admin.display(description=_("second step"))
    def demand(self, obj: Organisation) -> SafeString:
        return _link("organisation_overview", obj, sign_in_policy.in_words(obj.second_step, obj.required_from))

    @admin.display(description=_("business account"))
    def business_account(self, obj: Organisation) -> SafeString:
        # By the relation's name: the package of single sign-on is in a higher layer.
        connection = getattr(obj, "connection", None)
        return _link("sso_setup", obj, str(_("on") if connection and connection.enabled else _("off")))

    def get_readonly_fields(self, request: HttpRequest, obj: Organisation | None = None) -> Any:
        """Names are unique, so a worker for one organisation could find out by trying which others exist."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if scope.works_for_all(person(request)) else [*fixed, "name", "slug"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Organisation | None = None) -> dict[str, Any]:
        return {} if "slug" in self.get_readonly_fields(request, obj) else super().get_prepopulated_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and scope.works_for_all(person(request))

    def has_delete_permission(self, request: HttpRequest, obj: Organisation | None = None) -> bool:
        return super().has_delete_permission(request, obj) and scope.works_for_all(person(request))

    def save_model(self, request: HttpRequest, obj: Organisation, form: forms.ModelForm, change: bool) -> None:
        (flows.change if change else flows.add)(obj, actor=person(request), origin=Origin.of(request))

    def delete_model(self, request: HttpRequest, obj: Organisation) -> None:
        flows.delete(obj, actor=person(request), origin=Origin.of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> None:
        for organisation in queryset:
            self.delete_model(request, organisation)
