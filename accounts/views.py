"""The hall: sign in, sign out, personal details."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import flows, limits
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import intended, reauthentication
from accounts.audit.origin import Origin
from accounts.forms import PersonalDetailsForm, ProofForm, SignInForm
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.requests import PersonRequest
from accounts.throttling.known_browsers import KnownBrowsers, remember
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.account_recovery import views as recovery_link
from accounts.two_factor.challenge import flows as challenge
from accounts.two_factor.recovery_codes.views import shown_once
from accounts.two_factor.totp.views import straight_to_set_up

LONGEST_TARGET = 2000


def own_address(request: HttpRequest) -> str:
    """Where to go after signing in: the asked-for address if it is one of ours, else Mijn Omgevingen (ASVS 3.7.2)."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = len(target) <= LONGEST_TARGET and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if safe and target.startswith("/") else resolve_url("overview")


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = own_address(request)
    form = SignInForm(request.POST or None)
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(target)
        return render(request, "accounts/sign_in.html", {"form": restore(request, form), "next": target})
    if not form.is_valid():
        return redirect_with_errors(request, form)
    data, browsers = form.cleaned_data, KnownBrowsers.of(request)
    answer = flows.check_password(data["username"], data["password"], Origin.of(request), browsers)
    if answer.user is None:
        form.refuse(answer)
        return redirect_with_errors(request, form)
    return _after_password(request, answer.user, target)


def _after_password(request: HttpRequest, user: User, target: str) -> HttpResponse:
    link = request.session.get(recovery_link.LINK, "")
    # Whatever this browser was doing before ends here: another person's session, or an older half sign-in.
    request.session.flush()
    if mine := devices.authenticators_of(user):
        challenge.mark(request.session, user, target, mine)
        return redirect("verification_code")
    if account_recovery.of(user):  # a reset removed every device, so nobody else pays for this question
        return _after_reset(request, user, target, link)
    sessions.sign_in(request, user, device=None, origin=Origin.of(request))
    return remember(request, redirect(target), user)


def _after_reset(request: HttpRequest, user: User, target: str, link: str) -> HttpResponse:
    """Support reset the second step: beside the password the mailed link is needed, and only the set-up is open."""
    if account_recovery.use_link(link, user):
        sessions.sign_in(request, user, device=None, origin=Origin.of(request), instead="recovery_link")
        return straight_to_set_up(request, user)
    challenge.mark(request.session, user, target, [])
    return redirect("new_phone")


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    sessions.sign_out(request, Origin.of(request))
    messages.success(request, _("You are signed out."))
    response = redirect("sign_in")
    # Not "cookies": the cookie of a known browser keeps strangers from locking the owner out (ASVS 14.3.1).
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_identity(request: PersonRequest) -> HttpResponse:
    """Fresh proof before a sensitive change; afterwards the interrupted action goes on."""
    target = own_address(request)
    set_up_only = sessions.SET_UP_ONLY in request.session  # its phone is lost, and the set-up is all that opens
    mine = [] if set_up_only else devices.authenticators_of(request.user)
    form = ProofForm(request.POST or None, authenticators=mine)
    if request.method != "POST":
        context = {"form": restore(request, form), "next": target}
        return render(request, "accounts/confirm_identity.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    origin, browsers = Origin.of(request), KnownBrowsers.of(request)
    proof = flows.prove_identity(request.user, origin, browsers, **form.cleaned_data, password_is_enough=set_up_only)
    if not proof.is_complete:
        form.refuse(proof)
        return redirect_with_errors(request, form)
    sessions.prove(request, request.user, Origin.of(request))
    return reauthentication.resume(request, target)


@require_http_methods(["GET", "HEAD", "POST"])
def personal_details(request: PersonRequest) -> HttpResponse:
    form = PersonalDetailsForm(request.POST or None, instance=request.user)
    if request.method != "POST":
        return render(request, "accounts/personal_details.html", _details(request, restore(request, form)))
    if not form.is_valid():
        return redirect_with_errors(request, form)
    flows.change_details(request.user, Origin.of(request))
    with translation.override(request.user.language):  # the person may have changed it just now
        messages.success(request, _("Your details are saved."))
    return redirect("personal_details")


def _details(request: PersonRequest, form: object) -> dict[str, object]:
    mine = devices.authenticators_of(request.user)
    pending = devices.pending_authenticator_of(request.user)
    context = {
        "form": form,
        "authenticators": mine,
        "set_up_unfinished": pending is not None,
        "recovery_codes_left": devices.recovery_codes_left(request.user) if mine else None,
        "few": limits.RECOVERY_CODES_FEW,
    }
    context |= shown_once(request)
    if context["codes"]:
        context["go_on"] = intended.take(request)  # to the page that had to wait for the set-up
    return context
