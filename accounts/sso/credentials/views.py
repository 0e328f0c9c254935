from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.http_requests import PersonRequest
from accounts.organisations.models import Organisation
from accounts.sso import issuers
from accounts.sso.credentials import flows, key_pairs
from accounts.sso.credentials.forms import KeyPairForm, ProviderForm, SecretForm
from accounts.sso.decorators import for_administrators
from accounts.sso.domains import proposals
from accounts.sso.inspection.reading import ProviderReader, http_allowed
from accounts.sso.issuers import IssuerRefusedError
from accounts.sso.models import Connection
from accounts.sso.provider.client import is_entra
from accounts.sso.setup import addresses, kinds
from accounts.sso.setup import flows as setup
from accounts.sso.setup.flows import Outcome
from accounts.sso.setup.kinds import Kind
from accounts.sso.setup.pages import FormPage, acting, done, form_view, page


def _find_issuers(request: PersonRequest, organisation: Organisation, reader: ProviderReader) -> Callable[[str], str]:
    """Asks the provider about the typed issuer now, outside of the transaction that stores it."""
    typed, connection = request.POST.get("issuer", ""), setup.connection_of(organisation)
    stored = {connection.issuer, issuers.tenant_of(connection.issuer)} if connection else set()
    if typed.strip() in stored | {""} or not setup.may_ask_outside(organisation):
        return _normalised
    for_entra = _kind(request, connection) is Kind.ENTRA
    found: str | IssuerRefusedError
    try:
        found = issuers.look_up(typed, reader.document, for_entra=for_entra, http_allowed=http_allowed())
    except IssuerRefusedError as refused:
        found = refused

    def find(text: str) -> str:
        if text != typed.strip():
            return _normalised(text)
        if isinstance(found, IssuerRefusedError):
            raise found
        return found

    return find


def _normalised(text: str) -> str:
    return issuers.normalise(text, http_allowed=http_allowed())


def _kind(request: PersonRequest, connection: Connection | None) -> Kind:
    return kinds.chosen(request.GET.get("soort", ""), connection.issuer if connection else "")


def _provider_form(
    request: PersonRequest,
    organisation: Organisation,
    connection: Connection | None,
    find_issuer: Callable[[str], str] | None,
) -> ProviderForm:
    kind = _kind(request, connection)
    form = ProviderForm(
        request.POST or None,
        initial=_known(organisation, connection, kind),
        kind=kind,
        find_issuer=find_issuer or _normalised,
    )
    form.of(f"sso-provider/{organisation.pk}", request.user.pk, **_secret_fact(connection))
    return form


def _known(organisation: Organisation, connection: Connection | None, kind: Kind) -> dict[str, str]:
    """What the form shows: what is stored for this kind, else for Entra ID the mail domain of the members."""
    if connection and kinds.of_issuer(connection.issuer) is kind:
        return {"issuer": issuers.tenant_of(connection.issuer), "client_id": connection.client_id}
    proposed = proposals.of(organisation) if kind is Kind.ENTRA else []
    return {"issuer": proposed[0]} if proposed else {}


def _secret_fact(connection: Connection | None) -> dict[str, tuple[str, str]]:
    """The secret is never displayed; the time it was set represents it in a comparison of versions."""
    at = connection.secret_set_at if connection else None
    when = _("set on %(date)s") % {"date": date_format(timezone.localtime(at), "j F Y, H:i")} if at else "-"
    return {"secret": (at.isoformat() if at else "", when)}


def _save_provider(organisation: Organisation, data: dict[str, Any], by: dict[str, Any]) -> Outcome:
    outcome = setup.save_provider(organisation, data["issuer"], data["client_id"], **by)
    if not data["secret"] or outcome is Outcome.SWITCHED_ON:
        return outcome
    return flows.set_secret(organisation, data["secret"], data["expires_on"], **by)


def _provider_page(request: PersonRequest, organisation: Organisation) -> dict[str, Any]:
    connection = setup.connection_of(organisation)
    kind = _kind(request, connection)
    return {"kind": kind, "connection": connection, "addresses": addresses.of(organisation)}


provider = form_view(
    FormPage(
        template="provider",
        title=gettext_lazy("Connect Assetmaps with your provider"),
        anchor="aanbieder",
        make=_provider_form,
        save=_save_provider,
        reads_provider=True,
        prepare=_find_issuers,
        context=_provider_page,
    )
)


def _secret_form(
    request: PersonRequest, organisation: Organisation, connection: Connection | None, _prepared: None
) -> SecretForm:
    form = SecretForm(request.POST or None)
    form.explain_secret(kinds.of_issuer(connection.issuer) if connection else Kind.OTHER)
    form.of(f"sso-secret/{organisation.pk}", request.user.pk, **_secret_fact(connection))
    return form


def _save_secret(organisation: Organisation, data: dict[str, Any], by: dict[str, Any]) -> Outcome:
    return flows.set_secret(organisation, data["secret"], data["expires_on"], **by)


secret = form_view(
    FormPage(
        template="secret",
        title=gettext_lazy("New secret"),
        anchor="aanbieder",
        make=_secret_form,
        save=_save_secret,
        reads_provider=True,
    )
)


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
    return done(request, organisation, outcome, "aanbieder")


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
