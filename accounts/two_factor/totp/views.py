from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from functools import partial, wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import store
from accounts.active_sessions.reauthentication import fresh_proof_required, is_fresh, was_fresh
from accounts.audit.origin import Origin
from accounts.http_requests import OWES_SET_UP, PersonRequest
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.throttling.known_browsers import remember
from accounts.two_factor import devices, set_up, time_steps
from accounts.two_factor.authenticators.views import own_device
from accounts.two_factor.forms import NamedCodeForm, NameForm
from accounts.two_factor.models import Authenticator, Passkey
from accounts.two_factor.passkeys import rp
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.totp import flows, qr, stores
from accounts.two_factor.verification import Outcome

View = Callable[..., HttpResponseBase]

SET_UP_MINUTES = limits.PENDING_AUTHENTICATOR // timedelta(minutes=1)


def _sign_in_id(request: HttpRequest) -> str:
    return str(request.session.get(store.SIGN_IN, ""))


def redirect_to_set_up(request: HttpRequest, user: User) -> HttpResponse:
    """During account recovery: show the QR code at once, without the button that begins."""
    flows.begin(user, begun_in=_sign_in_id(request), all_lost=True)
    return redirect("totp_confirm")


@require_POST
@fresh_proof_required
def activate(request: PersonRequest) -> HttpResponse:
    """Begin a set-up, or continue the one in progress. ``replaces``: the device that the new phone replaces."""
    if set_up.is_verified_by_provider(request):
        return redirect("personal_details")
    old = request.POST.get("replaces")
    replaces = own_device(request, old) if old else None
    begun_in, all_lost, name = _sign_in_id(request), set_up.all_lost(request), _typed_name(request)
    mine = devices.read_with(request.session, request.user)
    begun = flows.begin(request.user, replaces=replaces, begun_in=begun_in, all_lost=all_lost, name=name, known=mine)
    if begun is None:
        messages.warning(request, _("You have the greatest number of devices. Remove one first."))
        return redirect("personal_details")
    return redirect("totp_confirm")


