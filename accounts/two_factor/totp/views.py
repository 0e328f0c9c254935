from __future__ import annotations

import base64

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.active_sessions import flows as sessions
from accounts.audit.origin import Origin
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.requests import PersonRequest
from accounts.two_factor import devices
from accounts.two_factor.forms import CodeForm
from accounts.two_factor.totp import flows, qr
from accounts.two_factor.verification import Outcome


@require_POST
def activate(request: PersonRequest) -> HttpResponse:
    """The button: make the pending secret (or find the one in progress) and show it."""
    if flows.begin(request.user) is None:
        messages.info(request, _("Two-step authentication is on already."))
        return redirect("personal_details")
    return redirect("totp_confirm")


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest) -> HttpResponse:
    if devices.has_confirmed_device(request.user):
        messages.info(request, _("Two-step authentication is on already."))
        return redirect("personal_details")
    if request.method == "POST":
        return _confirm(request)
    shown = _shown(request)
    if shown is None:
        return render(request, "accounts/two_factor/begin.html", {"expired": flows.is_unfinished(request.user)})
    return render(request, "accounts/two_factor/confirm.html", shown | {"form": restore(request, CodeForm())})


def _confirm(request: PersonRequest) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    answer = flows.activate(request.user, form.cleaned_data["code"], Origin.of(request))
    if answer is None:
        return redirect("totp_confirm")
    if answer.outcome is not Outcome.ACCEPTED or answer.device is None:
        form.refuse(answer)
        return redirect_with_errors(request, form)
    sessions.end_others(request, request.user)
    sessions.strengthen(request, answer.device)
    messages.success(request, _("Two-step authentication is on. From now on, signing in asks for a code as well."))
    return redirect("personal_details")


def _shown(request: PersonRequest) -> dict[str, object] | None:
    pending = flows.pending(request.user)
    if pending is None:
        return None
    secret = base64.b32encode(pending.secret()).decode("ascii")
    uri = flows.provisioning_uri(request.user, secret)
    return {
        "qr": qr.data_uri(uri),
        "uri": uri,
        "secret_groups": [secret[start : start + 4] for start in range(0, len(secret), 4)],
        "expires_at": devices.expires_at(pending),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def switch_off(request: PersonRequest) -> HttpResponse:
    if not devices.has_confirmed_device(request.user):
        return redirect("personal_details")
    form = CodeForm(request.POST or None)
    if request.method != "POST":
        return render(request, "accounts/two_factor/switch_off.html", {"form": restore(request, form)})
    if not form.is_valid():
        return redirect_with_errors(request, form)
    answer = flows.switch_off(request.user, form.cleaned_data["code"], Origin.of(request))
    if answer.outcome is not Outcome.ACCEPTED:
        form.refuse(answer)
        return redirect_with_errors(request, form)
    sessions.end_others(request, request.user)
    sessions.weaken(request)
    messages.success(request, _("Two-step authentication is off. From now on your password alone is enough."))
    return redirect("personal_details")
