from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit.origin import Origin
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.support import cancellation, forms, help_requests, reported_entry, reports
from accounts.support.forms import MailedQuestionForm
from accounts.two_factor import devices
from accounts.two_factor.challenge import flows as challenge


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def lost_phone(request: HttpRequest) -> HttpResponse:
    """After the right password: use a recovery code, or get a reference to read out to support."""
    pending = challenge.pending(request.session)
    if pending is None:
        return redirect("verification_code")
    if request.method == "POST":
        help_requests.ask(pending.user, Origin.of(request))
        return redirect("lost_phone")
    context = {
        "asked": help_requests.open_request(pending.user),
        "has_codes": bool(devices.recovery_codes_left(pending.user)),
        "has_passkey": pending.has_passkey,
    }
    return render(request, "accounts/support/lost_phone.html", context)


def _asked(
    request: HttpRequest, form: MailedQuestionForm, carry_out: Callable[[], HttpResponse], unsure: str
) -> HttpResponse:
    """Act on the confirming answer only: a mail scanner chooses none, or any."""
    if not form.is_valid():
        return redirect_with_errors(request, form)
    match form.cleaned_data["answer"]:
        case forms.DO:
            return carry_out()
        case forms.UNSURE:
            messages.info(request, unsure)
        case _:
            messages.success(request, _("Good. Then everything stays as it is."))
    return redirect(request.get_full_path())


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_help(request: HttpRequest, token: str) -> HttpResponse:
    asked = help_requests.cancellable(token)
    form = MailedQuestionForm(
        request.POST if request.method == "POST" else None,
        question=_("Cancel the request?"),
        leave=_("No, leave it"),
        do=_("Yes, cancel it"),
    )
    if request.method != "POST":
        return render(request, "accounts/support/cancel_help.html", {"asked": asked, "form": restore(request, form)})
    if asked is None:
        return redirect("help_cancel", token)

    def carry_out() -> HttpResponse:
        if help_requests.cancel(token, Origin.of(request)):
            messages.success(request, _("Your request for help is cancelled."))
        return redirect("sign_in")

    unsure = _("Nothing is cancelled. Did you not ask for help? Cancel it.")
    return _asked(request, form, carry_out, unsure)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_intervention(request: HttpRequest, token: str) -> HttpResponse:
    """The owner of an account with permissions cancels what support wants to do to it."""
    intervention = cancellation.cancellable(token)
    form = MailedQuestionForm(
        request.POST if request.method == "POST" else None,
        question=_("Cancel the help of support?"),
        leave=_("No, let support go on"),
        do=_("Yes, cancel it"),
    )
    if request.method != "POST":
        context = {"intervention": intervention, "form": restore(request, form)}
        return render(request, "accounts/support/cancel_intervention.html", context)
    if intervention is None:
        return redirect("intervention_cancel", token)

    def carry_out() -> HttpResponse:
        if cancellation.cancel(intervention, Origin.of(request)):
            messages.success(request, _("It is cancelled."))
        return redirect("intervention_cancel", token)

    unsure = _("Nothing is cancelled. Did you not ask for this? Cancel it.")
    return _asked(request, form, carry_out, unsure)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    entry = reported_entry.reportable(token)
    form = MailedQuestionForm(
        request.POST if request.method == "POST" else None,
        question=_("Was this you?"),
        leave=_("Yes, this was me"),
        do=_("No, this was not me"),
    )
    if request.method != "POST":
        made = reported_entry.of(token) if entry is None else None
        if made and made.looked_at is None:
            return render(request, "accounts/support/not_me_done.html", {"report": made})
        return render(request, "accounts/support/not_me.html", {"entry": entry, "form": restore(request, form)})
    if entry is None:
        return redirect("not_me", token)

    def carry_out() -> HttpResponse:
        # Without a message: the page itself says what was reverted, or that it was too late.
        reports.report(token, Origin.of(request))
        return redirect("not_me", token)

    unsure = _(
        "Nothing is reported yet. Look at Security activity under Personal Details. "
        "Not yours? Choose “No, this was not me”."
    )
    return _asked(request, form, carry_out, unsure)


@login_not_required
@require_safe
def not_me_done(request: HttpRequest) -> HttpResponse:
    """An earlier address of the confirmation, kept; the page of the link itself says more."""
    return render(request, "accounts/support/not_me_done.html")
