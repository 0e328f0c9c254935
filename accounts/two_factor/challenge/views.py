from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from accounts.active_sessions import flows as sessions
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest, first_page, own_address, sign_in_page
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.throttling.known_browsers import KnownBrowsers, note_passkey, remember, used_passkey
from accounts.two_factor import devices
from accounts.two_factor.challenge import combined, flows
from accounts.two_factor.challenge.combined import PendingCombinedSignIn
from accounts.two_factor.challenge.flows import PendingSignIn
from accounts.two_factor.codes import parse
from accounts.two_factor.forms import CodeForm, CombinedCodeForm, RecoveryCodeForm
from accounts.two_factor.models import Authenticator, RecoveryCodeSet
from accounts.two_factor.passkeys import offers
from accounts.two_factor.verification import OnAccepted, Outcome, VerificationResult

PASSKEY_FIRST = "accounts/two_factor/passkeys/challenge.html"


def _needs_pending_sign_in(view: Callable[[HttpRequest, PendingSignIn], HttpResponse]) -> Callable[..., HttpResponse]:
    """Call the view with the pending sign-in. A combined sign-in has its own page; without any, sign in again."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return _restart(request)
        if combined_pending := combined.pending(request.session):
            return _combined(request, combined_pending)
        pending = flows.pending(request.session)
        return view(request, pending) if pending else _restart(request)

    return guarded


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@_needs_pending_sign_in
def verification_code(request: HttpRequest, pending: PendingSignIn) -> HttpResponse:
    if not pending.choice:
        return _passkey_page(request, pending) if pending.has_passkey else redirect("new_phone")
    # In a browser that never used a passkey it may be on another device: the code is then ready to be typed.
    elsewhere = not used_passkey(request)
    form = CodeForm(request.POST or None, focus=elsewhere or not pending.has_passkey, choice=pending.choice)
    if request.method != "POST":
        context = {"form": restore(request, form), "seconds_left": pending.seconds_left, "next": pending.target}
        if pending.has_passkey:
            context |= _passkey_context(request, pending) | {"elsewhere": elsewhere, "focus_passkey": not elsewhere}
            return render(request, PASSKEY_FIRST, context)
        return render(request, "accounts/two_factor/challenge.html", context)

    def judge(data: dict[str, str], on_accepted: OnAccepted) -> VerificationResult:
        browsers = KnownBrowsers.of(request)
        return flows.verify(pending.user, data.get("device"), data["code"], Origin.of(request), browsers, on_accepted)

    return _respond(request, pending, form, judge)


def _passkey_context(request: HttpRequest, pending: PendingSignIn) -> dict[str, object]:
    """``passkey``: what the page asks of a passkey, for whoever has one."""
    if not pending.has_passkey:
        return {}
    from accounts.two_factor.passkeys import questions  # here, to save start-up time: workers begin with this module

    return {**questions.for_second_factor(pending.user, request.session)}


def _passkey_page(request: HttpRequest, pending: PendingSignIn) -> HttpResponse:
    """For whoever has no authenticator app."""
    from accounts.two_factor.passkeys.forms import PasskeyForm  # here, as above

    if request.method == "POST":
        return redirect("verification_code")
    form = restore(request, PasskeyForm())
    context = {"form": form, "seconds_left": pending.seconds_left, "next": pending.target, "passkey_only": True}
    context["focus_passkey"] = True
    return render(request, PASSKEY_FIRST, context | _passkey_context(request, pending))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@_needs_pending_sign_in
def passkey(request: HttpRequest, pending: PendingSignIn) -> HttpResponse:
    """A passkey instead of the code; asked for on the page of the code."""
    from accounts.two_factor.passkeys import binding, judgement  # here, as above
    from accounts.two_factor.passkeys.forms import PasskeyForm

    form = PasskeyForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return redirect("verification_code")

    def on_accepted(answer: VerificationResult) -> None:
        flows.forget(request.session)
        _sign_in(request, pending.user, answer)

    answer = flows.verify_passkey(
        pending.user,
        form.cleaned_data["ceremony"],
        form.cleaned_data["credential"],
        binding=binding.of_session(request.session),
        origin=Origin.of(request),
        browsers=KnownBrowsers.of(request),
        on_accepted=on_accepted,
    )
    if answer.outcome is not Outcome.ACCEPTED:
        form.refuse(answer)
        return redirect_with_errors(request, form, to=resolve_url("verification_code"))
    response = _redirect_after(request, pending.user, answer, pending.target)
    return note_passkey(response) if judgement.is_here(form.cleaned_data["credential"], answer.device) else response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@_needs_pending_sign_in
def recovery_code(request: HttpRequest, pending: PendingSignIn) -> HttpResponse:
    form = RecoveryCodeForm(request.POST or None)
    if pending.choice and parse(request.POST.get("code", "")):
        # Not verified here: with several apps the person chooses which one made it.
        messages.info(request, _("That is a code of the authenticator app. Type the code that it shows now, here."))
        return redirect("verification_code")
    if request.method != "POST":
        context = {"form": restore(request, form), "seconds_left": pending.seconds_left, "next": pending.target}
        context["has_passkey"] = pending.has_passkey
        return render(request, "accounts/two_factor/recovery_code.html", context)

    def judge(data: dict[str, str], on_accepted: OnAccepted) -> VerificationResult:
        browsers = KnownBrowsers.of(request)
        return flows.verify_recovery_code(pending.user, data["code"], Origin.of(request), browsers, on_accepted)

    return _respond(request, pending, form, judge)


def _combined(request: HttpRequest, pending: PendingCombinedSignIn) -> HttpResponse:
    """The network waits after wrong passwords: password and code are verified together."""
    form, user = CombinedCodeForm(request.POST or None), pending.attempt.user
    if request.method != "POST":
        context = {"form": restore(request, form), "seconds_left": pending.seconds_left, "next": pending.target}
        return render(request, "accounts/two_factor/combined.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)

    def on_accepted(answer: VerificationResult) -> None:
        combined.forget(request.session)
        if user:
            _sign_in(request, user, answer)

    browsers = KnownBrowsers.of(request)
    answer = combined.verify(pending.attempt, form.cleaned_data["code"], Origin.of(request), browsers, on_accepted)
    if answer is None or user is None:
        form.refuse()
        if combined.count_try(request.session):
            return redirect_with_errors(request, form)
        messages.error(request, str(form.non_field_errors()[0]))
        return sign_in_page(pending.target)
    return _redirect_after(request, user, answer, pending.target)


def _sign_in(request: HttpRequest, user: User, answer: VerificationResult) -> None:
    since = KnownBrowsers.of(request).since(user)
    sessions.sign_in(request, user, device=answer.device, origin=Origin.of(request), known_since=since)


def _redirect_after(request: HttpRequest, user: User, answer: VerificationResult, target: str) -> HttpResponse:
    with_recovery_code = answer.factor == RecoveryCodeSet.kind
    leads_to = "after_recovery_code" if with_recovery_code else first_page(user, target)
    return remember(request, redirect(leads_to), user)


def _respond(
    request: HttpRequest,
    pending: PendingSignIn,
    form: forms.Form,
    judge: Callable[[dict[str, str], OnAccepted], VerificationResult],
) -> HttpResponse:
    if not form.is_valid():
        return redirect_with_errors(request, form)

    def on_accepted(answer: VerificationResult) -> None:
        flows.forget(request.session)
        if answer.factor == Authenticator.kind and not pending.has_passkey and request.POST.get("device_can"):
            offers.begin(request.session, pending.user, request.COOKIES)
        _sign_in(request, pending.user, answer)

    answer = judge(form.cleaned_data, on_accepted)
    if answer.outcome is not Outcome.ACCEPTED:
        form.refuse(answer)  # type: ignore[attr-defined]
        return redirect_with_errors(request, form)
    return _redirect_after(request, pending.user, answer, pending.target)


@require_safe
def after_recovery_code(request: PersonRequest) -> HttpResponse:
    """After a recovery code the phone is probably lost, or the device with the passkey: offer a new one. Nothing to a
    session that has shown a device since: the page that demands a passkey leads back here."""
    if sessions.shown_kind(request) != RecoveryCodeSet.kind:
        return redirect("overview")
    left = devices.recovery_codes_left(request.user) or 0
    context = {
        "left": left,
        "few": left <= limits.RECOVERY_CODES_FEW,
        "authenticator": devices.authenticator_of(request.user),
        "passkeys": devices.factors_read_with(request.session, request.user).passkeys,
    }
    return render(request, "accounts/two_factor/after_recovery_code.html", context)


def _restart(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:  # in another tab
        return redirect(own_address(request))
    target = flows.target(request.session) or own_address(request)
    if flows.MARKER in request.session:
        flows.forget(request.session)
        messages.info(request, _("The five minutes for this step are over. Please sign in again."))
    return sign_in_page(target)
