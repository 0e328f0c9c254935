from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits, policy
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import requested_page, store
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.edit_conflicts.forms import gone, was_shown
from accounts.hash_queue import TooBusyError
from accounts.http_requests import PersonRequest
from accounts.models import User
from accounts.organisations import rank, sign_in_policy
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.throttling.known_browsers import KnownBrowsers, remember
from accounts.two_factor import devices, time_steps
from accounts.two_factor.forms import CodeForm, NamedCodeForm, NameForm, choice_of
from accounts.two_factor.models import Authenticator
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.totp import flows, qr
from accounts.two_factor.verification import Outcome

LASTS = limits.PENDING_AUTHENTICATOR // timedelta(minutes=1)


def _own_device(request: PersonRequest, pk: str) -> Authenticator:
    device = devices.authenticator_of(request.user, pk)
    if device is None:
        raise Http404
    return device


def _all_lost(request: PersonRequest) -> bool:
    """Support helped this person in: what is set up now takes the place of everything there was."""
    return sessions.SET_UP_ONLY in request.session


def _is_taken_care_of(request: PersonRequest) -> bool:
    """Is the second step at the provider, and none here? Then nobody is offered the set-up: that page says so."""
    if _all_lost(request):
        return False
    owner = store.person_of(request.session)  # read with the membership
    vouched = rank.accepted(store.vouched(request.session), owner or request.user)
    enough = policy.is_enough(vouched, is_staff=request.user.is_staff)
    return enough and not devices.has_confirmed_device(request.user)


def _sign_in_of(request: HttpRequest) -> str:
    return str(request.session.get(store.SIGN_IN, ""))


def straight_to_set_up(request: HttpRequest, user: User) -> HttpResponse:
    """For somebody whom support helped in: the QR code at once, without a button that begins."""
    flows.begin(user, begun_in=_sign_in_of(request), all_lost=True)
    return redirect("totp_confirm")


@require_POST
@fresh_proof_required
def activate(request: PersonRequest) -> HttpResponse:
    """The button: make the pending secret (or find the one in progress) and show it. ``replaces``: a new phone."""
    if _is_taken_care_of(request):
        return redirect("personal_details")
    old = request.POST.get("replaces")
    replaces = _own_device(request, old) if old else None
    begun_in, all_lost, name = _sign_in_of(request), _all_lost(request), _typed_name(request)
    begun = flows.begin(request.user, replaces=replaces, begun_in=begun_in, all_lost=all_lost, name=name)
    if begun is None:
        messages.warning(request, _("You have the greatest number of devices. Remove one first."))
        return redirect("personal_details")
    return redirect("totp_confirm")


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def confirm(request: PersonRequest) -> HttpResponse:
    if _is_taken_care_of(request):
        return redirect("personal_details")
    if request.method == "POST":
        return _confirm(request)
    pending = flows.pending(request.user, _sign_in_of(request))
    if pending is None:
        return render(request, "accounts/two_factor/begin.html", _over(request))
    form = restore(request, NamedCodeForm(initial={"name": pending.name}))
    return render(request, "accounts/two_factor/confirm.html", _shown(request, pending) | {"form": form})


@require_POST
@fresh_proof_required
def more_time(request: PersonRequest) -> HttpResponse:
    """The time of a set-up anew, for the same QR code (WCAG 2.2.1)."""
    begun_in = _sign_in_of(request)
    if flows.give_more_time(request.user, begun_in=begun_in, name=_typed_name(request)):
        again = _("You have %(minutes)d minutes again. The QR code stays the same.")
        messages.success(request, again % {"minutes": LASTS})
    elif flows.pending(request.user, begun_in):
        messages.warning(request, _("You cannot get more time for this QR code. Is it over? Then you begin again."))
    return redirect("totp_confirm")


def _typed_name(request: PersonRequest) -> str:
    form = NameForm(request.POST)
    return str(form.cleaned_data["name"]) if form.is_valid() else ""


def _over(request: PersonRequest) -> dict[str, object]:
    """No set-up of this sign-in is in progress; what another sign-in chose stays out of sight."""
    left = flows.unfinished(request.user)
    is_own = left is not None and left.begun_in == _sign_in_of(request)
    is_unreadable = left is not None and is_own and time_steps.secret_of(left) is None
    return {
        "expired": left is not None and not is_unreadable,
        "unreadable": is_unreadable,
        "reference": Origin.of(request).reference,
        "minutes": LASTS,
        "left": left if is_own else None,
        "has_factor": request.user.is_verified(),
        "all_lost": _all_lost(request),
    }


def _confirm(request: PersonRequest) -> HttpResponse:
    form = NamedCodeForm(request.POST)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    data, origin = form.cleaned_data, Origin.of(request)
    begun_in, all_lost = _sign_in_of(request), _all_lost(request)
    activation = flows.activate(request.user, data["code"], data["name"], origin, begun_in=begun_in, all_lost=all_lost)
    if activation is None:
        return redirect("totp_confirm")
    if activation.answer.outcome is not Outcome.ACCEPTED or activation.answer.device is None:
        form.refuse(activation.answer)
        return redirect_with_errors(request, form)
    sessions.end_others(request, request.user)
    sessions.strengthen(request, activation.answer.device)
    messages.success(request, _told(activation))
    return remember(request, redirect(_after_set_up(request, activation)), request.user)


