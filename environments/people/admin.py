"""People in the administration, with organisation and environments; replaces the page of `accounts.admin`."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.admin import StaffFilter, TwoFactorFilter, UserAdmin, state
from accounts.audit.origin import Origin
from accounts.http_requests import person
from accounts.models import User
from accounts.organisations import memberships, scope
from accounts.organisations.models import Organisation
from accounts.permissions.flows import Rights
from accounts.support import wording as support_wording
from environments.filters import EnvironmentFilter, MembersFilter
from environments.models import Environment
from environments.people import flows
from environments.people.access_admin import ACCESS_LOOKUPS  # the import registers that page as well
from environments.people.forms import ChooseOrganisationForm, PersonForm, may_move
from environments.people.large_lists import SEARCH_HELP, LastSignInFilter, LongListAdmin, too_many

admin.site.unregister(User)

VIEWED_BY = "_looked_at_by"
ADDRESS_FIXED = _(
    "This person can also open an environment of another organisation. Support changes the e-mail address and sends "
    "invitations."
)
NOBODY_TO_INVITE = _("Nobody to invite: all have a password, sign in otherwise, or are deactivated.")
STAYS = _(
    "This person is not moved yet: the present e-mail address is of another organisation. Save both once more as soon "
    "as the new address may be used."
)


@admin.register(User)
class PeopleAdmin(LongListAdmin, UserAdmin):
    form = PersonForm
    list_display = ["named", "organisation", "second_step", "last_seen", "active"]
    sortable_by: ClassVar[list[str]] = ["named"]
    list_filter = [
        *(MembersFilter, EnvironmentFilter, TwoFactorFilter, LastSignInFilter),
        *(("is_staff", StaffFilter), "is_active"),
    ]
    search_help_text = SEARCH_HELP
    actions = ["invite_again", "deactivate"]
    fieldsets = [
        (None, {"fields": ["email", "first_name", "last_name", "language"]}),
        (_("Organisation and environments"), {"fields": ["organisation", "opens"]}),
        *UserAdmin.fieldsets[1:],
    ]
    add_fieldsets = [(None, {"fields": ["email", "first_name", "last_name", "language", "opens"]})]
    change_list_template = "environments/people/people.html"
    ALLOWED_LOOKUPS = ACCESS_LOOKUPS | {"second_step", "came", "is_staff__exact", "is_active__exact"}
    add_form_template = "environments/people/add_person.html"
    change_form_template = "environments/people/person.html"

    def in_scope(self, worker: User) -> Q:
        return scope.people(worker)

    def get_list_display(self, request: HttpRequest) -> Any:
        seen = "seen_or_invite" if self.has_invite_permission(request) else "last_seen"
        return [seen if name == "last_seen" else name for name in self.list_display]

    @admin.display(description=_("e-mail address"), ordering="email")
    def named(self, obj: User) -> SafeString | str:
        """The name with the address below it: one of them tells who it is."""
        name = obj.get_full_name()
        return format_html('{} <span class="below">{}</span>', name, obj.email) if name else obj.email

    @admin.display(description=_("last signed in"))
    def last_seen(self, obj: User) -> str:
        return date_format(timezone.localtime(obj.last_login), "j M Y").lower() if obj.last_login else str(_("never"))

    @admin.display(description=_("active"))
    def active(self, obj: User) -> SafeString:
        return state(obj.is_active, _("yes") if obj.is_active else _("no"))

    @admin.display(description=_("last signed in"))
    def seen_or_invite(self, obj: User) -> str:
        """When, or a button for who never came; `flows.may_invite` decides when it is pressed."""
        if obj.last_login or obj.has_usable_password() or not obj.is_active:
            return self.last_seen(obj)
        address = reverse("people_invite_again", args=[obj.pk])
        button = '{} <button class="button button--link" formaction="{}" name="from-list" value="1">{}</button>'
        return format_html(button, self.last_seen(obj), address, _("Invite again"))

    @admin.display(description=_("environments"))
    def opens(self, obj: User) -> str:
        """Environments in the worker's scope; `get_object` stores the worker on the object."""
        seen = scope.organisations(getattr(obj, VIEWED_BY), "organisation_id")
        names = Environment.objects.open_to(obj).filter(seen).order_by("name").values_list("name", flat=True)
        return ", ".join(names) or "-"

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model:
        found = super().get_object(request, object_id, from_field)
        setattr(found, VIEWED_BY, person(request))
        return found

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not has_fixed_address(person(request), obj):
            return fieldsets
        (title, first), *rest = fieldsets
        return [(title, first | {"description": ADDRESS_FIXED}), *rest]

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        membership = getattr(obj, "membership", None)
        chosen = membership.organisation if membership else None if obj else chosen_for_new(request)
        kwargs["form"] = type("PersonForm", (PersonForm,), {"worker": person(request), "chosen": chosen})
        return super().get_form(request, obj, change, **kwargs)

    def lock_row(self, found: Model) -> None:
        flows.lock_person(found.pk)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        fixed = super().get_readonly_fields(request, obj)
        if obj and has_fixed_address(person(request), obj):
            fixed = [*fixed, "email"]
        return fixed if obj and may_move(person(request), obj) else [*fixed, "organisation"]

    @method_decorator(fresh_proof_required)
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """After fresh proof. First asks for the organisation, which determines the environments to choose from."""
        worker = person(request)
        if request.method == "POST" or not self.has_add_permission(request) or not scope.works_for_all(worker):
            return super().add_view(request, *args, **kwargs)
        form = ChooseOrganisationForm(request.GET if "organisation" in request.GET else None, worker=worker)
        if form.is_valid():
            return super().add_view(request, *args, **kwargs)
        context = self.admin_site.each_context(request) | {"form": form, "title": _("Add a person")}
        context["suggestions"] = suggested_organisations(worker)
        return render(request, "environments/people/choose_organisation.html", context)

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        by: dict[str, Any] = {"actor": person(request), "origin": Origin.of(request)}
        if not change:
            wanted = form.cleaned_data["opens"]
            flows.add([(obj, wanted)], chosen_for_new(request), **by)
            return
        before = flows.as_stored(obj, form.changed_data)
        rights = Rights.of(obj, form.cleaned_data.get("groups"))
        whose = form.cleaned_data.get("organisation", form.chosen)  # type: ignore[attr-defined]
        by_rights: dict[str, Any] = {"rights_before": Rights.of(before), "rights": rights}
        if held := flows.change(obj, belongs_to=whose.pk if whose else None, **by_rights, **by):
            form.changed_data.remove("email")  # otherwise the history would say that it changed
            messages.warning(request, support_wording.waits_for_approval(held))
        if before.is_active and not obj.is_active:
            messages.info(request, _("This person is signed out everywhere."))
        if "opens" in form.changed_data:
            wanted = form.cleaned_data["opens"]
            flows.set_environments(obj, offered=list(form.offered), wanted=wanted, **by)  # type: ignore[attr-defined]
        if "organisation" in form.changed_data and not self._must_wait(request, obj, form):
            flows.move(obj, form.cleaned_data["organisation"], **by)

    def _must_wait(self, request: HttpRequest, obj: User, form: forms.ModelForm) -> bool:
        """Must the move wait for the new address? The present one may not be used in the new organisation."""
        organisation = form.cleaned_data["organisation"]
        if organisation is None or not memberships.is_foreign(obj.email, organisation.pk):
            return False
        form.changed_data.remove("organisation")
        messages.warning(request, STAYS)
        return True

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        worker, shown = person(request), context.get("original")
        context["may_invite"] = bool(shown and flows.may_invite(worker, shown))
        context["suggestions"] = suggested_organisations(worker)
        context["chosen"] = None if shown else chosen_for_new(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A worker without an organisation would add people without one, outside their own scope.
        worker = person(request)
        works = scope.works_for_all(worker) or scope.organisation_id_of(worker) is not None
        return works and super().has_add_permission(request)

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return person(request).has_perm(flows.MAY_INVITE)

    @admin.action(description=_("Send these people the invitation again"), permissions=["invite"])
    def invite_again(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Asks first; `views.invite_chosen_again` carries it out."""
        chosen = len(queryset.order_by("pk").values_list("pk", flat=True)[: limits.PEOPLE_AT_ONCE + 1])
        people = list(queryset.filter(flows.NEVER_SIGNED_IN, is_active=True).order_by("email")[: limits.PEOPLE_AT_ONCE])
        if not people or chosen > limits.PEOPLE_AT_ONCE:
            told = too_many() if chosen > limits.PEOPLE_AT_ONCE else NOBODY_TO_INVITE
            self.message_user(request, told, messages.ERROR)
            return None
        context = self.admin_site.each_context(request) | {"people": people, "left_out": chosen - len(people)}
        return self._ask(request, "invite_again", str(_("Send the invitation again")), context)

    @admin.action(description=_("Deactivate these people"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Asks first; `views.deactivate` carries it out."""
        people = list(queryset.filter(is_active=True).order_by("email")[: limits.PEOPLE_AT_ONCE + 1])
        if not people or len(people) > limits.PEOPLE_AT_ONCE:
            told = too_many() if people else _("All of these people are deactivated already.")
            self.message_user(request, told, messages.ERROR)
            return None
        context = self.admin_site.each_context(request) | {"people": people}
        return self._ask(request, "deactivate", str(_("Deactivate people")), context)

    def _ask(self, request: HttpRequest, question: str, title: str, context: dict[str, Any]) -> HttpResponse:
        context |= {"title": title, "ids": "-".join(str(one.pk) for one in context["people"])}
        return render(request, f"environments/people/{question}.html", context)


def has_fixed_address(worker: User, subject: User) -> bool:
    """Is this person in scope, but not one whose sign-in this worker may manage (`scope.may_manage_sign_in`)?"""
    return not scope.works_for_all(worker) and scope.has_access_elsewhere(subject)


def chosen_for_new(request: HttpRequest) -> Organisation | None:
    """The worker's own organisation; for a worker for every organisation the one chosen in the query string."""
    worker = person(request)
    mine = Organisation.objects.filter(scope.organisations(worker))
    if not scope.works_for_all(worker):
        return mine.first()
    form = ChooseOrganisationForm(request.GET, worker=worker)
    return form.cleaned_data["organisation"] if form.is_valid() else None


def suggested_organisations(worker: User) -> QuerySet[Organisation]:
    return Organisation.objects.filter(scope.organisations(worker)).order_by("name")[: limits.SUGGESTED]
