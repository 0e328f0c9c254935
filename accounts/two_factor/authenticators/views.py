from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.active_sessions import flows as sessions
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.organisations import sign_in_policy
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.throttling.known_browsers import KnownBrowsers, forget_passkey
from accounts.two_factor import devices
from accounts.two_factor.authenticators import flows
from accounts.two_factor.devices import Situation
from accounts.two_factor.forms import CodeForm, device_choices
from accounts.two_factor.models import Authenticator, Passkey
from accounts.two_factor.verification import Outcome, VerificationResult

if TYPE_CHECKING:
    from accounts.two_factor.passkeys.forms import PasskeyForm


def own_device(request: PersonRequest, pk: str) -> Authenticator:
    device = devices.authenticator_of(request.user, pk)
    if device is None:
        raise Http404
    return device


def explain_while_required(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Explain the requirement instead of showing a form that would be refused; before asking for fresh proof."""

    @wraps(view)
    def explained(request: PersonRequest) -> HttpResponseBase:
        if request.method == "POST" or not sign_in_policy.is_required(request.user):
            return view(request)
        mine = devices.factors_read_with(request.session, request.user)
        context = {
            "demand": sign_in_policy.requirement_for(request.user),
            "passkey_demand": sign_in_policy.passkey_requirement_for(request.user),
            "authenticators": mine.authenticators,
        }
        if not mine.has_factor:
            return redirect("personal_details")
        return render(request, "accounts/two_factor/must_stay.html", context)

    return explained


@require_http_methods(["GET", "HEAD", "POST"])
@explain_while_required
@fresh_proof_required
def switch_off(request: PersonRequest) -> HttpResponse:
    mine = devices.factors_read_with(request.session, request.user)
    if not mine.has_factor:
        return redirect("personal_details")
    passkeys = devices.passkeys_of(request.user) if request.method == "POST" and mine.passkeys else []
    if request.method == "POST" and "credential" in request.POST:
        return _switch_off_by_passkey(request, passkeys)
    form = CodeForm(request.POST or None, choice=device_choices(mine.authenticators))
    if request.method != "POST":
        context = {"form": restore(request, form), "announced": sign_in_policy.announced_requirement(request.user)}
        return render(request, "accounts/two_factor/switch_off.html", context | _passkey_context(request, mine))
    if not form.is_valid():
        return redirect_with_errors(request, form)
    device = devices.authenticator_of(request.user, form.cleaned_data.get("device"))
    origin, browsers = Origin.of(request), KnownBrowsers.of(request)
    answer = flows.switch_off(request.user, device, form.cleaned_data["code"], origin, browsers)
    return _switched_off(request, form, answer, passkeys)


def _passkey_context(request: PersonRequest, mine: Situation) -> dict[str, object]:
    """``passkey``: what the page asks of a passkey; ``passkey_only``: there is no app that shows a code."""
    if not mine.passkeys:
        return {}
    from accounts.two_factor.passkeys import questions  # here, to save start-up time: workers begin with this module

    return {**questions.for_proof(request.user, request.session), "passkey_only": not mine.authenticators}


def _switch_off_by_passkey(request: PersonRequest, passkeys: list[Passkey]) -> HttpResponse:
    from accounts.two_factor.passkeys import binding  # here, as above
    from accounts.two_factor.passkeys.forms import PasskeyForm

    form = PasskeyForm(request.POST)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    of_page, origin, browsers = binding.of_session(request.session), Origin.of(request), KnownBrowsers.of(request)
    answer = flows.switch_off_by_passkey(
        request.user, **form.cleaned_data, binding=of_page, origin=origin, browsers=browsers
    )
    return _switched_off(request, form, answer, passkeys)


def _switched_off(
    request: PersonRequest, form: CodeForm | PasskeyForm, answer: VerificationResult, passkeys: list[Passkey]
) -> HttpResponse:
    if answer.outcome is Outcome.DEMANDED:
        return redirect("totp_switch_off")
    if answer.outcome is not Outcome.ACCEPTED:
        form.refuse(answer)
        return redirect_with_errors(request, form)
    sessions.end_others(request, request.user)
    sessions.mark_unverified(request)
    if passkeys:
        from accounts.two_factor.passkeys import signals  # here, as above

        signals.note_removal(request.session, passkeys)
    messages.success(
        request, _("Two-step authentication is off. From now on signing in asks for no second step any more.")
    )
    return forget_passkey(redirect("personal_details"))


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def remove(request: PersonRequest, pk: int) -> HttpResponse:
    """One of several; removing the last one means switching off."""
    device = own_device(request, str(pk))
    if request.method != "POST":
        if devices.factors_read_with(request.session, request.user).factors < 2:
            return redirect("totp_switch_off")
        return render(request, "accounts/two_factor/remove.html", {"device": device})
    if not flows.remove(request.user, device, Origin.of(request)):
        return redirect("totp_switch_off")
    sessions.end_others(request, request.user)
    sessions.verify_by_another(request, devices.another_factor_of(request.user))
    messages.success(request, _("“%(name)s” is removed. Its codes no longer work.") % {"name": device.name})
    return redirect("personal_details")


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: PersonRequest, pk: int) -> HttpResponse:
    from accounts.two_factor import renaming  # here, to save start-up time

    return renaming.page(request, pk, Authenticator, flows.rename, title=gettext_lazy("Rename a device"))
