from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.audit.origin import Origin
from accounts.requests import person
from accounts.support import reports
from accounts.support.models import HelpRequest, Report


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


@admin.register(HelpRequest)
class HelpRequestAdmin(ReadOnlyAdmin):
    """For support: find the reference that a caller reads out."""

    list_display = ["reference", "user", "asked_at", "cancelled_at", "address"]
    list_select_related = ["user"]
    search_fields = ["reference", "user__email"]


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ["user", "reported_at", "looked_at", "looked_by"]
    list_select_related = ["user", "looked_by"]
    actions = ["looked_at"]

    @admin.action(description=_("I have looked at this and spoken to the person"), permissions=["look"])
    def looked_at(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        for report in queryset:
            reports.looked_at(report, person(request), Origin.of(request))

    def has_look_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("support.change_report")
