from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.active_sessions import flows as sessions
from accounts.active_sessions.decorators import background_request
from accounts.audit.origin import Origin
from accounts.http_requests import csrf_secret, first_page, own_address, sign_in_page
from accounts.post_redirect_get import redirect_with_errors
from accounts.sign_in.completion.flows import restart_session
from accounts.sign_in.passkey import flows
from accounts.throttling.known_browsers import KnownBrowsers, note_passkey, remember
from accounts.two_factor.passkeys import binding, rp
from accounts.two_factor.passkeys import flows as passkeys
from accounts.two_factor.passkeys.ceremonies import Purpose
from accounts.two_factor.passkeys.forms import PasskeyForm
from accounts.two_factor.verification import Outcome, VerificationResult


@background_request
@login_not_required
@require_safe
def options(request: HttpRequest) -> HttpResponse:
    """What the sign-in page asks of any passkey, and the words that its script shows; empty where browsers have none.
    The same for everybody, and nothing is stored."""
    if not rp.can_have_passkeys():
        return JsonResponse({})
    question = passkeys.question_for(None, Purpose.SIGN_IN, binding.of_visitor(csrf_secret(request)))
    words = {
        "button": _("Sign in with fingerprint, face or PIN"),
        "stopped": _(
            "It did not work: it was stopped, it took too long, or your passkey is not here. "
            "Try again, or choose another way."
        ),
    }
    action = resolve_url("passkey_sign_in")
    return JsonResponse({"options": question.options, "ceremony": question.token, "action": action, "words": words})


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
        return redirect_with_errors(request, form, to=sign_in_page(target).url or resolve_url("sign_in"))
    user = answer.device.user
    return note_passkey(remember(request, redirect(first_page(user, target)), user))
