"""Pages in the administration: picture and address of an environment, and the role of a person in it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.edit_conflicts.forms import deleted_message, was_shown
from accounts.http_requests import PersonRequest
from accounts.organisations import scope
from accounts.post_redirect_get import redirect_with_errors, restore
from environments import flows as environments
from environments.address_change import flows as addresses
from environments.address_change.flows import Outcome as AddressOutcome
from environments.administration import flows
from environments.administration.flows import Outcome
from environments.administration.forms import ADDRESS_REFUSALS, SENTENCES, PictureForm, RoleForm, VersionForm
from environments.models import Access, Environment, Picture, Role

MAY_CHANGE = "environments.change_environment"


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def change_picture(request: PersonRequest, environment_id: int) -> HttpResponse:
    environment = _environment(request, environment_id)
    if request.method != "POST":
        form = PictureForm()
        context = _page(request, _("Picture of %(name)s") % {"name": environment.name})
        shown = {"form": restore(request, form), "environment": environment, "width": limits.PICTURE_WIDTHS[-1]}
        return render(request, "admin/environments/picture.html", context | shown)
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    outcome = flows.set_picture(
        environment.pk, form.cleaned_data["picture"].read(), shown=form.cleaned_data["version"], **_by(request)
    )
    if outcome is not Outcome.SAVED:
        form.refuse(outcome)
        return redirect_with_errors(request, form)
    _log(request, environment)
    messages.success(request, _("The picture is saved."))
    return redirect("change_picture", environment.pk)


change_picture.largest_body = limits.LARGEST_PICTURE_BODY  # type: ignore[attr-defined]  # see the middleware `request_validation`


@require_POST
@fresh_proof_required
def remove_picture(request: PersonRequest, environment_id: int) -> HttpResponse:
    environment = _environment(request, environment_id)
    form = VersionForm(request.POST)
    if form.is_valid() and flows.remove_picture(environment.pk, shown=form.cleaned_data["version"], **_by(request)):
        _log(request, environment)
        messages.success(request, _("The picture is removed."))
    else:
        messages.error(request, SENTENCES[Outcome.CHANGED_MEANWHILE])
    return redirect("change_picture", environment.pk)


@require_safe
def see_picture(request: PersonRequest, environment_id: int, version: int) -> HttpResponse:
    """For administrators, who need not have access to the environment itself."""
    environment = _environment(request, environment_id)
    found = Picture.objects.filter(environment=environment, width=limits.PICTURE_WIDTHS[-1])
    if version != environment.picture_version or not found:
        raise Http404
    return HttpResponse(bytes(found[0].webp), content_type="image/webp")


@require_safe
def new_address(request: PersonRequest, environment_id: int) -> HttpResponse:
    """The address that waits, beside the one in force."""
    environment = _environment(request, environment_id)
    context = _page(request, _("New address of %(name)s") % {"name": environment.name})
    context |= {"environment": environment, "is_ones_own": environment.next_address_by_id == request.user.pk}
    context["needs_no_approval"] = addresses.needs_no_approval(environment)
    return render(request, "admin/environments/new_address.html", context)


@require_POST
@fresh_proof_required
def approve_address(request: PersonRequest, environment_id: int) -> HttpResponse:
    environment = _environment(request, environment_id)
    outcome = addresses.approve(environment.pk, request.POST.get("address", ""), **_by(request))
    return _respond(request, environment, outcome, _("The new address is in force."))


@require_POST
@fresh_proof_required
def cancel_address(request: PersonRequest, environment_id: int) -> HttpResponse:
    environment = _environment(request, environment_id)
    outcome = addresses.cancel(environment.pk, request.POST.get("address", ""), **_by(request))
    return _respond(request, environment, outcome, _("The new address is cancelled. The present one stays."))


def _respond(request: PersonRequest, environment: Environment, outcome: AddressOutcome, done: str) -> HttpResponse:
    if outcome is AddressOutcome.DONE:
        messages.success(request, done)
        return redirect("admin:environments_environment_change", environment.pk)
    messages.error(request, ADDRESS_REFUSALS[outcome])
    return redirect("new_address", environment.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def change_role(request: PersonRequest, access_id: int) -> HttpResponse:
    try:
        access = _access(request, access_id)
    except Http404:
        if not was_shown(request.POST, f"role/{access_id}", request.user.pk):
            raise
        messages.error(request, deleted_message())
        return redirect("admin:environments_access_changelist")
    if request.method != "POST":
        form = _role(request, access)
        context = _page(request, _("Role in %(name)s") % {"name": access.environment.name})
        return render(request, "admin/environments/role.html", context | {"form": restore(request, form), "of": access})
    with transaction.atomic():
        list(Access.objects.select_for_update().filter(pk=access.pk))
        form = _role(request, _access(request, access_id))
        if not form.is_valid():
            return redirect_with_errors(request, form)
        role = Role(form.cleaned_data["role"])
        environments.set_role(access, role, actor=request.user, origin=Origin.of(request))
    messages.success(request, _("The role is saved."))
    return redirect("change_role", access.pk)


def _role(request: PersonRequest, access: Access) -> RoleForm:
    form = RoleForm(request.POST or None, initial={"role": access.role})
    form.of(f"role/{access.pk}", request.user.pk)
    return form


def _environment(request: PersonRequest, environment_id: int) -> Environment:
    """Raises PermissionDenied without the right, Http404 outside the worker's scope."""
    if not request.user.has_perm(MAY_CHANGE):
        raise PermissionDenied
    mine = Environment.objects.filter(scope.organisations(request.user, "organisation_id"))
    return get_object_or_404(mine.select_related("organisation"), pk=environment_id)


def _access(request: PersonRequest, access_id: int) -> Access:
    """The same; a worker for one organisation gives roles only to its people in its environments."""
    worker = request.user
    if not worker.has_perm(environments.MAY_GIVE_ACCESS):
        raise PermissionDenied
    rows = Access.objects.filter(environments.in_scope(worker), scope.people(worker, "user__"))
    return get_object_or_404(rows.select_related("user", "environment__organisation"), pk=access_id)


def _by(request: PersonRequest) -> dict[str, Any]:
    return {"actor": request.user, "origin": Origin.of(request)}


def _page(request: PersonRequest, title: str) -> dict[str, Any]:
    return admin.site.each_context(request) | {"title": title}


def _log(request: PersonRequest, environment: Environment) -> None:
    what = [{"changed": {"fields": ["Picture"]}}]  # the format of the admin's own log
    LogEntry.objects.log_actions(request.user.pk, [environment], CHANGE, what, single_object=True)
