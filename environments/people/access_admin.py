"""Access in the administration: who may open which environment."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import ForeignKey, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.audit.origin import Origin
from accounts.http_requests import person
from accounts.models import User
from accounts.organisations import scope
from environments import flows as access
from environments.filters import EnvironmentOfAccessFilter, OwnerOfAccessFilter
from environments.models import Access, Environment
from environments.people.large_lists import SEARCH_HELP, LongListAdmin

ACCESS_LOOKUPS = frozenset({"organisation", "organisation_named", "environment", "environment_named"})


@admin.register(Access)
class AccessAdmin(LongListAdmin):
    """All access to the environments in the worker's scope, also of people of other organisations."""

    list_display = ["user", "belongs_to", "environment", "role"]
    readonly_fields = ["person", "belongs_to", "role"]  # the role is changed on a page of its own
    list_filter = [OwnerOfAccessFilter, EnvironmentOfAccessFilter]
    ALLOWED_LOOKUPS = ACCESS_LOOKUPS
    list_select_related = ["user__membership__organisation", "environment"]
    search_fields = ["user__email"]
    search_help_text = SEARCH_HELP
    autocomplete_fields = ["user", "environment"]
    ordering = ["-pk"]
    to_person = "user__"

    def in_scope(self, worker: User) -> Q:
        return access.in_scope(worker)

    @admin.display(description=_("person"))
    def person(self, obj: Access) -> str:
        """A text: a link would lead to a page that does not exist for a worker for another organisation."""
        return str(obj.user)

    @admin.display(description=_("organisation of the person"))
    def belongs_to(self, obj: Access) -> str:
        return str(obj.user.membership) if hasattr(obj.user, "membership") else "-"

    def get_fields(self, request: HttpRequest, obj: Access | None = None) -> Any:
        return ["person", "belongs_to", "environment", "role"] if obj else ["user", "environment", "role"]

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        worker = person(request)
        kwargs["queryset"] = (
            User.objects.filter(scope.people(worker))
            if db_field.name == "user"
            else Environment.objects.filter(scope.organisations(worker, "organisation_id"))
        )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        shown = context.get("original")
        context["may_give_role"] = bool(shown and scope.includes(person(request), shown.user))
        return super().render_change_form(request, context, *args, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Access | None = None) -> bool:
        return False  # access is given or removed, never edited

    def save_model(self, request: HttpRequest, obj: Access, form: forms.ModelForm, change: bool) -> None:
        access.change_access(obj.user, given=[obj.environment], actor=person(request), origin=Origin.of(request))
        obj.pk = Access.objects.get(user=obj.user, environment=obj.environment).pk

    def delete_model(self, request: HttpRequest, obj: Access) -> None:
        access.change_access(obj.user, taken=[obj.environment], actor=person(request), origin=Origin.of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Access]) -> None:
        taken: dict[User, list[Environment]] = {}
        for row in queryset.select_related("user", "environment"):
            taken.setdefault(row.user, []).append(row.environment)
        for user, environments in taken.items():
            access.change_access(user, taken=environments, actor=person(request), origin=Origin.of(request))
