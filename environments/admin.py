from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from environments.models import Access, Environment, GroupMapping


class AccessInline(admin.TabularInline):
    model = Access
    autocomplete_fields = ["user"]
    extra = 1


class GroupMappingInline(admin.TabularInline):
    model = GroupMapping
    autocomplete_fields = ["organisation"]
    extra = 0


@admin.register(Environment)
class EnvironmentAdmin(admin.ModelAdmin):
    list_display = ["name", "organisation", "address"]
    list_filter = ["organisation"]
    list_select_related = ["organisation"]
    search_fields = ["name", "organisation__name"]
    autocomplete_fields = ["organisation"]
    prepopulated_fields = {"slug": ["name"]}
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}  # "kaart.voorbeeld.nl" means https
    inlines = [AccessInline, GroupMappingInline]


@admin.register(Access)
class AccessAdmin(admin.ModelAdmin):
    """Who may open what, from the side of the person."""

    list_display = ["user", "environment"]
    list_filter = ["environment__organisation", "environment"]
    list_select_related = ["user", "environment"]
    search_fields = ["user__email", "environment__name"]
    autocomplete_fields = ["user", "environment"]

    def has_change_permission(self, request: HttpRequest, obj: Access | None = None) -> bool:
        return False  # given or taken, never turned into another's
