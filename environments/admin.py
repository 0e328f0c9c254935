from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import ForeignKey, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import limits
from accounts.audit.origin import Origin
from accounts.http_requests import person
from accounts.models import User
from accounts.organisations import scope
from accounts.organisations.admin import ScopedAdmin
from accounts.organisations.models import Organisation
from environments import flows
from environments.changes import flows as changes
from environments.filters import OwnerFilter
from environments.forms import EnvironmentForm
from environments.models import Access, Environment, GroupMapping


class GroupMappingInline(admin.TabularInline):
    model = GroupMapping
    extra = 0


@admin.register(Environment)
class EnvironmentAdmin(ScopedAdmin):
    """Access is edited at the people: an environment can have a hundred thousand of them."""

    form = EnvironmentForm
    list_display = ["name", "organisation", "address"]
    list_filter = [OwnerFilter]
    ALLOWED_LOOKUPS = frozenset({"organisation", "organisation_named"})
    list_select_related = ["organisation"]
    search_fields = ["name", "organisation__name"]
    autocomplete_fields = ["organisation"]
    prepopulated_fields = {"slug": ["name"]}
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}  # "kaart.voorbeeld.nl" means https
    inlines = [GroupMappingInline]

    def in_scope(self, worker: User) -> Q:
        return scope.organisations(worker, "organisation_id")

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "organisation":
            kwargs["queryset"] = Organisation.objects.filter(scope.organisations(person(request)))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Environment | None = None) -> bool:
        if not super().has_delete_permission(request, obj):
            return False
        # Deleting ends the access of everybody at once. A worker for one organisation must first remove people of other
        # organisations one by one, and so sees who they are.
        worker = person(request)
        if obj is None or scope.works_for_all(worker):
            return True
        mine = Access.objects.filter(scope.people(worker, "user__"), environment=obj)
        return mine.count() == Access.objects.filter(environment=obj).count()

    def save_model(self, request: HttpRequest, obj: Environment, form: forms.ModelForm, change: bool) -> None:
        by: dict[str, Any] = {"actor": person(request), "origin": Origin.of(request)}
        if not change:
            changes.add(obj, **by)
        elif changes.change(obj, **by):
            self.message_user(request, _waiting_notice(), messages.WARNING)

    def save_formset(self, request: HttpRequest, form: forms.ModelForm, formset: Any, change: bool) -> None:
        kept = formset.save(commit=False)
        by: dict[str, Any] = {"actor": person(request), "origin": Origin.of(request)}
        changes.set_group_mappings(form.instance, kept, formset.deleted_objects, **by)

    def delete_model(self, request: HttpRequest, obj: Environment) -> None:
        flows.delete(obj, actor=person(request), origin=Origin.of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Environment]) -> None:
        for environment in queryset:
            self.delete_model(request, environment)


def _waiting_notice() -> str:
    hours = int(limits.NEW_ADDRESS_WAITS.total_seconds()) // 3600
    return _(
        "The present address stays in force until a second administrator approves the new one, or for %(hours)d hours. "
        "Whoever may open the environment sees that it will change."
    ) % {"hours": hours}
