from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.sso import troubleshooting
from accounts.sso.decorators import RIGHT, for_administrators
from accounts.sso.domains import flows as domains
from accounts.sso.inspection import findings
from accounts.sso.models import MailDomain
from accounts.sso.provider.client import is_entra
from accounts.sso.setup import flows, readiness, wording
from accounts.sso.setup.flows import Outcome

PAGE = "sso_setup"


@require_safe
def organisations(request: PersonRequest) -> HttpResponse:
    """The organisations that this administrator works for, with the status of single sign-on."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    mine = Organisation.objects.filter(scope.organisations(request.user)).select_related("connection")
    lines = [(organisation, getattr(organisation, "connection", None)) for organisation in mine]
    context = admin.site.each_context(request) | {"title": _("Single sign-on"), "lines": lines}
    return render(request, "admin/sso/organisations.html", context)


@for_administrators
@require_safe
def show(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    connection = flows.connection_of(organisation)
    context = admin.site.each_context(request) | {
        "title": f"{_('Single sign-on')}: {organisation}",
        "organisation": organisation,
        "connection": connection,
        "addresses": _addresses(organisation),
        "for_entra": bool(connection and is_entra(connection.issuer)),
        "findings": findings.from_stored(connection.findings) if connection else [],
        "steps": readiness.steps(connection),
        "can_be_tested": readiness.can_be_tested(connection),
        "missing": [wording.of_missing(what) for what in readiness.missing(connection)],
        "days_left": readiness.days_left(connection),
        "expires_soon": readiness.expires_soon(connection),
        "failure": troubleshooting.of_failure(connection.failure) if connection else "",
        "domains": domains.for_display(MailDomain.objects.filter(organisation=organisation)),
    }
    return render(request, "admin/sso/setup.html", context)


def _addresses(organisation: Organisation) -> dict[str, str]:
    """The URLs to configure at the provider, and the sign-in page of the organisation."""
    entry = f"{settings.PUBLIC_URL}/inloggen/sso/{organisation.slug}/"
    return {
        "entry": entry,
        "redirect": f"{entry}callback/",
        "back_channel": f"{entry}backchannel-logout/",
        "signed_out": f"{settings.PUBLIC_URL}/uitgelogd/",
    }


@require_POST
@for_administrators
@fresh_proof_required
def switch_on(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    outcome, lacking = flows.switch_on(organisation, **_by(request))
    if outcome is Outcome.DONE:
        messages.success(request, _("Single sign-on is switched on."))
    elif outcome is Outcome.UNCHANGED:
        messages.info(request, wording.of_outcome(outcome))
    else:
        messages.error(
            request, " ".join([wording.of_outcome(outcome), *(wording.of_missing(what) for what in lacking)])
        )
    return redirect(PAGE, organisation.slug)


@for_administrators
@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def switch_off(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """With a confirmation page: afterwards nobody can sign in with the business account."""
    if request.method != "POST":
        context = admin.site.each_context(request)
        context |= {"title": _("Switch single sign-on off"), "organisation": organisation}
        return render(request, "admin/sso/switch_off.html", context)
    outcome = flows.switch_off(organisation, **_by(request))
    if outcome is Outcome.DONE:
        messages.success(request, _("Single sign-on is switched off."))
    else:
        messages.error(request, wording.of_outcome(outcome))
    return redirect(PAGE, organisation.slug)


def _by(request: PersonRequest) -> dict[str, Any]:
    return {"actor": request.user, "origin": Origin.of(request)}
