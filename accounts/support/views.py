from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit.origin import Origin
from accounts.support import cancelling, help_requests, reports
from accounts.two_factor import devices
from accounts.two_factor.challenge import flows as challenge


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def lost_phone(request: HttpRequest) -> HttpResponse:
    """After the right password: recovery code first; otherwise a reference to read out to support."""
    pending = challenge.pending(request.session)
    if pending is None:
        return redirect("verification_code")
    if request.method == "POST":
        help_requests.ask(pending.user, Origin.of(request))
        return redirect("lost_phone")
    context = {
        "asked": help_requests.open_request(pending.user),
        "has_codes": bool(devices.recovery_codes_left(pending.user)),
    }
    return render(request, "accounts/support/lost_phone.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_help(request: HttpRequest, token: str) -> HttpResponse:
    """A page with a button, so that a mail scanner that follows links cancels nothing."""
    if request.method == "POST":
        if help_requests.cancel(token, Origin.of(request)):
            messages.success(request, _("Your request for help is cancelled. Support does nothing with it."))
        return redirect("sign_in")
    return render(request, "accounts/support/cancel_help.html", {"asked": help_requests.cancellable(token)})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_intervention(request: HttpRequest, token: str) -> HttpResponse:
    """What support wants to do to an account with rights, taken back by its owner; with a button, for that reason."""
    intervention = cancelling.cancellable(token)
    if request.method == "POST":
        if intervention and cancelling.cancel(intervention, Origin.of(request)):
            messages.success(request, _("It is cancelled. Support does nothing to your account."))
        return redirect("intervention_cancel", token)
    return render(request, "accounts/support/cancel_intervention.html", {"intervention": intervention})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """Also a page with a button, for the same reason."""
    if request.method == "POST":
        # Too late or reported before: the page itself says so; thanks would promise what did not happen.
        done = reports.report(token, Origin.of(request))
        return redirect("not_me_done") if done else redirect("not_me", token)
    return render(request, "accounts/support/not_me.html", {"entry": reports.reportable(token)})


@login_not_required
@require_safe
def not_me_done(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/support/not_me_done.html")