def _fresh_proof_or_set_up(view: View) -> View:
    """Fresh proof, or a first set-up that this sign-in began with it: an app takes longer to install than the proof
    lasts. Beside another device the proof is asked again: there somebody else could add a phone of their own."""
    proved = fresh_proof_required(view)

    @wraps(proved)
    def guarded(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return (proved if is_fresh(request) or not _has_begun_first(request) else view)(request, *args, **kwargs)

    return guarded


def _has_begun_first(request: PersonRequest) -> bool:
    """With fresh proof: support's code begins one without it, for who signed in at the provider this morning."""
    mine = devices.factors_read_with(request.session, request.user)
    is_first = set_up.all_lost(request) or not mine.has_factor
    pending = flows.pending_among(mine.devices, _sign_in_id(request)) if is_first else None
    return pending is not None and was_fresh(request, pending.created_at)


@require_http_methods(["GET", "HEAD", "POST"])
@_fresh_proof_or_set_up
def confirm(request: PersonRequest) -> HttpResponse:
    if set_up.is_verified_by_provider(request):
        return redirect("personal_details")
    if request.method == "POST":
        return _confirm(request)
    mine = devices.read_with(request.session, request.user)
    pending = flows.pending_among(mine, _sign_in_id(request)) or _begin_if_owed(request)
    if pending is None:
        return _without_set_up(request)
    form = restore(request, NamedCodeForm(initial={"name": pending.name}))
    return render(request, "accounts/two_factor/confirm.html", _set_up_context(request, pending) | {"form": form})


@require_POST
@fresh_proof_required
def more_time(request: PersonRequest) -> HttpResponse:
    """Restart the time of the set-up, with the same QR code (WCAG 2.2.1)."""
    begun_in = _sign_in_id(request)
    if flows.give_more_time(request.user, begun_in=begun_in, name=_typed_name(request)):
        again = _("You have %(minutes)d minutes again. The QR code stays the same.")
        messages.success(request, again % {"minutes": SET_UP_MINUTES})
    elif flows.pending(request.user, begun_in):
        messages.warning(request, _("You cannot get more time for this QR code. Is it over? Then you begin again."))
    return redirect("totp_confirm")


def _typed_name(request: PersonRequest) -> str:
    form = NameForm(request.POST)
    return str(form.cleaned_data["name"]) if form.is_valid() else ""


def _own_unfinished(request: PersonRequest) -> Authenticator | None:
    """What this sign-in began, expired or unreadable by now; not what another sign-in began."""
    left = flows.unfinished(request.user)
    return left if left and left.begun_in == _sign_in_id(request) else None


def _begin_if_owed(request: PersonRequest) -> Authenticator | None:
    """Where nothing else is open, show the QR code without a button before it. By a GET: it changes nothing yet, and
    only the first time, because what expired is begun again with a button."""
    if not request.META.get(OWES_SET_UP) or _own_unfinished(request):
        return None
    return flows.begin(request.user, begun_in=_sign_in_id(request), all_lost=set_up.all_lost(request))


def _without_set_up(request: PersonRequest) -> HttpResponse:
    left = _own_unfinished(request)
    if left is None:  # Persoonlijke Gegevens says whether the second factor is on, and has the button that begins
        return redirect("personal_details")
    context = {
        "unreadable": time_steps.secret_of(left) is None,
        "reference": Origin.of(request).reference,
        "left": left,
        "must": bool(request.META.get(OWES_SET_UP)),
    }
    return render(request, "accounts/two_factor/set_up_expired.html", context)


def _confirm(request: PersonRequest) -> HttpResponse:
    form = NamedCodeForm(request.POST)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    data, origin = form.cleaned_data, Origin.of(request)
    begun_in, all_lost = _sign_in_id(request), set_up.all_lost(request)
    known = devices.situation_read_with(request.session, request.user)
    foreseen = flows.foresee(known, data["code"], begun_in=begun_in)
    fresh = set_up.prepared_codes() if foreseen and (all_lost or not foreseen.codes_left) else None
    activation = flows.activate(
        request.user,
        data["code"],
        data["name"],
        origin,
        begun_in=begun_in,
        all_lost=all_lost,
        foreseen=foreseen,
        on_accepted=partial(_finish, request, fresh),
    )
    if activation is None:
        return redirect("totp_confirm")
    if activation.answer.outcome is not Outcome.ACCEPTED:
        form.refuse(activation.answer)
        return redirect_with_errors(request, form)
    messages.success(request, _success_message(activation))
    has_codes = bool(activation.before.codes_left) and not activation.replaces_all
    return remember(request, redirect(set_up.page_after(request, has_codes=has_codes)), request.user)


def _finish(request: PersonRequest, fresh: recovery_codes.Prepared | None, activation: flows.Activation) -> None:
    """In the transaction of the activation: the device never works without this browser's new key."""
    device = activation.answer.device
    assert device is not None  # noqa: S101 - of an accepted code
    if activation.before.sessions > 1:
        sessions.end_others(request, request.user)
    kind = sessions.shown_kind(request)
    sessions.mark_verified(request, device)
    if kind == Passkey.kind:  # which it has shown, and which may be required
        request.session[sessions.SHOWN_KIND] = kind
    if fresh and (activation.replaces_all or not activation.before.codes_left):  # as it is under the lock
        set_up.store_codes(request, fresh, old=activation.code_set, mailed=not activation.is_first)
    sessions.save(request)


def _success_message(activation: flows.Activation) -> str:
    if activation.is_first:
        return _("Two-step authentication is on. From now on, signing in asks for a code as well.")
    return _("The new device works. From now on you can sign in with its codes.")


def _may_be_passkey(request: PersonRequest, pending: Authenticator) -> bool:
    """Does a passkey do instead: is a second factor set up here that replaces no named app, and stands beside none?"""
    is_first = set_up.all_lost(request) or not request.user.is_verified()
    return is_first and not pending.replaces and rp.can_have_passkeys()


def _set_up_context(request: PersonRequest, pending: Authenticator) -> dict[str, object]:
    secret = base64.b32encode(pending.secret()).decode("ascii")
    uri = flows.provisioning_uri(request.user, secret)
    return {
        "qr": qr.picture(uri),
        "uri": uri,
        "secret_groups": [secret[start : start + 4] for start in range(0, len(secret), 4)],
        "stores": stores.of_one_app(),
        **_time_context(pending),
        "all_lost": set_up.all_lost(request),
        "must": bool(request.META.get(OWES_SET_UP)),
        "has_factor": request.user.is_verified(),
        "replaces": pending.replaces,
        "passkey_instead": _may_be_passkey(request, pending),
    }


def _time_context(pending: Authenticator) -> dict[str, object]:
    """By the server's clock: the visitor's may be wrong."""
    expires_at = devices.expires_at(pending)
    seconds = max(0, int((expires_at - timezone.now()).total_seconds()))
    return {
        "expires_at": expires_at,
        "seconds_left": seconds,
        "may_be_extended": flows.may_be_extended(pending),
    }
