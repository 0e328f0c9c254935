"""The hall: sign in, sign out, personal details."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import flows
from accounts.active_sessions import flows as sessions
from accounts.audit.origin import Origin
from accounts.forms import PersonalDetailsForm, SignInForm
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.requests import PersonRequest
from accounts.two_factor import devices
from accounts.two_factor.challenge import flows as challenge

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
    user = flows.check_password(form.cleaned_data["username"], form.cleaned_data["password"], Origin.of(request))
    if user is None:
        form.refuse()
        return redirect_with_errors(request, form)
    return _after_password(request, user, target)


def _after_password(request: HttpRequest, user: User, target: str) -> HttpResponse:
    # Whatever this browser was doing before ends here: another person's session, or an older half sign-in.
    request.session.flush()
    if devices.has_confirmed_device(user):
        challenge.mark(request.session, user, target)
        return redirect("verification_code")
    sessions.sign_in(request, user, device=None, origin=Origin.of(request))
    return redirect(target)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    sessions.sign_out(request, Origin.of(request))
    messages.success(request, _("You are signed out."))
    return redirect("sign_in")


@require_http_methods(["GET", "HEAD", "POST"])
def personal_details(request: PersonRequest) -> HttpResponse:
    form = PersonalDetailsForm(request.POST or None, instance=request.user)
    if request.method != "POST":
        return render(request, "accounts/personal_details.html", _details(request, restore(request, form)))
    if not form.is_valid():
        return redirect_with_errors(request, form)
    flows.change_details(request.user, Origin.of(request))
    messages.success(request, _("Your details are saved."))
    return redirect("personal_details")


def _details(request: PersonRequest, form: object) -> dict[str, object]:
    return {
        "form": form,
        "authenticator": devices.authenticator_of(request.user),
        "set_up_unfinished": devices.pending_authenticator_of(request.user) is not None,
    }
