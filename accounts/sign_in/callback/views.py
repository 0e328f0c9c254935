"""The callback of single sign-on, and two more reasons to go to the provider: linking, and an invitation."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import policy
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest, person, unique_parameters
from accounts.models import User
from accounts.organisations import rank
from accounts.passwords import links
from accounts.passwords import views as password_link
from accounts.sign_in.completion import flows
from accounts.sign_in.completion.views import complete_sign_in
from accounts.sign_in.fresh_proof.views import complete_proof_at_provider
from accounts.sso import callback as provider_callback
from accounts.sso import connections, identities
from accounts.sso.authentication_requests import Purpose
from accounts.sso.callback import CallbackResult
from accounts.sso.refusal_reasons import Reason
from accounts.sso.sign_in_test import views as sign_in_test
from accounts.sso.views import redirect_to_provider, refused_page


@login_not_required
@require_GET
def callback(request: HttpRequest, organisation: str) -> HttpResponse:
    connection = connections.of_slug(organisation)
    if connection is None:
        raise Http404
    present = person(request) if request.user.is_authenticated else None
    invited = links.invited(request.session.get(password_link.LINK, ""))
    origin = Origin.of(request)
    result = provider_callback.process(
        connection, unique_parameters(request.GET), request.session, origin, signed_in=present, invited=invited
    )
    if result.authentication_request and result.authentication_request.purpose is Purpose.TEST:
        return sign_in_test.callback(request, result) or refused_page(request, result)
    if result.reason or result.authentication_request is None:
        return refused_page(request, result)
    match result.authentication_request.purpose:
        case Purpose.PROVE:
            return complete_proof_at_provider(request, result)
        case Purpose.LINK:
            return _linked(request, result)
        case _ if result.user and _lacks_password(request, result.user):
            return refused_page(request, provider_callback.refuse(result, Reason.ONE_FACTOR_AT_MOST, origin))
        case _ if result.user:
            return complete_sign_in(request, result.user, result.authentication_request.target, result)
    return refused_page(request, result)


def _lacks_password(request: HttpRequest, user: User) -> bool:
    return flows.needs_password_too(user) and not flows.has_shown_password(request.session, user)


def _linked(request: HttpRequest, result: CallbackResult) -> HttpResponse:
    """Go on in the session that began with the password, with what the provider has just shown anew."""
    vouched = rank.accepted(result.vouched, person(request))
    if not person(request).is_verified() and policy.is_enough(vouched, is_staff=person(request).is_staff):
        flows.mark_as_provider_session(request.session, result)
        request.session.cycle_key()
    messages.success(request, _("Your business account is linked. From now on you can sign in with it."))
    return redirect("personal_details")


@require_POST
@fresh_proof_required
def link(request: PersonRequest) -> HttpResponse:
    """Link the own business account, to sign in with it from now on."""
    connection = connections.of_person(request.user)
    if connection is None or identities.is_linked(connection, request.user):
        return redirect("personal_details")
    return redirect_to_provider(
        request, connection, Purpose.LINK, target="", user=request.user, address=request.user.email
    )


@login_not_required
@require_POST
def follow_invitation(request: HttpRequest) -> HttpResponse:
    """Somebody with an invitation takes the business account instead of a password."""
    invited = links.invited(request.session.get(password_link.LINK, ""))
    connection = connections.of_person(invited) if invited else None
    if invited is None or connection is None or not rank.organisation_decides_over(invited):
        return redirect("set_new_password")
    return redirect_to_provider(request, connection, Purpose.INVITED, target="/", user=invited, address=invited.email)
