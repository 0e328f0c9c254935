"""Persoonlijke Gegevens, the page of one's own account."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import flows, limits, policy
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import store
from accounts.audit.origin import Origin
from accounts.email_address import asked_address
from accounts.forms import PersonalDetailsForm
from accounts.http_requests import PersonRequest
from accounts.models import User
from accounts.organisations import rank, sign_in_policy
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.sso import connections, identities
from accounts.two_factor import devices
from accounts.two_factor.passkeys import signals
from accounts.two_factor.recovery_codes import flows as recovery_codes


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
    mine = devices.situation_read_with(request.session, request.user)
    passkeys = devices.passkeys_of(request.user) if mine.passkeys else []
    return {
        "form": form,
        "authenticators": mine.authenticators,
        "passkeys": passkeys,
        "shown_kind": sessions.shown_kind(request),
        "passkey_signal": signals.for_page(request.session, request.user, passkeys),
        "factors": mine.factors,
        "recovery_codes_left": mine.codes_left if mine.has_factor and mine.code_set else None,
        "few": limits.RECOVERY_CODES_FEW,
        "codes_are_waiting": recovery_codes.are_waiting(request.session),
        "business_account": _business_account(request),
        "asked_address": asked_address.of(request.session),
    }


def _business_account(request: PersonRequest) -> dict[str, object]:
    """``takes_care``: the organisation that takes care of the second factor; ``can_link``: the button is offered."""
    may_have_one = store.may_have_provider(request.session, request.user)
    connection = connections.of_person(request.user) if may_have_one else None
    owner = store.person_of(request.session)  # read with the membership
    vouched = rank.accepted(store.vouched(request.session), owner or request.user)
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
    """Can this person sign in with a password? Not without one, nor where only the business account is accepted."""
    owner = store.person_of(request.session)  # read with the membership
    return request.user.has_usable_password() and not (owner and sign_in_policy.must_use_business_account(owner))
