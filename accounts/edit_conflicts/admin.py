"""Admin change pages that handle two people editing the same object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.edit_conflicts import page_state
from accounts.edit_conflicts.forms import MergedForm, deleted_message, was_shown
from accounts.edit_conflicts.inline_rows import MergedRows
from accounts.edit_conflicts.page_state import Values

CHANGES = "accounts.changes_object"  # marks in META a request that changes an object, so that its row is locked


class MergedAdmin(admin.ModelAdmin):
    """Saves only the fields that somebody changed, and refuses a field that two people changed, showing both values."""

    def _about(self, object_id: Any) -> str:
        return f"{self.opts.label_lower}/{object_id}"

    def _page(self, request: HttpRequest, object_id: Any) -> Values | None:
        return page_state.read(request.POST.get(page_state.FIELD, ""), self._about(object_id), request.user.pk or 0)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if request.method != "POST" or object_id is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        request.META[CHANGES] = True
        try:
            # With the path: after fresh proof the page is shown at another one.
            return super().changeform_view(request, object_id, form_url or request.path, extra_context)
        except Http404:
            if not was_shown(request.POST, self._about(unquote(object_id)), request.user.pk):
                raise  # for people who were never shown it, it does not exist
            return self._deleted(request)

    def _deleted(self, request: HttpRequest) -> HttpResponse:
        messages.error(request, deleted_message())
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model | None:
        """Locked when the request changes it: then it stays as stored until the transaction ends."""
        found = super().get_object(request, object_id, from_field)
        if not request.META.get(CHANGES):
            return found
        if found is not None:
            self.lock_row(found)
            found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def lock_row(self, found: Model) -> None:
        list(type(found)._base_manager.select_for_update(no_key=True).filter(pk=found.pk).values_list("pk"))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None or not change:
            return form
        return type("MergedForm", (MergedForm, form), {"about": self._about(obj.pk), "shown_to": request.user.pk})

    def get_formsets_with_inlines(self, request: HttpRequest, obj: Any = None) -> Iterator[Any]:
        for formset, inline in super().get_formsets_with_inlines(request, obj):
            if obj is None:
                yield formset, inline
                continue
            page = self._page(request, obj.pk)
            more = {"shown": page and page["rows"], "may_change": inline.has_change_permission(request, obj)}
            yield type("MergedRows", (MergedRows, formset), more), inline

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        form = context["adminform"].form
        if isinstance(form, MergedForm):
            tables = [one.formset for one in context["inline_admin_formsets"]]
            form.rows = {str(table.prefix): table.values_shown for table in tables if isinstance(table, MergedRows)}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        columns = {field.name for field in obj._meta.concrete_fields}
        if changed := [name for name in form.changed_data if name in columns]:
            obj.save(update_fields=changed)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry | None:  # type: ignore[override]
        """Log nothing when nothing was changed."""
        return super().log_change(request, obj, message) if message else None
