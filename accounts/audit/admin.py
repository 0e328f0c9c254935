from django.contrib import admin
from django.http import HttpRequest

from accounts.audit.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    """To read only."""

    list_display = ["at", "event", "succeeded", "subject_name", "actor_name", "reason", "address"]
    list_filter = ["event", "succeeded", "at"]
    search_fields = ["subject_name", "actor_name"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False
