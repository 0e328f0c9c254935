from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.requests import PersonRequest
from accounts.support import flows, help_requests, reports
from accounts.support.flows import Outcome
from accounts.support.forms import ResetForm
from accounts.two_factor import devices
from accounts.two_factor.challenge import flows as challenge

PERSON_PAGE = "admin:accounts_user_change"


@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def reset_second_factor(request: PersonRequest, user_id: int) -> HttpResponse:
    """Ask for the reason and a confirmation, then reset. Reached from the person's page in the administration."""
    if not request.user.has_perm(flows.PERMISSION):
        raise PermissionDenied
    subject = get_object_or_404(User, pk=user_id)
    form = ResetForm(request.POST or None)
    if request.method != "POST":
        context = admin.site.each_context(request) | {
            "title": _("Reset two-step authentication"),
            "form": restore(request, form),
            "subject": subject,
            "refusal": _sentence(flows.may_reset(request.user, subject)),
        }
        return render(request, "admin/accounts/reset_second_factor.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    outcome = flows.reset_second_factor(
        subject, actor=request.user, reason=form.cleaned_data["reason"], origin=Origin.of(request)
    )
    tell = messages.success if outcome is Outcome.RESET else messages.error
    tell(request, _sentence(outcome))
    return redirect(PERSON_PAGE, subject.pk)


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


def _sentence(outcome: Outcome | None) -> str:
    match outcome:
        case Outcome.RESET:
            return _("The second step is reset, all sessions are ended, and the person has been told by mail.")
        case Outcome.NOTHING_TO_RESET:
            return _("This person has no second step, so there is nothing to reset.")
        case Outcome.ONESELF:
            return _("You cannot reset your own second step. Ask a colleague.")
        case Outcome.OUTRANKED:
            return _("This person has rights that you do not have. Ask an administrator.")
        case Outcome.REPORTED:
            return _(
                "This person has reported “this was not me”. An administrator looks at that report first; "
                "until then nothing can be reset."
            )
        case Outcome.NOT_ALLOWED:
            return _("You may not reset a second step.")
        case None:
            return ""
