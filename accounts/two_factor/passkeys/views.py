from __future__ import annotations

from functools import partial

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import requested_page
from accounts.active_sessions.reauthentication import fresh_proof_required, is_fresh, page_for
from accounts.audit.origin import Origin
from accounts.http_requests import OWES_SET_UP, PersonRequest
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.throttling.known_browsers import forget_passkey, note_passkey, remember
from accounts.two_factor import devices, renaming, set_up
from accounts.two_factor.models import Passkey
from accounts.two_factor.passkeys import binding, flows, judgement, offers, registration, rp, signals
from accounts.two_factor.passkeys.ceremonies import Purpose
from accounts.two_factor.passkeys.forms import PasskeyForm
from accounts.two_factor.passkeys.registration import Addition
from accounts.two_factor.recovery_codes import flows as recovery_codes


def _own_passkey(request: PersonRequest, pk: int) -> Passkey:
    passkey = Passkey.objects.filter(pk=pk, user=request.user).first()
    if passkey is None:
        raise Http404
    return passkey


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def add(request: PersonRequest) -> HttpResponse:
    """Make a passkey in this browser. Without JavaScript the page says which other ways there are."""
    if set_up.is_verified_by_provider(request):
        return redirect("personal_details")
    form = PasskeyForm(request.POST or None)
    return _add(request, form) if request.method == "POST" else _add_page(request, form)


def _add_page(request: PersonRequest, form: PasskeyForm) -> HttpResponse:
    mine, lost = devices.factors_read_with(request.session, request.user), set_up.all_lost(request)
    if len(mine.passkeys) >= limits.PASSKEYS and not lost:
        # Before a device makes one that would be refused, and stay on the device.
        return _without_room(request)
    must = bool(request.META.get(OWES_SET_UP))
    context = {
        "form": restore(request, form),
        "passkey": registration.question_for(request.user, binding.of_session(request.session), all_lost=lost),
        "possible": rp.can_have_passkeys(),
        "must": must,
        "existing": _page_of_existing(request) if must and mine.passkeys and not lost else "",
    }
    return render(request, "accounts/two_factor/passkeys/add.html", context)


def _page_of_existing(request: PersonRequest) -> str:
    """Where a session that showed a recovery code may show a passkey of this device instead."""
    return page_for(requested_page.kept(request))


def _without_room(request: PersonRequest) -> HttpResponse:
    if not request.META.get(OWES_SET_UP):
        messages.warning(request, _("You cannot add another passkey. Remove one first."))
        return redirect("personal_details")
    # Nothing else is open to a session that owes a passkey, so the page to remove one is linked here.
    context = {"passkeys": devices.passkeys_of(request.user), "existing": _page_of_existing(request)}
    return render(request, "accounts/two_factor/passkeys/full.html", context)


def _add(request: PersonRequest, form: PasskeyForm) -> HttpResponse:
    if not form.is_valid():
        return redirect_with_errors(request, form)
    all_lost = set_up.all_lost(request)
    by_itself = request.headers.get("Accept") == "application/json"  # the page stays, and shows what it is told
    if by_itself and (all_lost or request.META.get(OWES_SET_UP) or not offers.is_open(request.session)):
        return _not_made(form)
    known = devices.situation_read_with(request.session, request.user)
    fresh = set_up.prepared_codes() if all_lost or not known.codes_left else None
    addition = registration.add(
        request.user,
        form.cleaned_data["ceremony"],
        form.cleaned_data["credential"],
        binding=binding.of_session(request.session),
        origin=Origin.of(request),
        purpose=Purpose.OFFER if by_itself else Purpose.ADD,
        all_lost=all_lost,
        on_added=partial(_finish, request, fresh),
    )
    passkey = addition.answer.device
    if not addition.is_accepted or not isinstance(passkey, Passkey):
        form.refuse(addition.answer)
        return _not_made(form) if by_itself else redirect_with_errors(request, form)
    messages.success(request, _("Your passkey works. From now on you can sign in with it."))
    next_page = set_up.page_after(request, has_codes=bool(addition.before.codes_left) and not addition.replaces_all)
    response = _made(request, passkey) if by_itself else remember(request, redirect(next_page), request.user)
    return note_passkey(response) if judgement.is_here(form.cleaned_data["credential"], passkey) else response


