from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.http_requests import PersonRequest
from accounts.organisations.models import Organisation
from accounts.sso.decorators import for_administrators
from accounts.sso.inspection.reading import ProviderReader, http_allowed
from accounts.sso.models import Connection, MissingProof, Vouching
from accounts.sso.setup import flows
from accounts.sso.setup.flows import Outcome
from accounts.sso.setup.forms import EmergencyAccountForm, PeopleForm, ProviderForm, SecondStepForm
from accounts.sso.setup.pages import acting, done, edit


@for_administrators
@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def provider(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """Issuer and client id. The discovery document is read at once; the overview shows the findings."""

    def save(data: dict[str, Any]) -> Outcome:
        return flows.save_provider(organisation, data["issuer"], data["client_id"], **acting(request))

    return edit(
        request,
        organisation,
        _provider_form,
        save,
        template="provider",
        title=_("Provider"),
        anchor="aanbieder",
        afterwards=lambda: flows.check(organisation, ProviderReader()),
    )


def _provider_form(request: PersonRequest, organisation: Organisation, connection: Connection | None) -> ProviderForm:
    now = {"issuer": connection.issuer, "client_id": connection.client_id} if connection else {}
    form = ProviderForm(request.POST or None, initial=now, http_allowed=http_allowed())
    form.of(f"sso-provider/{organisation.pk}", request.user.pk)
    return form


@require_POST
@for_administrators
@fresh_proof_required
def check(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    outcome = flows.check(organisation, ProviderReader())
    return done(request, organisation, outcome, "aanbieder")


@for_administrators
@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    def save(data: dict[str, Any]) -> Outcome:
        kind, missing = Vouching(data["vouching"]), MissingProof(data["missing_proof"])
        return flows.set_second_step(organisation, kind, data["value"], missing, **acting(request))

    return edit(
        request,
        organisation,
        _second_step_form,
        save,
        template="second_step",
        title=_("Second step"),
        anchor="tweede-stap",
    )


def _second_step_form(
    request: PersonRequest, organisation: Organisation, connection: Connection | None
) -> SecondStepForm:
    now: dict[str, str] = {"vouching": Vouching.OURS, "missing_proof": MissingProof.ASK_OURS}
    if connection:
        now = {"vouching": connection.vouching, "missing_proof": connection.missing_proof}
        now["value"] = connection.vouching_value
    form = SecondStepForm(request.POST or None, initial=now)
    form.of(f"sso-second-step/{organisation.pk}", request.user.pk)
    return form


@for_administrators
@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    def save(data: dict[str, Any]) -> Outcome:
        return flows.set_people(organisation, data["make_on_arrival"], data["group_claim"], **acting(request))

    return edit(request, organisation, _people_form, save, template="people", title=_("People"), anchor="mensen")


def _people_form(request: PersonRequest, organisation: Organisation, connection: Connection | None) -> PeopleForm:
    now: dict[str, Any] = {}
    if connection:
        now = {"make_on_arrival": connection.make_on_arrival, "group_claim": connection.group_claim}
    form = PeopleForm(request.POST or None, initial=now)
    form.of(f"sso-people/{organisation.pk}", request.user.pk)
    return form


@for_administrators
@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def emergency_account(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    def save(data: dict[str, Any]) -> Outcome:
        return flows.set_emergency_account(organisation, int(data["person"] or 0) or None, **acting(request))

    return edit(
        request,
        organisation,
        _emergency_account_form,
        save,
        template="emergency_account",
        title=_("Emergency account"),
        anchor="noodaccount",
    )


def _emergency_account_form(
    request: PersonRequest, organisation: Organisation, connection: Connection | None
) -> EmergencyAccountForm:
    known = [
        (person.pk, f"{person.get_full_name()} ({person.email})")
        for person in flows.emergency_account_candidates(organisation)
    ]
    now = {"person": str(connection.break_glass_id or "")} if connection else {}
    form = EmergencyAccountForm(request.POST or None, people=known, initial=now)
    form.of(f"sso-emergency-account/{organisation.pk}", request.user.pk)
    return form
