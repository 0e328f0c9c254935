"""Coming back from the provider, and what follows a first step. Joins single sign-on and the second step, which do not
know each other."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts import policy
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import reauthentication, store
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest, each_once, person
from accounts.models import User
from accounts.organisations import rank, sign_in_policy
from accounts.organisations.wording import second_step_is_there
from accounts.passwords import links
from accounts.passwords import views as password_link
from accounts.sign_in import flows
from accounts.sso import callback as provider_callback
from accounts.sso import connections, identities
from accounts.sso.authentication_requests import Purpose
from accounts.sso.callback import CallbackResult
from accounts.sso.refusal_reasons import Reason
from accounts.sso.sign_in_test import views as trial
from accounts.sso.views import redirect_to_provider, refused_page
from accounts.throttling import new_browser_limit
from accounts.throttling.known_browsers import KnownBrowsers, remember
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.account_recovery import views as recovery_link
from accounts.two_factor.challenge import combined
from accounts.two_factor.challenge import flows as challenge
from accounts.two_factor.challenge.combined import Held
from accounts.two_factor.totp.views import straight_to_set_up

_CROWDED = gettext_lazy(
    "There were many sign-ins from new browsers. Somebody may know your password. Choose a new one with “Forgot your "
    "password?”; after that you can sign in at once."
)


@login_not_required
@require_GET
def callback(request: HttpRequest, organisation: str) -> HttpResponse:
    connection = connections.of_slug(organisation)
    if connection is None:
        raise Http404
    present = person(request) if request.user.is_authenticated else None
    invited = links.invited(request.session.get(password_link.LINK, ""))
    origin = Origin.of(request)
    arrival = provider_callback.process(
        connection, each_once(request.GET), request.session, origin, signed_in=present, invited=invited
    )
    if arrival.authentication_request and arrival.authentication_request.purpose is Purpose.TEST:
        return trial.callback(request, arrival) or refused_page(request, arrival)
    if arrival.reason or arrival.authentication_request is None:
        return refused_page(request, arrival)
    match arrival.authentication_request.purpose:
        case Purpose.PROVE:
            return _proved(request, arrival)
        case Purpose.LINK:
            return _linked(request, arrival)
        case _ if arrival.user and _opens_nothing(request, arrival.user):
            return refused_page(request, provider_callback.refuse(arrival, Reason.ONE_FACTOR_AT_MOST, origin))
        case _ if arrival.user:
            return enter(request, arrival.user, arrival.authentication_request.target, arrival)
    return refused_page(request, arrival)


def _opens_nothing(request: HttpRequest, user: User) -> bool:
    return flows.opens_nothing(user) and not flows.has_shown_password(request.session, user)


def enter(request: HttpRequest, user: User, target: str, arrival: CallbackResult | None = None) -> HttpResponse:
    """After the first step, by password or, with ``arrival``, at the provider."""
    link = request.session.get(recovery_link.LINK, "")
    flows.begin_anew(request.session, arrival)
    mine = devices.authenticators_of(user)
    if arrival is None and not mine and sign_in_policy.has_second_step_at_provider(user):
        if link:
            request.session[recovery_link.LINK] = link
        return _on_to_provider(request, user, target)
    vouched = rank.counted(store.vouched(request.session), user)
    if policy.is_enough(vouched, is_staff=user.is_staff):
        return _open(request, user, target)
    if mine:
        challenge.mark(request.session, user, target, mine)
        return redirect("verification_code")
    if account_recovery.of(user):  # a reset removed every device, so nobody else pays for this question
        return _after_reset(request, user, target, link)
    if arrival is None and not new_browser_limit.admit(user, Origin.of(request), KnownBrowsers.of(request)):
        messages.error(request, _CROWDED)
        return redirect("sign_in")
    return _open(request, user, target)


def enter_held(request: HttpRequest, what: Held, target: str) -> HttpResponse:
    """Wrong passwords make this network wait. The same for everybody, also for whom we do not know."""
    flows.begin_anew(request.session, None)
    combined.mark(request.session, what, target)
    return redirect("verification_code")


def _open(request: HttpRequest, user: User, target: str) -> HttpResponse:
    since = KnownBrowsers.of(request).since(user)
    sessions.sign_in(request, user, device=None, origin=Origin.of(request), known_since=since)
    return remember(request, redirect(target), user)


def _on_to_provider(request: HttpRequest, user: User, target: str) -> HttpResponse:
    """The password was right, and the second step is at the provider. Nothing begins there by itself (ASVS 7.6.2)."""
    flows.note_without_provider(user, Origin.of(request))
    flows.note_password(request.session, user)
    messages.info(request, second_step_is_there())
    page = resolve_url("sso_entry", user.membership.organisation.slug)
    return redirect(f"{page}?{urlencode({'next': target})}")


def _linked(request: HttpRequest, arrival: CallbackResult) -> HttpResponse:
    """Go on in the session that began with the password, with what the provider has just shown anew."""
    vouched = rank.counted(arrival.vouched, person(request))
    if not person(request).is_verified() and policy.is_enough(vouched, is_staff=person(request).is_staff):
        flows.take_over(request.session, arrival)
        request.session.cycle_key()
    messages.success(request, _("Your business account is linked. From now on you can sign in with it."))
    return redirect("personal_details")


def _after_reset(request: HttpRequest, user: User, target: str, link: str) -> HttpResponse:
    """Support reset the second step: beside the first step the mailed link is needed, and only the set-up is open."""
    response: HttpResponse = redirect("new_phone")

    def opens() -> None:
        nonlocal response
        since, origin = KnownBrowsers.of(request).since(user), Origin.of(request)
        sessions.sign_in(request, user, device=None, origin=origin, instead="recovery_link", known_since=since)
        response = straight_to_set_up(request, user)

    if account_recovery.use_link(link, user, opens):
        return response
    challenge.mark(request.session, user, target, [])
    return response


def _proved(request: HttpRequest, arrival: CallbackResult) -> HttpResponse:
    """Fresh proof there; whoever owes our code types that as well.

    Goes on by way of the page that asked for it: the middleware watches that page, and not this one.
    """
    user, begun = person(request), arrival.authentication_request
    shown, level = (rank.counted(one, user) for one in (arrival.vouched, store.vouched(request.session)))
    target = begun.target if begun else ""
    flows.follow(request.session, arrival)
    # Of who lost the phone no code is asked: the set-up of a new one is all that opens.
    if not (sessions.SET_UP_ONLY in request.session or policy.is_enough(shown, is_staff=user.is_staff)):
        if devices.has_confirmed_device(user):
            flows.keep_proof(request.session, is_complete=False)
            return redirect(reauthentication.page_for(target))
        if policy.is_enough(level, is_staff=user.is_staff):
            return refused_page(
                request, replace(arrival, reason=Reason.NO_SECOND_STEP)
            )  # less than the session began with
        if not (request.session.get(store.PASSWORD_TOO) or rank.organisation_decides_over(user)):
            return refused_page(request, replace(arrival, reason=Reason.ONE_FACTOR_AT_MOST))
    sessions.prove(request, user, Origin.of(request))
    flows.keep_proof(request.session, is_complete=True)
    return redirect(reauthentication.page_for(target))


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


def prove_there(request: PersonRequest, target: str) -> HttpResponse:
    """Fresh proof by way of the provider that opened this session."""
    connection = connections.enabled(flows.provider_of(request.session))
    if connection is None:
        raise Http404
    return redirect_to_provider(
        request, connection, Purpose.PROVE, target=target, user=request.user, address=request.user.email
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
