"""What follows the first factor, a password or a provider: the second factor, the set-up of one, or the session."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import store
from accounts.audit.origin import Origin
from accounts.http_requests import first_page
from accounts.models import User
from accounts.organisations import rank, sign_in_policy
from accounts.organisations.wording import second_step_is_there
from accounts.sign_in.completion import flows
from accounts.throttling import new_browser_limit
from accounts.throttling.known_browsers import KnownBrowsers, remember
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.account_recovery import views as recovery_link
from accounts.two_factor.challenge import combined
from accounts.two_factor.challenge import flows as challenge
from accounts.two_factor.challenge.combined import CombinedSignIn
from accounts.two_factor.totp.views import redirect_to_set_up

if TYPE_CHECKING:
    from accounts.sso.callback import CallbackResult

_TOO_MANY_NEW_BROWSERS = gettext_lazy(
    "There were many sign-ins from new browsers. Somebody may know your password. Choose a new one with “Forgot your "
    "password?”; after that you can sign in at once."
)


def complete_sign_in(
    request: HttpRequest, user: User, target: str, result: CallbackResult | None = None
) -> HttpResponse:
    """After the first factor, by password or, with ``result``, at the provider."""
    link = request.session.get(recovery_link.LINK, "")
    flows.restart_session(request.session, result)
    mine = devices.factors_of(user)
    if result is None and not mine.has_factor and sign_in_policy.has_second_factor_at_provider(user):
        if link:
            request.session[recovery_link.LINK] = link
        return _redirect_to_provider_page(request, user, target)
    vouched = rank.accepted(store.vouched(request.session), user)
    if policy.is_enough(vouched, is_staff=user.is_staff):
        return _sign_in(request, user, target)
    if mine.has_factor:
        has_passkey = bool(mine.passkeys)
        challenge.mark(request.session, user, target, mine.authenticators, has_passkey=has_passkey)
        return redirect("verification_code")
    if account_recovery.of(user):  # only then: after a reset there is no device; others are spared this query
        return _after_reset(request, user, target, link)
    if result is None and not new_browser_limit.admit(user, Origin.of(request), KnownBrowsers.of(request)):
        messages.error(request, _TOO_MANY_NEW_BROWSERS)
        return redirect("sign_in")
    return _sign_in(request, user, target)


def ask_code_with_password(request: HttpRequest, what: CombinedSignIn, target: str) -> HttpResponse:
    """Wrong passwords make this network wait: ask for a code whatever was typed, also for unknown addresses."""
    flows.restart_session(request.session, None)
    combined.mark(request.session, what, target)
    return redirect("verification_code")


def _sign_in(request: HttpRequest, user: User, target: str) -> HttpResponse:
    since = KnownBrowsers.of(request).since(user)
    sessions.sign_in(request, user, device=None, origin=Origin.of(request), known_since=since)
    return remember(request, redirect(first_page(user, target)), user)


def _redirect_to_provider_page(request: HttpRequest, user: User, target: str) -> HttpResponse:
    """The password was right, and the second factor is at the provider. No redirect without a click (ASVS 7.6.2)."""
    flows.record_missing_provider(user, Origin.of(request))
    flows.note_password(request.session, user)
    messages.info(request, second_step_is_there())
    page = resolve_url("sso_entry", user.membership.organisation.slug)
    return redirect(f"{page}?{urlencode({'next': target})}")


def _after_reset(request: HttpRequest, user: User, target: str, link: str) -> HttpResponse:
    """Support reset the second factor: the first factor and the mailed link together open the set-up, nothing else."""
    response: HttpResponse = redirect("new_phone")

    def opens() -> None:
        nonlocal response
        since, origin = KnownBrowsers.of(request).since(user), Origin.of(request)
        sessions.sign_in(request, user, device=None, origin=origin, instead="recovery_link", known_since=since)
        response = redirect_to_set_up(request, user)

    if account_recovery.use_link(link, user, opens):
        return response
    challenge.mark(request.session, user, target, [])
    return response
