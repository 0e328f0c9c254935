from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.http_requests import PersonRequest
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.sso import troubleshooting
from accounts.sso.credentials.forms import issuer_label
from accounts.sso.decorators import RIGHT, for_administrators
from accounts.sso.domains import flows as domains
from accounts.sso.domains import proposals
from accounts.sso.inspection import findings
from accounts.sso.models import Connection, MailDomain
from accounts.sso.overview.steps import Step, steps
from accounts.sso.setup import addresses, flows, kinds, readiness, wording
from accounts.sso.setup.flows import Outcome
from accounts.sso.setup.kinds import Kind
from accounts.sso.setup.pages import acting
from accounts.sso.setup.readiness import Missing
from accounts.sso.sign_in_test import flows as sign_in_test

PAGE = "sso_setup"
OF_PROVIDER = (Missing.PROOF, Missing.UNREADABLE, Missing.EXPIRED)  # told with the step of the provider


@require_safe
def organisations(request: PersonRequest) -> HttpResponse:
    """The organisations that this administrator works for, with the status of single sign-on; straight on when it is
    one."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    mine = list(Organisation.objects.filter(scope.organisations(request.user)).select_related("connection"))
    if len(mine) == 1:
        return redirect(PAGE, mine[0].slug)
    lines = [(organisation, getattr(organisation, "connection", None)) for organisation in mine]
    context = admin.site.each_context(request) | {"title": _("Single sign-on"), "lines": lines}
    return render(request, "admin/sso/organisations.html", context)


@for_administrators
@require_safe
def show(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """The steps, each with its state; ``?kies`` opens the choice of the provider again."""
    connection = flows.connection_of(organisation)
    listed = list(MailDomain.objects.filter(organisation=organisation))
    context = admin.site.each_context(request) | {
        "title": f"{_('Single sign-on')}: {organisation}",
        "organisation": organisation,
        "connection": connection,
        "kinds": list(Kind),
        "addresses": addresses.of(organisation),
        "domains": domains.for_display(listed),
        "proposed": [] if listed else proposals.of(organisation),
        "steps": _steps(request, organisation, connection, listed),
        "lacking": [wording.of_missing(what) for what in readiness.missing(connection) if what in OF_PROVIDER],
    }
    return render(request, "admin/sso/setup.html", context | _about(connection))


def _steps(
    request: PersonRequest, organisation: Organisation, connection: Connection | None, listed: list[MailDomain]
) -> list[Step]:
    tested = sign_in_test.result_of(request.session, organisation.pk)
    failed_at = tested["at"] if tested and tested["reason"] else ""
    # A failure with settings that were changed since says nothing about those of now.
    failed = connection is not None and bool(failed_at) and datetime.fromisoformat(failed_at) >= connection.changed_at
    return steps(connection, listed, test_failed=failed, chooses="kies" in request.GET)


def _about(connection: Connection | None) -> dict[str, Any]:
    if connection is None:
        return {}
    kind = kinds.of_issuer(connection.issuer)
    found = findings.from_stored(connection.findings, issuer_label(kind))
    faults = [finding for finding in found if finding.level == findings.Level.WRONG.value]
    return {
        "kind": kind,
        "findings": found,
        "faults": faults,
        "has_proof": readiness.has_proof(connection),
        "can_be_tested": not faults and readiness.can_be_tested(connection),
        "days_left": readiness.days_left(connection),
        "expires_soon": readiness.expires_soon(connection),
        "failure": troubleshooting.of_failure(connection.failure),
    }


@require_POST
@for_administrators
@fresh_proof_required
def switch_on(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    outcome, lacking = flows.switch_on(organisation, **acting(request))
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
    outcome = flows.switch_off(organisation, **acting(request))
    if outcome is Outcome.DONE:
        messages.success(request, _("Single sign-on is switched off."))
    else:
        messages.error(request, wording.of_outcome(outcome))
    return redirect(PAGE, organisation.slug)
