from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, resolve_url
from django.views.decorators.http import require_http_methods, require_safe

from accounts.active_sessions import flows as sessions
from accounts.active_sessions.decorators import background_request
from accounts.audit.origin import Origin
from accounts.http_requests import csrf_secret, first_page, own_address, sign_in_page
from accounts.post_redirect_get import redirect_with_errors
from accounts.sign_in.completion.flows import restart_session
from accounts.sign_in.passkey import flows
from accounts.throttling.known_browsers import KnownBrowsers, forget_passkey, note_passkey, remember
from accounts.two_factor.passkeys import binding, judgement, rp
from accounts.two_factor.passkeys import flows as passkeys
from accounts.two_factor.passkeys.ceremonies import Purpose
from accounts.two_factor.passkeys.forms import PasskeyForm
from accounts.two_factor.verification import Outcome, VerificationResult


@background_request
@login_not_required
@require_safe
def options(request: HttpRequest) -> HttpResponse:
    """What the sign-in page asks of any passkey; empty where browsers have none. The same for everybody, and nothing is
    stored. ``token``: against forged forms, as the page's own may be older than a sign-in in another tab."""
    if not rp.can_have_passkeys():
        return JsonResponse({})
    question = passkeys.question_for(None, Purpose.SIGN_IN, binding.of_visitor(csrf_secret(request)))
    sent = {"action": resolve_url("passkey_sign_in"), "token": get_token(request), "ceremony": question.token}
    return JsonResponse({"options": question.options} | sent)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target, form = own_address(request), PasskeyForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return redirect(target) if request.user.is_authenticated else sign_in_page(target)
    asked_of = binding.of_visitor(csrf_secret(request))  # before the sign-in, which changes it
    origin, browsers = Origin.of(request), KnownBrowsers.of(request)

    def on_accepted(answer: VerificationResult) -> None:
        assert answer.device is not None  # noqa: S101 - of an accepted passkey
        user = answer.device.user
        restart_session(request.session, None)
        sessions.sign_in(request, user, device=answer.device, origin=origin, known_since=browsers.since(user))

    data = form.cleaned_data
    answer = flows.sign_in(
        data["ceremony"],
        data["credential"],
        binding=asked_of,
        origin=origin,
        browsers=browsers,
        on_accepted=on_accepted,
    )
    if answer.outcome is not Outcome.ACCEPTED or answer.device is None:
        form.refuse(answer)
        refused = redirect_with_errors(request, form, to=sign_in_page(target).url or resolve_url("sign_in"))
        return forget_passkey(refused) if answer.outcome is Outcome.UNKNOWN_PASSKEY else refused
    user = answer.device.user
    response = remember(request, redirect(first_page(user, target)), user)
    return note_passkey(response) if judgement.is_here(data["credential"], answer.device) else response
