from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.organisations.models import Organisation
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.sso.decorators import for_administrators
from accounts.sso.domains import diagnosis, flows, proposals, wording
from accounts.sso.domains.flows import Outcome
from accounts.sso.domains.forms import DomainForm, ReasonForm
from accounts.sso.domains.resolver import DnsResolver
from accounts.sso.models import MailDomain

PAGE = "sso_domains"


def _by(request: PersonRequest) -> dict[str, Any]:
    return {"actor": request.user, "origin": Origin.of(request)}


def _own(organisation: Organisation, pk: int) -> MailDomain:
    return get_object_or_404(MailDomain, organisation=organisation, pk=pk)


def _done(request: PersonRequest, organisation: Organisation, outcome: Outcome) -> HttpResponse:
    tell = messages.success if outcome in wording.GOOD else messages.error
    tell(request, wording.of_outcome(outcome))
    return redirect("sso_setup" if outcome is Outcome.PROVED else PAGE, organisation.slug)


@for_administrators
@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def domains(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """The list with the records to make, and a form for one more."""
    form = DomainForm(request.POST or None)
    if request.method != "POST":
        context = admin.site.each_context(request) | {
            "title": _("Mail domains"),
            "organisation": organisation,
            "form": restore(request, form),
            "domains": flows.for_display(
                MailDomain.objects.filter(organisation=organisation).select_related("proved_by")
            ),
            "proposed": proposals.not_listed(organisation),
            "may_prove": request.user.is_superuser,
        }
        return render(request, "admin/sso/domains.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    outcome = flows.add(organisation, form.cleaned_data["domain"], **_by(request))
    if outcome is not Outcome.ADDED:
        form.add_error("domain", wording.of_outcome(outcome))
        return redirect_with_errors(request, form)
    return _done(request, organisation, outcome)


@require_POST
@for_administrators
@fresh_proof_required
def check(request: PersonRequest, organisation: Organisation, pk: int) -> HttpResponse:
    domain, resolver = _own(organisation, pk), DnsResolver()
    outcome = flows.check(domain, resolver, **_by(request))
    if outcome not in (Outcome.ABSENT, Outcome.OTHER_TEXT):
        return _done(request, organisation, outcome)
    found = wording.of_diagnosis(diagnosis.diagnose(domain, resolver))
    messages.error(request, f"{wording.of_outcome(outcome)} {found}".strip())
    return redirect(PAGE, organisation.slug)


@for_administrators
@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: PersonRequest, organisation: Organisation, pk: int) -> HttpResponse:
    """A superuser proves a domain without a DNS record, with a reason."""
    if not request.user.is_superuser:
        raise PermissionDenied
    domain = _own(organisation, pk)
    form = ReasonForm(request.POST or None)
    if request.method != "POST":
        context = admin.site.each_context(request) | {
            "title": _("Prove a domain with a reason"),
            "organisation": organisation,
            "form": restore(request, form),
            "domain": flows.for_display([domain])[0],
        }
        return render(request, "admin/sso/prove_domain.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    outcome = flows.prove_with_reason(domain, form.cleaned_data["reason"], **_by(request))
    return _done(request, organisation, outcome)


@require_POST
@for_administrators
@fresh_proof_required
def remove(request: PersonRequest, organisation: Organisation, pk: int) -> HttpResponse:
    return _done(request, organisation, flows.remove(_own(organisation, pk), **_by(request)))
