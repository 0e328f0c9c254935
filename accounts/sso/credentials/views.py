from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.http_requests import PersonRequest
from accounts.organisations.models import Organisation
from accounts.sso.credentials import flows, key_pairs
from accounts.sso.credentials.forms import KeyPairForm, SecretForm
from accounts.sso.decorators import for_administrators
from accounts.sso.inspection.reading import ProviderReader
from accounts.sso.models import Connection
from accounts.sso.provider.client import is_entra
from accounts.sso.setup import flows as setup
from accounts.sso.setup.flows import Outcome
from accounts.sso.setup.pages import acting, done, edit, page


@for_administrators
@fresh_proof_required
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def secret(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    def save(data: dict[str, Any]) -> Outcome:
        return flows.set_secret(organisation, data["secret"], data["expires_on"], **acting(request))

    return edit(
        request,
        organisation,
        _secret_form,
        save,
        template="secret",
        title=_("Secret"),
        anchor="bewijs",
        afterwards=lambda: setup.check(organisation, ProviderReader()),
    )


def _secret_form(request: PersonRequest, organisation: Organisation, connection: Connection | None) -> SecretForm:
    """The secret is never displayed; the time it was set represents it in a comparison of versions."""
    at = connection.secret_set_at if connection else None
    when = _("set on %(date)s") % {"date": date_format(timezone.localtime(at), "j F Y, H:i")} if at else "-"
    form = SecretForm(request.POST or None)
    form.of(f"sso-secret/{organisation.pk}", request.user.pk, secret=(at.isoformat() if at else "", when))
    return form


@for_administrators
@fresh_proof_required
@require_safe
def key_pair(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    connection = setup.connection_of(organisation)
    if connection is None:
        return done(request, organisation, Outcome.NO_PROVIDER)
    pem = connection.next_certificate or connection.certificate
    context = {
        "connection": connection,
        "certificate": pem,
        "key_set": key_pairs.key_set(pem) if pem else "",
        "expires_on": key_pairs.expires_on(pem) if pem else None,
        "for_entra": is_entra(connection.issuer),
        "form": KeyPairForm(for_entra=is_entra(connection.issuer)),
    }
    return page(request, organisation, "key_pair", title=_("Key pair"), **context)


@require_POST
@for_administrators
@fresh_proof_required
def make_key_pair(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    connection = setup.connection_of(organisation)
    form = KeyPairForm(request.POST, for_entra=bool(connection and is_entra(connection.issuer)))
    if not form.is_valid():
        return redirect("sso_key_pair", organisation.slug)
    outcome = flows.make_key_pair(organisation, key_pairs.Kind(form.cleaned_data["kind"]), **acting(request))
    if outcome is not Outcome.DONE:
        return done(request, organisation, outcome)
    messages.success(request, _("The key pair is made. Give the public half to your provider first, then use it."))
    return redirect("sso_key_pair", organisation.slug)


@require_POST
@for_administrators
@fresh_proof_required
def use_key_pair(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    outcome = flows.use_key_pair(organisation, request.POST.get("key_id", ""), **acting(request))
    setup.check(organisation, ProviderReader())
    return done(request, organisation, outcome, "bewijs")


@for_administrators
@require_safe
def certificate(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """The public key as a file: of the new pair, else of the one in use."""
    connection = setup.connection_of(organisation)
    pem = connection and (connection.next_certificate or connection.certificate)
    if not pem:
        raise Http404
    name = f"mijn-assetmaps-{organisation.slug}.cer"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(pem, content_type="application/x-x509-ca-cert", headers=headers)
