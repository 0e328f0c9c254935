from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from accounts.active_sessions import flows as sessions
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest, own_address, sign_in_page
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.throttling.known_browsers import KnownBrowsers, remember
from accounts.two_factor import devices
from accounts.two_factor.challenge import combined, flows
from accounts.two_factor.challenge.combined import PendingHeld
from accounts.two_factor.challenge.flows import PendingSignIn
from accounts.two_factor.codes import parse
from accounts.two_factor.forms import CodeForm, HeldForm, RecoveryCodeForm
from accounts.two_factor.models import RecoveryCodeSet
from accounts.two_factor.verification import Answer, Opens, Outcome


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def verification_code(request: HttpRequest) -> HttpResponse:
    if (what := combined.pending(request.session)) and not request.user.is_authenticated:
        return _held(request, what)
    pending = flows.pending(request.session)
    if pending is None or request.user.is_authenticated:
        return _begin_again(request)
    if not pending.choice:
        return redirect("new_phone")
    form = CodeForm(request.POST or None, focus=True, choice=pending.choice)
    if request.method != "POST":
        context = {"form": restore(request, form), "seconds_left": pending.seconds_left, "next": pending.target}
        return render(request, "accounts/two_factor/challenge.html", context)

    def judge(data: dict[str, str], opens: Opens) -> Answer:
        browsers = KnownBrowsers.of(request)
        return flows.answer(pending.user, data.get("device"), data["code"], Origin.of(request), browsers, opens)

    return _answer(request, pending, form, judge)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_code(request: HttpRequest) -> HttpResponse:
    if (what := combined.pending(request.session)) and not request.user.is_authenticated:
        return _held(request, what)
    pending = flows.pending(request.session)
    if pending is None or request.user.is_authenticated:
        return _begin_again(request)
    form = RecoveryCodeForm(request.POST or None)
    if parse(request.POST.get("code", "")):
        # Not judged here: with several apps the person says which one made it.
        messages.info(request, _("That is a code of the authenticator app. Type the code that it shows now, here."))
        return redirect("verification_code")
    if request.method != "POST":
        context = {"form": restore(request, form), "seconds_left": pending.seconds_left, "next": pending.target}
        return render(request, "accounts/two_factor/recovery_code.html", context)

    def judge(data: dict[str, str], opens: Opens) -> Answer:
        browsers = KnownBrowsers.of(request)
        return flows.answer_with_recovery_code(pending.user, data["code"], Origin.of(request), browsers, opens)

    return _answer(request, pending, form, judge)


def _held(request: HttpRequest, pending: PendingHeld) -> HttpResponse:
    """Wrong passwords make this network wait: password and code count together."""
    form, user = HeldForm(request.POST or None), pending.what.user
    if request.method != "POST":
        context = {"form": restore(request, form), "seconds_left": pending.seconds_left, "next": pending.target}
        return render(request, "accounts/two_factor/combined.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)

    def opens(answer: Answer) -> None:
        combined.forget(request.session)
        if user:
            _open(request, user, answer)

    browsers = KnownBrowsers.of(request)
    answer = combined.answer(pending.what, form.cleaned_data["code"], Origin.of(request), browsers, opens)
    if answer is None or user is None:
        form.refuse()
        if combined.count_try(request.session):
            return redirect_with_errors(request, form)
        messages.error(request, str(form.non_field_errors()[0]))
        return sign_in_page(pending.target)
    return _go_on(request, user, answer, pending.target)


def _open(request: HttpRequest, user: User, answer: Answer) -> None:
    since = KnownBrowsers.of(request).since(user)
    sessions.sign_in(request, user, device=answer.device, origin=Origin.of(request), known_since=since)


def _go_on(request: HttpRequest, user: User, answer: Answer, target: str) -> HttpResponse:
    used_up_one = answer.factor == RecoveryCodeSet.kind
    return remember(request, redirect("after_recovery_code" if used_up_one else target), user)


def _answer(
    request: HttpRequest,
    pending: PendingSignIn,
    form: forms.Form,
    judge: Callable[[dict[str, str], Opens], Answer],
) -> HttpResponse:
    if not form.is_valid():
        return redirect_with_errors(request, form)

    def opens(answer: Answer) -> None:
        flows.forget(request.session)
        _open(request, pending.user, answer)

    answer = judge(form.cleaned_data, opens)
    if answer.outcome is not Outcome.ACCEPTED:
        form.refuse(answer)  # type: ignore[attr-defined]
        return redirect_with_errors(request, form)
    return _go_on(request, pending.user, answer, pending.target)


@require_safe
def after_recovery_code(request: PersonRequest) -> HttpResponse:
    """Whoever used a recovery code has probably lost the phone: offer to link the new one at once."""
    left = devices.recovery_codes_left(request.user) or 0
    context = {
        "left": left,
        "few": left <= limits.RECOVERY_CODES_FEW,
        "authenticator": devices.authenticator_of(request.user),
    }
    return render(request, "accounts/two_factor/after_recovery_code.html", context)


def _begin_again(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:  # in another tab
        return redirect(own_address(request))
    target = flows.target(request.session) or own_address(request)
    if flows.MARKER in request.session:
        flows.forget(request.session)
        messages.info(request, _("It took more than five minutes to type the code. Please sign in again."))
    return sign_in_page(target)
