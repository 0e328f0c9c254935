"""The pages of a forgotten, a new and a changed password."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.active_sessions import flows as sessions
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.models import User
from accounts.organisations import rank, sign_in_policy
from accounts.organisations.wording import second_step_is_there
from accounts.passwords import flows, links, verification
from accounts.passwords.forms import AddressForm, ChangePasswordForm, NewPasswordForm
from accounts.post_redirect_get import keep_typed, redirect_with_errors, restore, typed
from accounts.throttling.known_browsers import KnownBrowsers, remember_mailbox_proof

LINK = "password_link"  # where the session keeps the token, so that it leaves the address bar (ASVS 14.2.1)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    form = AddressForm(request.POST or None)
    if request.method != "POST":
        return render(request, "accounts/passwords/forgotten.html", {"form": restore(request, form)})
    if not form.is_valid():
        return redirect_with_errors(request, form)
    flows.send_reset_link(form.cleaned_data["email"], Origin.of(request))
    response = redirect("password_link_sent")
    keep_typed(response, form.cleaned_data["email"])
    return response


@login_not_required
@require_http_methods(["GET", "HEAD"])
def link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/passwords/link_sent.html", {"address": typed(request)})


@login_not_required
@require_http_methods(["GET", "HEAD"])
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """Move the token from the address into the session, also that of an invitation that no longer works."""
    if links.holder(token) is None and not links.address_to_renew(token):
        return render(request, "accounts/passwords/link_expired.html", status=410)
    request.session[LINK] = token
    request.session.cycle_key()
    return redirect("set_new_password")


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_new(request: HttpRequest) -> HttpResponse:
    token = request.session.get(LINK, "")
    if not token:  # the link was opened in another browser, or used in this one
        return render(request, "accounts/passwords/link_elsewhere.html", status=410)
    holder = links.holder(token)
    if holder is None:
        return _no_longer(request, token)
    form = NewPasswordForm(holder, request.POST or None)
    if request.method != "POST":
        context = {"form": restore(request, form), "address": holder.email} | _business_account_context(holder, token)
        return render(request, "accounts/passwords/set_new.html", context)
    if sign_in_policy.needs_no_password(holder):
        return redirect("set_new_password")
    if not form.is_valid():
        return redirect_with_errors(request, form)
    user = flows.set_from_link(token, form.cleaned_data["new_password1"], Origin.of(request))
    if user is None:
        return redirect("set_new_password")
    request.session.flush()
    messages.success(request, _("Your password is set. Now sign in with it."))
    response = redirect("sign_in")
    keep_typed(response, user.email)
    return remember_mailbox_proof(response, user)


def _no_longer(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation offers to mail another. That takes a press: programs that look through mail open links too."""
    if request.method == "POST" and "fresh" in request.POST:
        flows.renew_invitation(token, Origin.of(request))
        return redirect("password_link_sent")
    is_invitation = bool(links.address_to_renew(token))
    # 200 for the page with a form: other answers have the policy no-referrer, with which browsers send no origin.
    status = 200 if is_invitation else 410
    return render(request, "accounts/passwords/link_expired.html", {"is_invitation": is_invitation}, status=status)


def _business_account_context(holder: User, token: str) -> dict[str, object]:
    """``business_account``: the organisation whose business account may be taken instead of a password;
    ``password_is_void``: and must be."""
    invited = links.invited(token)
    if invited is not None and not rank.organisation_decides_over(invited):
        invited = None  # the first factor is a password: the mailbox may be the organisation's too
    organisation = invited.membership.organisation if invited and hasattr(invited, "membership") else None
    # By the name of the relation: neighbouring packages, such as sso, are not imported here.
    connection = getattr(organisation, "connection", None)
    return {
        "business_account": organisation if connection and connection.enabled else None,
        "password_is_void": sign_in_policy.needs_no_password(holder),
        "is_demanded": sign_in_policy.must_use_business_account(holder),
        "second_step_is_there": second_step_is_there(),
    }


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def change(request: PersonRequest) -> HttpResponse:
    judge = partial(verification.check, request.user, origin=Origin.of(request), browsers=KnownBrowsers.of(request))
    form = ChangePasswordForm(request.user, request.POST or None, is_present_password=judge)
    if request.method != "POST":
        return render(request, "accounts/passwords/change.html", {"form": restore(request, form)})
    if not form.is_valid():
        return redirect_with_errors(request, form)
    if not flows.change(request.user, form.cleaned_data["new_password1"], Origin.of(request)):
        form.refuse_too_often()
        return redirect_with_errors(request, form)
    sessions.end_others(request, request.user)
    sessions.keep_after_password_change(request, request.user)
    messages.success(request, _("Your password is changed. You are signed out everywhere else."))
    return redirect("personal_details")
