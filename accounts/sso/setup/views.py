from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.organisations.models import Organisation
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.sso.decorators import for_administrators
from accounts.sso.inspection.reading import ProviderReader, http_allowed
from accounts.sso.models import Connection, MissingProof, Vouching
from accounts.sso.provider.client import is_entra
from accounts.sso.setup import flows, key_pairs, wording
from accounts.sso.setup.flows import Outcome
from accounts.sso.setup.forms import (
    EmergencyAccountForm,
    KeyPairForm,
    PeopleForm,
    ProviderForm,
    SecondStepForm,
    SecretForm,
)

PAGE = "sso_setup"


def _page(request: PersonRequest, organisation: Organisation, template: str, **context: Any) -> HttpResponse:
    shown = admin.site.each_context(request) | {"organisation": organisation} | context
    return render(request, f"admin/sso/{template}.html", shown)


def _done(request: PersonRequest, organisation: Organisation, outcome: Outcome, anchor: str = "") -> HttpResponse:
    tell = {Outcome.DONE: messages.success, Outcome.UNCHANGED: messages.info}.get(outcome, messages.error)
    tell(request, wording.of_outcome(outcome))
    answer = redirect(PAGE, organisation.slug)
    if anchor:
        answer["Location"] += f"#{anchor}"
    return answer


def _by(request: PersonRequest) -> dict[str, Any]:
    return {"actor": request.user, "origin": Origin.of(request)}


