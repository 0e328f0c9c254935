"""The hall: sign in, sign out, personal details."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import flows, limits, policy
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import reauthentication, requested_page, store
from accounts.audit.origin import Origin
from accounts.forms import PersonalDetailsForm, ProofForm, SignInForm
from accounts.http_requests import PersonRequest, own_address, person
from accounts.models import User
from accounts.organisations import rank, sign_in_policy
from accounts.post_redirect_get import forget_all, redirect_with_errors, restore
from accounts.sign_in import flows as arrival
from accounts.sign_in.views import enter, enter_held, prove_there
from accounts.sso import connections, identities
from accounts.sso.views import LOGOUT_OFFER
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.two_factor import devices
from accounts.two_factor.recovery_codes.views import shown_once
from accounts.two_factor.verification import Answer, Opens


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = own_address(request)
    form = SignInForm(request.POST or None)
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(target)
        idle = limits.SESSION_IDLE // timedelta(minutes=1)
        context = {"form": restore(request, form), "next": target, "idle_minutes": idle}
        return render(request, "accounts/sign_in.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    data, browsers = form.cleaned_data, KnownBrowsers.of(request)
    answer = flows.check_password(data["username"], data["password"], Origin.of(request), browsers)
    if answer.held and not request.user.is_authenticated:
        return enter_held(request, answer.held, target)
    if answer.user is None:
        form.refuse(answer)
        return redirect_with_errors(request, form)
    return enter(request, answer.user, target)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    provider = arrival.provider_of(request.session)
    hint = person(request).email if provider and request.user.is_authenticated else ""
    sessions.sign_out(request, Origin.of(request))
    if provider:
        request.session[LOGOUT_OFFER] = (provider, hint)
        response = redirect("signed_out")
    else:
        messages.success(request, _("You are signed out."))
        response = redirect("sign_in")
    # Not "cookies": that takes those of every host of the domain, and the cookie of a known browser, which keeps
    # strangers from locking the owner out. Not "cache": emptying a full one takes seconds, and no page of ours is in
    # it; of a picture the browser asks each time whether it may show it (ASVS 14.3.1).
    response["Clear-Site-Data"] = '"storage"'
    return forget_all(response)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_identity(request: PersonRequest) -> HttpResponse:
    """Fresh proof before a sensitive change; afterwards the interrupted action goes on."""
    target = own_address(request)
    if arrival.take_complete_proof(request.session):
        return reauthentication.resume(request, target)
    provider, proved_there = arrival.provider_of(request.session), arrival.has_proof(request.session)
    if provider and not proved_there:
        return _confirm_there(request, target)
    set_up_only = sessions.SET_UP_ONLY in request.session  # its phone is lost, and the set-up is all that opens
    mine = [] if set_up_only else devices.authenticators_of(request.user)
    form = ProofForm(request.POST or None, authenticators=mine, without_password=proved_there)
    if request.method != "POST":
        context = {"form": restore(request, form), "next": target}
        return render(request, "accounts/confirm_identity.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)

    def opens(_answer: Answer | None = None) -> None:
        arrival.forget_proof(request.session)
        sessions.prove(request, request.user, Origin.of(request))

    proof = _judge(request, form, opens, password_is_enough=set_up_only, proved_there=proved_there)
    if not proof.is_complete:
        form.refuse(proof)
        return redirect_with_errors(request, form)
    if proof.answer is None:  # with a code it was opened where that was used up
        opens()
    return reauthentication.resume(request, target)


def _judge(
    request: PersonRequest, form: ProofForm, opens: Opens, *, password_is_enough: bool, proved_there: bool
) -> flows.Proof:
    origin, browsers, data = Origin.of(request), KnownBrowsers.of(request), form.cleaned_data
    if proved_there:
        code, device = data["code"], data.get("device", "")
        return flows.prove_by_code(request.user, origin, browsers, code=code, device=device, opens=opens)
    is_enough = password_is_enough
    return flows.prove_identity(request.user, origin, browsers, **data, password_is_enough=is_enough, opens=opens)


def _confirm_there(request: PersonRequest, target: str) -> HttpResponse:
    """Who signed in with the business account proves it at the provider, which must ask anew."""
    if request.method == "POST":
        return prove_there(request, target)
    return render(request, "accounts/sso/confirm_there.html", {"next": target})


@require_http_methods(["GET", "HEAD", "POST"])
def personal_details(request: PersonRequest) -> HttpResponse:
    if request.method != "POST":
        form = _details_form(request, request.user)
        return render(request, "accounts/personal_details.html", _details(request, restore(request, form)))
    with transaction.atomic():
        me = User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
        form = _details_form(request, me)
        if not form.is_valid():
            return redirect_with_errors(request, form)
        flows.change_details(me, form.changed_data, Origin.of(request))
    with translation.override(me.language):  # the person may have changed it just now
        messages.success(request, _("Your details are saved."))
    return redirect("personal_details")


def _details_form(request: PersonRequest, me: User) -> PersonalDetailsForm:
    form = PersonalDetailsForm(request.POST or None, instance=me)
    form.of(f"details/{me.pk}", me.pk)
    return form


def _details(request: PersonRequest, form: object) -> dict[str, object]:
    mine = devices.authenticators_of(request.user)
    pending = devices.pending_authenticator_of(request.user)
    context = {
        "form": form,
        "authenticators": mine,
        "set_up_unfinished": pending is not None,
        "recovery_codes_left": devices.recovery_codes_left(request.user) if mine else None,
        "few": limits.RECOVERY_CODES_FEW,
        "business_account": _business_account(request),
    }
    context |= shown_once(request)
    if context["codes"]:
        context["go_on"] = requested_page.take(request)  # to the page that had to wait for the set-up
    return context


def _business_account(request: PersonRequest) -> dict[str, object]:
    """``takes_care``: the organisation that takes care of the second step; ``can_link``: the button is offered."""
    connection = connections.of_person(request.user)
    owner = store.person_of(request.session)  # read with the membership
    vouched = rank.counted(store.vouched(request.session), owner or request.user)
    is_linked = connection is not None and identities.is_linked(connection, request.user)
    return {
        "organisation": connection.organisation if connection else None,
        "takes_care": policy.is_enough(vouched, is_staff=request.user.is_staff),
        "is_linked": is_linked,
        "can_link": connection is not None and not is_linked,
        "password_counts": _password_counts(request),
        "opens_administration": policy.opens_administration(vouched, is_verified=request.user.is_verified()),
    }


def _password_counts(request: PersonRequest) -> bool:
    """Somebody made at the first visit has none, and where only the business account is taken it opens nothing."""
    owner = store.person_of(request.session)  # read with the membership
    return request.user.has_usable_password() and not (owner and sign_in_policy.must_use_business_account(owner))