def _after_set_up(request: PersonRequest, activation: flows.Activation) -> str:
    """New recovery codes are shown first, with the way on beside them; else straight to the page asked for. New ones
    also when the last one was used to get here: without one, the next lost phone takes support."""
    if devices.recovery_codes_left(request.user):
        return requested_page.take(request) or "personal_details"
    try:
        codes = recovery_codes.make(request.user, Origin.of(request), mailed=not activation.is_first)
    except TooBusyError:  # the second step is on already, and its codes can be made on their own page
        messages.warning(request, _("It was too busy to make your recovery codes. Make them here."))
        return "recovery_codes"
    recovery_codes.keep_to_show_once(request.session, request.user, codes)
    return "personal_details"


def _told(activation: flows.Activation) -> str:
    if activation.is_first:
        return _("Two-step authentication is on. From now on, signing in asks for a code as well.")
    return _("The new device works. From now on you can sign in with its codes.")


def _shown(request: PersonRequest, pending: Authenticator) -> dict[str, object]:
    secret = base64.b32encode(pending.secret()).decode("ascii")
    uri = flows.provisioning_uri(request.user, secret)
    return {
        "qr": qr.picture(uri),
        "uri": uri,
        "secret_groups": [secret[start : start + 4] for start in range(0, len(secret), 4)],
        **_time(pending),
        "all_lost": _all_lost(request),
        "has_factor": request.user.is_verified(),
        "replaces": pending.replaces,
    }


def _time(pending: Authenticator) -> dict[str, object]:
    """By the server's clock: that of the visitor may be wrong."""
    expires_at = devices.expires_at(pending)
    seconds = max(0, int((expires_at - timezone.now()).total_seconds()))
    return {
        "expires_at": expires_at,
        "seconds_left": seconds,
        "minutes_left": -(-seconds // 60),
        "may_be_extended": flows.may_be_extended(pending),
    }


def stays_while_demanded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Explain, instead of showing a form that would be refused; before the proof, so that nobody types one for that."""

    @wraps(view)
    def explained(request: PersonRequest) -> HttpResponseBase:
        if request.method == "POST" or not sign_in_policy.is_required(request.user):
            return view(request)
        mine = devices.authenticators_of(request.user)
        context = {"demand": sign_in_policy.requirement_for(request.user), "authenticators": mine}
        return render(request, "accounts/two_factor/must_stay.html", context) if mine else redirect("personal_details")

    return explained


@require_http_methods(["GET", "HEAD", "POST"])
@stays_while_demanded
@fresh_proof_required
def switch_off(request: PersonRequest) -> HttpResponse:
    mine = devices.authenticators_of(request.user)
    if not mine:
        return redirect("personal_details")
    form = CodeForm(request.POST or None, choice=choice_of(mine))
    if request.method != "POST":
        context = {"form": restore(request, form), "announced": sign_in_policy.announced_requirement(request.user)}
        return render(request, "accounts/two_factor/switch_off.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    device = devices.authenticator_of(request.user, form.cleaned_data.get("device"))
    origin, browsers = Origin.of(request), KnownBrowsers.of(request)
    answer = flows.switch_off(request.user, device, form.cleaned_data["code"], origin, browsers)
    if answer.outcome is Outcome.DEMANDED:
        return redirect("totp_switch_off")
    if answer.outcome is not Outcome.ACCEPTED:
        form.refuse(answer)
        return redirect_with_errors(request, form)
    sessions.end_others(request, request.user)
    sessions.weaken(request)
    messages.success(request, _("Two-step authentication is off. From now on signing in asks for no code any more."))
    return redirect("personal_details")


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def remove(request: PersonRequest, pk: int) -> HttpResponse:
    """One of several; the last one is switched off instead."""
    device = _own_device(request, str(pk))
    if request.method != "POST":
        if len(devices.authenticators_of(request.user)) < 2:
            return redirect("totp_switch_off")
        return render(request, "accounts/two_factor/remove.html", {"device": device})
    if not flows.remove(request.user, device, Origin.of(request)):
        return redirect("totp_switch_off")
    sessions.end_others(request, request.user)
    sessions.verify_by_another(request, devices.authenticator_of(request.user))
    messages.success(request, _("“%(name)s” is removed. Its codes no longer work.") % {"name": device.name})
    return redirect("personal_details")


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: PersonRequest, pk: int) -> HttpResponse:
    try:
        device = _own_device(request, str(pk))
    except Http404:
        if not was_shown(request.POST, f"device/{pk}", request.user.pk):
            raise
        messages.error(request, gone())
        return redirect("personal_details")
    if request.method != "POST":
        form = _name_form(request, device)
        context = {"device": device, "form": restore(request, form)}
        return render(request, "accounts/two_factor/rename.html", context)
    with transaction.atomic():
        list(Authenticator.objects.select_for_update().filter(pk=device.pk))
        form = _name_form(request, _own_device(request, str(pk)))
        if not form.is_valid():
            return redirect_with_errors(request, form)
        if form.has_changed():
            flows.rename(request.user, device, form.cleaned_data["name"], Origin.of(request))
    messages.success(request, _("The name is saved."))
    return redirect("personal_details")


def _name_form(request: PersonRequest, device: Authenticator) -> NameForm:
    form = NameForm(request.POST or None, initial={"name": device.name})
    form.of(f"device/{device.pk}", request.user.pk)
    return form
