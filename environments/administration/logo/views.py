"""The logo of an organisation, for its administrators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.post_redirect_get import redirect_with_errors, restore
from environments.administration.flows import Outcome
from environments.administration.forms import SENTENCES, VersionForm
from environments.administration.logo import flows
from environments.administration.logo.forms import LogoForm
from environments.models import Logo

MAY_CHANGE = "organisations.change_organisation"


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def change(request: PersonRequest, organisation: str) -> HttpResponse:
    whose = _organisation(request, organisation)
    if request.method != "POST":
        shown = {"form": restore(request, LogoForm()), "organisation": whose}
        shown["logo"] = Logo.objects.defer("webp").filter(organisation=whose).first()
        title = _("Logo of %(name)s") % {"name": whose.name}
        context = admin.site.each_context(request) | {"title": title} | shown
        return render(request, "admin/organisations/logo.html", context)
    form = LogoForm(request.POST, request.FILES)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    uploaded = form.cleaned_data["picture"].read()
    outcome = flows.set_logo(whose.pk, uploaded, shown=form.cleaned_data["version"], **_by(request))
    if outcome is not Outcome.SAVED:
        form.refuse(outcome)
        return redirect_with_errors(request, form)
    messages.success(request, _("The logo is saved."))
    return redirect("change_logo", whose.slug)


change.largest_body = limits.LARGEST_PICTURE_BODY  # type: ignore[attr-defined]  # see the middleware `request_validation`


@require_POST
@fresh_proof_required
def remove(request: PersonRequest, organisation: str) -> HttpResponse:
    whose = _organisation(request, organisation)
    form = VersionForm(request.POST)
    if form.is_valid() and flows.remove_logo(whose.pk, shown=form.cleaned_data["version"], **_by(request)):
        messages.success(request, _("The logo is removed."))
    else:
        messages.error(request, SENTENCES[Outcome.CHANGED_MEANWHILE])
    return redirect("change_logo", whose.slug)


@require_safe
def see(request: PersonRequest, organisation: str, version: int) -> HttpResponse:
    """For administrators, who need not have access to an environment."""
    logo = get_object_or_404(Logo, organisation=_organisation(request, organisation), pk=version)
    return HttpResponse(bytes(logo.webp), content_type="image/webp")


def _organisation(request: PersonRequest, slug: str) -> Organisation:
    """Raises PermissionDenied without the right, Http404 outside the worker's scope."""
    if not request.user.has_perm(MAY_CHANGE):
        raise PermissionDenied
    return get_object_or_404(Organisation.objects.filter(scope.organisations(request.user)), slug=slug)


def _by(request: PersonRequest) -> dict[str, Any]:
    return {"actor": request.user, "origin": Origin.of(request)}
