"""The sign-in page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.audit.origin import Origin
from accounts.http_requests import own_address
from accounts.post_redirect_get import redirect_with_errors, restore, typed
from accounts.sign_in.completion.views import ask_code_with_password, complete_sign_in
from accounts.sign_in.password import flows
from accounts.sign_in.password.forms import SignInForm
from accounts.throttling.known_browsers import KnownBrowsers, used_passkey
from accounts.two_factor.passkeys import rp


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = own_address(request)
    form = SignInForm(request.POST or None)
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(target)
        form.begin_with(typed(request))
        context = {"form": restore(request, form), "next": target}
        context |= {"passkeys_possible": rp.can_have_passkeys(), "passkey_used": used_passkey(request)}
        return render(request, "accounts/sign_in/sign_in.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    data, browsers = form.cleaned_data, KnownBrowsers.of(request)
    answer = flows.check_password(data["username"], data["password"], Origin.of(request), browsers)
    if answer.combined and not request.user.is_authenticated:
        return ask_code_with_password(request, answer.combined, target)
    if answer.user is None:
        form.refuse(answer)
        return redirect_with_errors(request, form)
    return complete_sign_in(request, answer.user, target)
