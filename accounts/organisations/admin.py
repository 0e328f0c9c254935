from __future__ import annotations

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest

from accounts.models import User
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.requests import person


class ScopedAdmin(admin.ModelAdmin):
    """Shows a worker only what that worker works for; the rest does not exist (ASVS 8.4.1).

    Lists, searches, the choices of other pages and every address with a number go through `get_queryset`.
    """

    def in_scope(self, worker: User) -> Q:
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(self.in_scope(person(request)))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model:
        """Raises Http404; Django's own leads to another page and says that the number does not exist."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found


@admin.register(Organisation)
class OrganisationAdmin(ScopedAdmin):
    list_display = ["name", "contact"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}

    def in_scope(self, worker: User) -> Q:
        return scope.organisations(worker)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and scope.works_for_all(person(request))

    def has_delete_permission(self, request: HttpRequest, obj: Organisation | None = None) -> bool:
        return super().has_delete_permission(request, obj) and scope.works_for_all(person(request))
