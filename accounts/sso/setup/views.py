from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.http_requests import PersonRequest
from accounts.organisations.models import Organisation
from accounts.sso.decorators import for_administrators
from accounts.sso.inspection.reading import ProviderReader
from accounts.sso.models import Connection, MissingProof, Vouching
from accounts.sso.setup import flows, kinds
from accounts.sso.setup.flows import Outcome
from accounts.sso.setup.forms import EmergencyAccountForm, PeopleForm, SecondStepForm
from accounts.sso.setup.pages import FormPage, done, form_view


@require_POST
@for_administrators
@fresh_proof_required
def check(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    outcome = flows.check(organisation, ProviderReader())
    return done(request, organisation, outcome, "aanbieder")


def _second_step_form(
    request: PersonRequest, organisation: Organisation, connection: Connection | None, _prepared: None
) -> SecondStepForm:
    now: dict[str, str] = {"vouching": Vouching.OURS, "missing_proof": MissingProof.ASK_OURS}
    if connection:
        now = {"vouching": connection.vouching, "missing_proof": connection.missing_proof}
        now["value"] = connection.vouching_value
    form = SecondStepForm(request.POST or None, initial=now)
    form.of(f"sso-second-step/{organisation.pk}", request.user.pk)
    return form


def _save_second_step(organisation: Organisation, data: dict[str, Any], by: dict[str, Any]) -> Outcome:
    kind, missing = Vouching(data["vouching"]), MissingProof(data["missing_proof"])
    return flows.set_second_step(organisation, kind, data["value"], missing, **by)


def _kind(_request: PersonRequest, organisation: Organisation) -> dict[str, Any]:
    connection = flows.connection_of(organisation)
    return {"kind": kinds.of_issuer(connection.issuer) if connection else None}


second_step = form_view(
    FormPage(
        template="second_step",
        title=_("Second step"),
        anchor="tweede-stap",
        make=_second_step_form,
        save=_save_second_step,
        context=_kind,
    )
)


def _people_form(
    request: PersonRequest, organisation: Organisation, connection: Connection | None, _prepared: None
) -> PeopleForm:
    now: dict[str, Any] = {}
    if connection:
        now = {"make_on_arrival": connection.make_on_arrival, "group_claim": connection.group_claim}
    form = PeopleForm(request.POST or None, initial=now)
    form.of(f"sso-people/{organisation.pk}", request.user.pk)
    return form


def _save_people(organisation: Organisation, data: dict[str, Any], by: dict[str, Any]) -> Outcome:
    return flows.set_people(organisation, data["make_on_arrival"], data["group_claim"], **by)


people = form_view(
    FormPage(template="people", title=_("New colleagues"), anchor="mensen", make=_people_form, save=_save_people)
)


def _emergency_account_form(
    request: PersonRequest, organisation: Organisation, connection: Connection | None, _prepared: None
) -> EmergencyAccountForm:
    known = [
        (person.pk, f"{person.get_full_name()} ({person.email})")
        for person in flows.emergency_account_candidates(organisation)
    ]
    now = {"person": str(connection.break_glass_id or "")} if connection else {}
    form = EmergencyAccountForm(request.POST or None, people=known, initial=now)
    form.of(f"sso-emergency-account/{organisation.pk}", request.user.pk)
    return form


def _save_emergency_account(organisation: Organisation, data: dict[str, Any], by: dict[str, Any]) -> Outcome:
    return flows.set_emergency_account(organisation, int(data["person"] or 0) or None, **by)


emergency_account = form_view(
    FormPage(
        template="emergency_account",
        title=_("Emergency account"),
        anchor="noodaccount",
        make=_emergency_account_form,
        save=_save_emergency_account,
    )
)