def _made(request: PersonRequest, passkey: Passkey) -> JsonResponse:
    """``remove``: for who did not want what the browser did by itself; ``codes``: when there are new ones to keep."""
    codes = resolve_url("recovery_codes") if recovery_codes.are_waiting(request.session) else ""
    return JsonResponse({"made": True, "remove": resolve_url("passkey_remove", passkey.pk), "codes": codes})


def _not_made(form: PasskeyForm) -> JsonResponse:
    return JsonResponse({"made": False, "unknown": signals.unknown(form.cleaned_data["credential"])})


def _finish(request: PersonRequest, fresh: recovery_codes.Prepared | None, addition: Addition) -> None:
    """In the transaction of the registration. A first second factor ends the other sessions, which showed none; a
    further one does not, because a browser may make it by itself."""
    is_first = addition.is_first or addition.replaces_all
    if is_first and addition.before.sessions > 1:
        sessions.end_others(request, request.user)
    device = addition.answer.device
    # Where a passkey is required, this one was shown by being made: the session goes on with it.
    if device is not None and (is_first or not request.user.is_verified() or request.META.get(OWES_SET_UP)):
        sessions.mark_verified(request, device)
    if fresh and (addition.replaces_all or not addition.before.codes_left):  # as it is under the lock
        old = None if addition.replaces_all else addition.before.code_set
        set_up.store_codes(request, fresh, old=old, mailed=not addition.is_first)
    offers.end(request.session)
    sessions.save(request)


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def remove(request: PersonRequest, pk: int) -> HttpResponse:
    """One of several second factors. Of the only one the page says what to add first: its device may be lost."""
    passkey = _own_passkey(request, pk)
    if request.method != "POST":
        mine = devices.factors_read_with(request.session, request.user)
        if flows.may_remove(request.user, mine):
            return render(request, "accounts/two_factor/passkeys/remove.html", {"device": passkey})
        if mine.factors > 1:  # the last passkey, and one is required
            return redirect("totp_switch_off")
        return render(request, "accounts/two_factor/passkeys/only_one.html", {"device": passkey})
    if not flows.remove(request.user, passkey, Origin.of(request)):
        return redirect("passkey_remove", pk)
    sessions.end_others(request, request.user)
    sessions.verify_by_another(request, devices.another_factor_of(request.user))
    signals.note_removal(request.session, [passkey])
    response = redirect("passkey_add" if request.META.get(OWES_SET_UP) else "personal_details")
    if not devices.passkeys_of(request.user):
        forget_passkey(response)
    messages.success(
        request, _("The passkey “%(name)s” is removed. You cannot sign in with it any more.") % {"name": passkey.name}
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: PersonRequest, pk: int) -> HttpResponse:
    return renaming.page(request, pk, Passkey, flows.rename, title=gettext_lazy("Rename a passkey"))


@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: PersonRequest) -> HttpResponse:
    """After a sign-in with a code. GET: what a browser that makes passkeys by itself needs, as JSON; while the proof of
    the sign-in is fresh, because nobody confirms anything then. POST: the answer of a person to the offer."""
    if request.method == "POST":
        return _answered(request)
    if not (offers.is_open(request.session) and is_fresh(request) and rp.can_have_passkeys()):
        return JsonResponse({})
    question = registration.question_for(request.user, binding.of_session(request.session), Purpose.OFFER)
    return JsonResponse({"options": question.options, "ceremony": question.token})


def _answered(request: PersonRequest) -> HttpResponse:
    offers.end(request.session)
    response = redirect("overview")
    if request.POST.get("answer") == "never":
        offers.decline(request.user)
    else:
        lasts = limits.PASSKEY_OFFER_AGAIN
        response.set_cookie(offers.LATER, "1", max_age=lasts, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response
