"""Redirects to the provider, and back-channel logout by the provider. The callback is in `accounts.sign_in`."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits, rate_limits
from accounts.audit.origin import Origin
from accounts.http_requests import own_address, unique_parameters
from accounts.models import User
from accounts.organisations.models import SecondStep
from accounts.organisations.wording import one_factor_at_most
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.sso import backchannel, connections, flows
from accounts.sso.authentication_requests import Purpose
from accounts.sso.callback import CallbackResult
from accounts.sso.forms import AddressForm
from accounts.sso.models import Connection, Vouching
from accounts.sso.refusal_reasons import Reason

LOGOUT_OFFER = "signed_out_of"  # session key after signing out: (short name of the organisation, logout hint)
PAGES = {
    Reason.NO_TRANSACTION: "again",
    Reason.REPEATED: "again",
    Reason.TOO_OFTEN: "busy",
    Reason.UNREADABLE: "ours",
    Reason.DENIED: "denied",
    Reason.NO_SECOND_STEP: "no_second_step",
    Reason.UNKNOWN_PERSON: "unknown",
    Reason.ADDRESS_TAKEN: "unknown",
    Reason.ADDRESS_FOREIGN: "unknown",
    Reason.ADDRESS_MISSING: "unknown",
    Reason.ADDRESS_UNVERIFIED: "unknown",
    Reason.INACTIVE: "unknown",
    Reason.OTHER_ORGANISATION: "unknown",
    Reason.OTHER_PERSON: "other_person",
    Reason.LINKED_ALREADY: "linked_already",
    Reason.INVITATION: "invitation",
    Reason.ONE_FACTOR_AT_MOST: "one_factor",
}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def find_organisation(request: HttpRequest) -> HttpResponse:
    """Find the organisation by the typed e-mail address, and redirect to its provider."""
    target = own_address(request)
    if request.user.is_authenticated:
        return redirect(target)
    form = AddressForm(request.POST or None)
    if request.method != "POST":
        return render(request, "accounts/sso/find.html", {"form": restore(request, form), "next": target})
    if not form.is_valid():
        return redirect_with_errors(request, form)
    address = form.cleaned_data["email"]
    connection = connections.of_address(address)
    if connection is None:
        form.refuse_unknown()
        return redirect_with_errors(request, form)
    return redirect_to_provider(request, connection, Purpose.SIGN_IN, target=target, address=address)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: HttpRequest, organisation: str) -> HttpResponse:
    """The organisation's own sign-in page, to bookmark. It redirects only after the button (ASVS 7.6.2)."""
    target = own_address(request)
    connection = connections.enabled(organisation)
    if connection is None:
        raise Http404
    if request.user.is_authenticated:
        return redirect(target)
    if request.method != "POST":
        return render(request, "accounts/sso/entry.html", {"organisation": connection.organisation, "next": target})
    return redirect_to_provider(request, connection, Purpose.SIGN_IN, target=target)


def redirect_to_provider(
    request: HttpRequest,
    connection: Connection,
    purpose: Purpose,
    *,
    target: str,
    user: User | None = None,
    address: str = "",
) -> HttpResponse:
    """Begin an authentication request and redirect to it, within the rate limit of the network."""
    origin, limit, period = Origin.of(request), limits.SSO_STARTS, limits.SSO_STARTS_PERIOD
    if not rate_limits.consume_by_network("sso-starts", origin.address, via=origin.via, limit=limit, period=period):
        return refused_page(request, CallbackResult(connection, reason=Reason.TOO_OFTEN))
    answer = flows.begin(connection, purpose, request.session, target=target, user=user, address=address)
    if isinstance(answer, Reason):
        return refused_page(request, CallbackResult(connection, reason=answer))
    return redirect(answer)


def refused_page(request: HttpRequest, result: CallbackResult) -> HttpResponse:
    """A page that says what to do next. The provider's own error text is never shown."""
    reason = result.reason or Reason.NO_TRANSACTION
    page = PAGES.get(reason, "outage" if reason.is_outage else "mistake")
    organisation = result.connection.organisation
    context = {
        "organisation": organisation,
        "page": page,
        "reason": reason.value,
        "one_factor": one_factor_at_most(),
        "seconds": int(limits.OUTSIDE_FAILED.total_seconds()),
        "password_counts": organisation.second_step != SecondStep.BUSINESS_ACCOUNT,
        "with_code": result.connection.vouching != Vouching.OURS,
        "reference": Origin.of(request).reference,
    }
    return render(request, "accounts/sso/refused.html", context, status=429 if page == "busy" else 400)


@csrf_exempt
@login_not_required
@require_POST
def backchannel_logout(request: HttpRequest, organisation: str) -> HttpResponse:
    """Called by providers, without browser or cookie; the signed logout token authenticates them."""
    connection = connections.enabled(organisation)
    if connection is None:
        raise Http404
    reason = backchannel.end_sessions(connection, _logout_token(request), Origin.of(request))
    if reason is Reason.TOO_OFTEN:
        answer = JsonResponse({"error": "temporarily_unavailable"}, status=429)
        answer["Retry-After"] = int(limits.SSO_LOGOUT_PERIOD.total_seconds())
        return answer
    return JsonResponse({"error": "invalid_request"}, status=400) if reason else HttpResponse(status=200)


def _logout_token(request: HttpRequest) -> str:
    """Empty, without reading the body, when that is longer than a token."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    fits = length.isascii() and length.isdigit() and int(length[:9]) <= limits.SSO_LONGEST_TOKEN + len("logout_token=")
    return unique_parameters(request.POST).get("logout_token", "") if fits else ""


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def signed_out(request: HttpRequest) -> HttpResponse:
    """Signed out here; the button signs out at the provider too, which redirects back to this page."""
    slug, hint = request.session.get(LOGOUT_OFFER, ("", ""))
    connection = connections.enabled(slug) if slug and not request.user.is_authenticated else None
    if request.method != "POST" or connection is None:
        organisation = connection.organisation if connection else None
        return render(request, "accounts/sso/signed_out.html", {"organisation": organisation})
    request.session.flush()
    if address := flows.provider_logout_url(connection, hint):
        return redirect(address)
    messages.warning(request, _("Signing out at your organisation did not work from here. Close the browser."))
    return redirect("signed_out")
