"""People in the administration. Nobody types a password for another, and no page shows a secret."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import ManyToManyField, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import flows
from accounts.audit.origin import Origin
from accounts.edit_conflicts.admin import MergedAdmin
from accounts.http_requests import person
from accounts.models import User
from accounts.organisations.admin import BoundedAdmin
from accounts.passwords import flows as passwords
from accounts.permissions import flows as rights
from accounts.support import flows as support
from accounts.support import sent_mail, wording
from accounts.two_factor import devices

admin.site.unregister(Group)


@admin.register(Group)
class RightsAdmin(BoundedAdmin, MergedAdmin, GroupAdmin):
    """Changed by superusers only: whoever may change a group could give themselves every right through it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return person(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return person(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return person(request).is_superuser

    def save_model(self, request: HttpRequest, obj: Group, form: forms.ModelForm, change: bool) -> None:
        # With the rights, which Django stores after this once more: the entry is about both.
        store = rights.change_group if change else rights.add_group
        store(obj, form.cleaned_data["permissions"], actor=person(request), origin=Origin.of(request))

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        rights.delete_group(obj, actor=person(request), origin=Origin.of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        for group in queryset:
            self.delete_model(request, group)


def state(is_on: bool, word: Promise | str) -> SafeString:
    """A word with a sign before it, for a list: not a picture alone, and not colour alone."""
    return format_html('<span class="state{}">{}</span>', " state--on" if is_on else "", word)


class StaffFilter(admin.BooleanFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("administration")


class TwoFactorFilter(admin.SimpleListFilter):
    title = _("second step")
    parameter_name = "second_step"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("on", _("on")),
            ("off", _("off")),
            ("passkey", _("with a passkey")),
            ("no-passkey", _("without a passkey")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in ("on", "off"):
            return queryset.filter(has_second_step=self.value() == "on")
        if self.value() in ("passkey", "no-passkey"):
            return queryset.filter(has_passkey=self.value() == "passkey")
        return queryset


@admin.register(User)
class UserAdmin(BoundedAdmin, MergedAdmin):
    list_display = ["email", "first_name", "last_name", "organisation", "second_step", "is_staff", "is_active"]
    list_filter = [TwoFactorFilter, "membership__organisation", ("is_staff", StaffFilter), "is_active"]
    list_select_related = ["membership__organisation"]
    search_fields = ["email", "first_name", "last_name"]
    ordering = ["email"]
    readonly_fields = ["second_step", "last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "first_name", "last_name", "language"]}),
        (_("Sign-in"), {"fields": ["is_active", "second_step", "last_login", "date_joined"]}),
        (_("Rights"), {"fields": ["is_staff", "is_superuser", "groups"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "first_name", "last_name", "language"]})]
    change_form_template = "admin/accounts/user_change_form.html"
    RIGHTS = ("is_staff", "is_superuser", "groups")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .annotate(has_second_step=devices.confirmed_device_exists(), has_passkey=devices.passkey_exists())
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Otherwise filters in the query string would reveal a password's hash, one character after another.
        return not lookup.startswith(("password", "active_sessions")) and super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("organisation"))
    def organisation(self, obj: User) -> str:
        return str(obj.membership) if hasattr(obj, "membership") else "-"

    @admin.display(description=_("second step"))
    def second_step(self, obj: User) -> SafeString:
        has_it = bool(getattr(obj, "has_second_step", False))
        word = _("passkey") if getattr(obj, "has_passkey", False) else _("on") if has_it else _("off")
        return state(has_it, word)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.add_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        # Who is not a superuser could otherwise hand out rights that they do not have themselves.
        fixed = list(super().get_readonly_fields(request, obj))
        if obj and obj.pk == request.user.pk:
            fixed.append("email")  # one's own is changed in the portal: with a link to the new mailbox
        return fixed if request.user.is_superuser else [*fixed, *self.RIGHTS]

    def formfield_for_manytomany(self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any) -> Any:
        # Django's widget of two boxes with arrows is only partly translated, and permissions have no Dutch names.
        field = super().formfield_for_manytomany(db_field, request, **kwargs, widget=forms.CheckboxSelectMultiple)
        if field:
            field.help_text = ""
        return field

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # Changing the address of somebody with more rights would be a way to take over the account.
        return super().has_change_permission(request, obj) and not (obj and support.outranks(obj, person(request)))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # people are deactivated: the audit needs to know who they were

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        origin = Origin.of(request)
        if not change:
            obj.set_unusable_password()
            obj.save()
            passwords.invite(obj, actor=person(request), origin=origin)
            return
        before = User.objects.select_for_update().get(pk=obj.pk)
        if held := flows.change_person(obj, before=before, actor=person(request), origin=origin):
            messages.warning(request, wording.waits_for_approval(held))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        shown = context.get("original")
        context["may_help"] = bool(shown and request.user.has_perm(support.PERMISSION))
        context["may_export"] = bool(shown and person(request).is_superuser)
        context["mails"] = sent_mail.newest(shown, person(request)) if shown else []
        return super().render_change_form(request, context, *args, **kwargs)
