"""The pages to change one's own e-mail address, and to confirm the new one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.active_sessions import flows as sessions
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.email_address import asked_address, flows, links
from accounts.email_address.flows import Outcome
from accounts.email_address.forms import NewAddressForm
from accounts.http_requests import PersonRequest
from accounts.mail import outcomes
from accounts.post_redirect_get import redirect_with_errors, restore

LINK = "address_link"  # where the session keeps the token, so that it leaves the address bar (ASVS 14.2.1)
VOID = "void"  # there instead of a token that was used: the page then says so, and not to open the link once more


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def change(request: PersonRequest) -> HttpResponse:
    form = NewAddressForm(request.POST or None)
    if request.method != "POST":
        return render(request, "accounts/email_address/change.html", {"form": restore(request, form)})
    if not form.is_valid():
        return redirect_with_errors(request, form)
    address = form.cleaned_data["email"]
    with outcomes.collect() as mails:
        outcome = flows.request_change(request.user, address, Origin.of(request))
    match outcome:
        case Outcome.UNCHANGED:
            form.refuse_unchanged()
        case Outcome.TOO_OFTEN:
            form.refuse_too_often()
        case Outcome.OTHER_ORGANISATION:
            form.refuse_other_organisation()
    if form.errors:
        return redirect_with_errors(request, form)
    asked_address.remember(request.session, mails.mails[0], address)
    messages.info(request, _("We sent a mail to %(address)s. Open the link in it to confirm.") % {"address": address})
    return redirect("personal_details")


@require_http_methods(["GET", "HEAD"])
def follow_link(request: PersonRequest, token: str) -> HttpResponse:
    """Move the token from the address into the session."""
    if links.new_address(token, request.user) is None:
        return render(request, "accounts/email_address/link_expired.html", status=410)
    request.session[LINK] = token
    return redirect("confirm_address")


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest) -> HttpResponse:
    """A page with a button: a scanner that opens links in mails changes nothing."""
    token = request.session.get(LINK, "")
    if not token:  # the link was opened in another browser, or used in this one
        return render(request, "accounts/email_address/link_elsewhere.html", status=410)
    address = links.new_address(token, request.user)
    if address is None:
        return render(request, "accounts/email_address/link_expired.html", status=410)
    if request.method != "POST":
        return render(request, "accounts/email_address/confirm.html", {"address": address})
    if flows.confirm(request.user, token, Origin.of(request)) is not Outcome.CHANGED:
        request.session[LINK] = VOID
        return redirect("confirm_address")
    request.session[LINK] = VOID
    asked_address.forget(request.session)
    sessions.end_others(request, request.user)
    request.session.cycle_key()
    messages.success(request, _("Your e-mail address is changed. You are signed out everywhere else."))
    return redirect("personal_details")