@for_administrators
@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def provider(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """Issuer and client id. What the provider says about itself is read at once; the page shows what that brought."""
    if request.method != "POST":
        form = _provider(request, organisation, flows.connection_of(organisation))
        return _page(request, organisation, "provider", title=_("Provider"), form=restore(request, form))
    with transaction.atomic():
        form = _provider(request, organisation, flows.locked_connection(organisation))
        if not form.is_valid():
            return redirect_with_errors(request, form)
        data = form.cleaned_data
        outcome = flows.save_provider(organisation, data["issuer"], data["client_id"], **_by(request))
    if outcome is Outcome.SWITCHED_ON:
        form.add_error(None, wording.of_outcome(outcome))
        return redirect_with_errors(request, form)
    flows.check(organisation, ProviderReader())
    return _done(request, organisation, outcome, "aanbieder")


def _provider(request: PersonRequest, organisation: Organisation, connection: Connection | None) -> ProviderForm:
    now = {"issuer": connection.issuer, "client_id": connection.client_id} if connection else {}
    form = ProviderForm(request.POST or None, initial=now, http_allowed=http_allowed())
    form.of(f"sso-provider/{organisation.pk}", request.user.pk)
    return form


@require_POST
@for_administrators
@fresh_proof_required
def check(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    outcome = flows.check(organisation, ProviderReader())
    return _done(request, organisation, outcome, "aanbieder")


@for_administrators
@fresh_proof_required
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def secret(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    if request.method != "POST":
        form = _secret(request, organisation, flows.connection_of(organisation))
        return _page(request, organisation, "secret", title=_("Secret"), form=restore(request, form))
    with transaction.atomic():
        form = _secret(request, organisation, flows.locked_connection(organisation))
        if not form.is_valid():
            return redirect_with_errors(request, form)
        data = form.cleaned_data
        outcome = flows.set_secret(organisation, data["secret"], data["expires_on"], **_by(request))
    flows.check(organisation, ProviderReader())
    return _done(request, organisation, outcome, "bewijs")


def _secret(request: PersonRequest, organisation: Organisation, connection: Connection | None) -> SecretForm:
    """No page shows a secret, so when it was set stands for it."""
    at = connection.secret_set_at if connection else None
    when = _("set on %(date)s") % {"date": date_format(timezone.localtime(at), "j F Y, H:i")} if at else "-"
    form = SecretForm(request.POST or None)
    form.of(f"sso-secret/{organisation.pk}", request.user.pk, secret=(at.isoformat() if at else "", when))
    return form


@for_administrators
@fresh_proof_required
@require_safe
def key_pair(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    connection = flows.connection_of(organisation)
    if connection is None:
        return _done(request, organisation, Outcome.NO_PROVIDER)
    pem = connection.next_certificate or connection.certificate
    context = {
        "connection": connection,
        "certificate": pem,
        "key_set": key_pairs.key_set(pem) if pem else "",
        "expires_on": key_pairs.expires_on(pem) if pem else None,
        "for_entra": is_entra(connection.issuer),
        "form": KeyPairForm(for_entra=is_entra(connection.issuer)),
    }
    return _page(request, organisation, "key_pair", title=_("Key pair"), **context)


@require_POST
@for_administrators
@fresh_proof_required
def make_key_pair(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    connection = flows.connection_of(organisation)
    form = KeyPairForm(request.POST, for_entra=bool(connection and is_entra(connection.issuer)))
    if not form.is_valid():
        return redirect("sso_key_pair", organisation.slug)
    outcome = flows.make_key_pair(organisation, key_pairs.Kind(form.cleaned_data["kind"]), **_by(request))
    if outcome is not Outcome.DONE:
        return _done(request, organisation, outcome)
    messages.success(request, _("The key pair is made. Give the public half to your provider first, then use it."))
    return redirect("sso_key_pair", organisation.slug)


@require_POST
@for_administrators
@fresh_proof_required
def use_key_pair(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    outcome = flows.use_key_pair(organisation, request.POST.get("key_id", ""), **_by(request))
    flows.check(organisation, ProviderReader())
    return _done(request, organisation, outcome, "bewijs")


@for_administrators
@require_safe
def certificate(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """The public half as a file: the waiting pair, else the one in use."""
    connection = flows.connection_of(organisation)
    pem = connection and (connection.next_certificate or connection.certificate)
    if not pem:
        raise Http404
    name = f"mijn-assetmaps-{organisation.slug}.cer"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(pem, content_type="application/x-x509-ca-cert", headers=headers)


@for_administrators
@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    if request.method != "POST":
        form = _second_step(request, organisation, flows.connection_of(organisation))
        return _page(request, organisation, "second_step", title=_("Second step"), form=restore(request, form))
    with transaction.atomic():
        form = _second_step(request, organisation, flows.locked_connection(organisation))
        if not form.is_valid():
            return redirect_with_errors(request, form)
        data = form.cleaned_data
        kind, missing = Vouching(data["vouching"]), MissingProof(data["missing_proof"])
        outcome = flows.set_second_step(organisation, kind, data["value"], missing, **_by(request))
    return _done(request, organisation, outcome, "tweede-stap")


def _second_step(request: PersonRequest, organisation: Organisation, connection: Connection | None) -> SecondStepForm:
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
    if request.method != "POST":
        form = _people(request, organisation, flows.connection_of(organisation))
        return _page(request, organisation, "people", title=_("People"), form=restore(request, form))
    with transaction.atomic():
        form = _people(request, organisation, flows.locked_connection(organisation))
        if not form.is_valid():
            return redirect_with_errors(request, form)
        data = form.cleaned_data
        outcome = flows.set_people(organisation, data["make_on_arrival"], data["group_claim"], **_by(request))
    return _done(request, organisation, outcome, "mensen")


def _people(request: PersonRequest, organisation: Organisation, connection: Connection | None) -> PeopleForm:
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
    if request.method != "POST":
        form = _emergency_account(request, organisation, flows.connection_of(organisation))
        title = _("Emergency account")
        return _page(request, organisation, "emergency_account", title=title, form=restore(request, form))
    with transaction.atomic():
        form = _emergency_account(request, organisation, flows.locked_connection(organisation))
        if not form.is_valid():
            return redirect_with_errors(request, form)
        chosen = int(form.cleaned_data["person"] or 0)
        outcome = flows.set_emergency_account(organisation, chosen or None, **_by(request))
    return _done(request, organisation, outcome, "noodaccount")


def _emergency_account(
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
