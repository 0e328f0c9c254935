from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.active_sessions import flows as sessions
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.throttling.known_browsers import KnownBrowsers, remember_mailbox_proof
from accounts.two_factor.account_recovery import flows
from accounts.two_factor.account_recovery.flows import Outcome
from accounts.two_factor.challenge import flows as challenge
from accounts.two_factor.codes import Shape, shape_of
from accounts.two_factor.forms import BridgeCodeForm
from accounts.two_factor.totp.views import redirect_to_set_up

LINK = "recovery_link"  # session key of the token, which so leaves the address bar (ASVS 14.2.1)


@login_not_required
@require_http_methods(["GET", "HEAD"])
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """Keep the link in the session; the password comes next. The link is not used up, so a mail scanner does no harm,
    and nobody is signed out: anybody can be sent somebody else's link."""
    recovery = flows.recovery_of(token)
    if recovery is None:
        request.session.pop(LINK, None)
        return redirect("recovery_link_expired")
    request.session[LINK] = token
    request.session.cycle_key()
    if request.user.is_authenticated:
        return redirect("recovery_link_expired")
    return _to_sign_in(request, recovery.user)


def _to_sign_in(request: HttpRequest, user: User) -> HttpResponse:
    messages.info(request, _("Sign in now. After that you link your new phone or device."))
    return remember_mailbox_proof(redirect("sign_in"), user)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def link_expired(request: HttpRequest) -> HttpResponse:
    """The link is invalid or expired. Or somebody is signed in, who is asked to sign out first to use it."""
    token = request.session.get(LINK, "")
    recovery = flows.recovery_of(token) if token and request.user.is_authenticated else None
    if recovery is None:
        return render(request, "accounts/two_factor/recovery_link_expired.html", status=410)
    if request.method != "POST":
        return render(request, "accounts/two_factor/recovery_link_signed_in.html")
    sessions.sign_out(request, Origin.of(request))
    request.session[LINK] = token
    return _to_sign_in(request, recovery.user)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_phone(request: HttpRequest) -> HttpResponse:
    """After the right password, when support reset the second factor: what to do next, and mail the link again."""
    pending = challenge.pending(request.session)
    recovery = flows.of(pending.user) if pending else None
    if pending is None or recovery is None or request.user.is_authenticated:
        return redirect("verification_code")
    is_enough = flows.is_link_sufficient(recovery)
    if request.method == "POST" and is_enough:
        if flows.send_link(pending.user, Origin.of(request)):
            messages.success(request, _("The link is on its way. Look in your mailbox."))
        else:
            messages.warning(request, _("You asked for a few links already. Look in your mailbox, or ask support."))
        return redirect("new_phone")
    return render(request, "accounts/two_factor/new_phone.html", {"link_is_enough": is_enough})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def bridge_code(request: HttpRequest) -> HttpResponse:
    """The bridge code that support read out, after the right password."""
    pending = challenge.pending(request.session)
    if pending is None or request.user.is_authenticated:
        return redirect("verification_code")
    form = BridgeCodeForm(request.POST or None)
    if request.method != "POST":
        context = {"form": restore(request, form), "seconds_left": pending.seconds_left}
        context["has_passkey"] = pending.has_passkey
        return render(request, "accounts/two_factor/bridge_code.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    response: HttpResponse = redirect("totp_confirm")

    def on_accepted() -> None:
        nonlocal response
        response = _sign_in_to_set_up(request, pending.user)

    outcome = flows.use_bridge_code(pending.user, form.cleaned_data["code"], Origin.of(request), on_accepted)
    if outcome is not Outcome.ACCEPTED:
        form.add_error("code", _refusal(outcome, form.cleaned_data["code"]))
        return redirect_with_errors(request, form)
    return response


def _sign_in_to_set_up(request: HttpRequest, user: User) -> HttpResponse:
    challenge.forget(request.session)
    origin, since = Origin.of(request), KnownBrowsers.of(request).since(user)
    sessions.sign_in(request, user, device=None, origin=origin, instead="bridge_code", known_since=since)
    return redirect_to_set_up(request, user)


def _refusal(outcome: Outcome, typed: str) -> str:
    match outcome:
        case Outcome.NOT_A_CODE if shape_of(typed) is Shape.APP:
            return _("That is a code of the authenticator app. Choose “Found it?” below and type it there.")
        case Outcome.NOT_A_CODE if shape_of(typed) in (Shape.RECOVERY, Shape.SEVERAL):
            return _("That is a recovery code. Choose “Found it?” below and type it there.")
        case Outcome.NOT_A_CODE:
            return _("The code of support has 8 letters and digits, for example K7N3-MZDW. Type it again.")
        case Outcome.VOID:
            return _("This code is not right, and there were too many attempts. Ask support for a new code.")
        case _:
            return _("This code is not right, or is too old: it works for 15 minutes. Ask support to read it again.")
