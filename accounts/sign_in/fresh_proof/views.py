"""The page that asks for fresh proof before a sensitive change."""

from __future__ import annotations

from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import policy
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import reauthentication, requested_page, store
from accounts.audit.origin import Origin
from accounts.http_requests import OWES_PASSKEY, OWES_SET_UP, PersonRequest, own_address, person
from accounts.models import User
from accounts.organisations import rank, sign_in_policy
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.sign_in.completion.flows import provider_of
from accounts.sign_in.fresh_proof import flows
from accounts.sign_in.fresh_proof.forms import ProofForm
from accounts.sso import authentication_requests, connections
from accounts.sso.callback import CallbackResult
from accounts.sso.refusal_reasons import Reason
from accounts.sso.views import redirect_to_provider, refused_page
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.two_factor import devices
from accounts.two_factor.devices import Situation
from accounts.two_factor.models import Passkey, RecoveryCodeSet
from accounts.two_factor.passkeys import binding, questions, rp
from accounts.two_factor.passkeys.forms import PasskeyForm
from accounts.two_factor.verification import OnAccepted, VerificationResult


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_identity(request: PersonRequest) -> HttpResponse:
    """Fresh proof before a sensitive change; afterwards the interrupted action goes on."""
    target = own_address(request)
    if flows.take_complete_provider_proof(request.session):
        return reauthentication.resume(request, target)
    provider, proved_at_provider = provider_of(request.session), flows.has_provider_proof(request.session)
    if provider and not proved_at_provider:
        return _confirm_at_provider(request, target)
    set_up_only = sessions.SET_UP_ONLY in request.session  # its phone is lost, and the set-up is all that opens
    mine = Situation() if set_up_only else devices.factors_read_with(request.session, request.user)
    if request.method == "POST" and "credential" in request.POST and mine.passkeys:
        return _prove_by_passkey(request, target)
    owes = _asks_for_passkey(request, mine)
    counting = mine._replace(devices=()) if owes else mine  # beside the passkey a recovery code, and no code of the app
    form = ProofForm(request.POST or None, mine=counting, without_password=proved_at_provider)
    if request.method != "POST":
        context = {"form": restore(request, form), "next": target, "owes_passkey": owes}
        context |= _passkey_context(request, mine)
        return render(request, "accounts/sign_in/confirm_identity.html", context)
    if not form.is_valid() or (owes and not form.has_recovery_code()):
        return redirect_with_errors(request, form)

    def opens(answer: VerificationResult | None = None) -> None:
        flows.forget_provider_proof(request.session)
        _mark_shown(request, answer)
        sessions.prove(request, request.user, Origin.of(request), answer.device if answer else None)

    proof = _judge(request, form, opens, password_is_enough=set_up_only, proved_at_provider=proved_at_provider)
    if not proof.is_complete:
        form.refuse(proof)
        return redirect_with_errors(request, form)
    if proof.answer is None:  # with a code it was opened where that was used up
        opens()
    return reauthentication.resume(request, target)


def _mark_shown(request: PersonRequest, answer: VerificationResult | None) -> None:
    """A session that showed a code is from now on one that showed a passkey; where a passkey is required, one that
    showed a recovery code, which opens the page that adds another passkey."""
    if answer is None or answer.device is None or not request.user.is_verified():
        return
    owes = request.META.get(OWES_PASSKEY) and answer.factor == RecoveryCodeSet.kind
    if answer.factor == Passkey.kind or owes:
        sessions.mark_verified(request, answer.device)


def _asks_for_passkey(request: PersonRequest, mine: Situation) -> bool:
    """Where a passkey is required: also in a session that showed a recovery code, and may add one as well."""
    return bool(request.META.get(OWES_PASSKEY) or (request.META.get(OWES_SET_UP) and mine.passkeys))


def _passkey_context(request: PersonRequest, mine: Situation) -> dict[str, object]:
    """``passkey``: what the page asks of a passkey, for whoever has one."""
    return {**questions.for_proof(request.user, request.session)} if mine.passkeys else {}


def _prove_by_passkey(request: PersonRequest, target: str) -> HttpResponse:
    form = PasskeyForm(request.POST)
    if not form.is_valid():
        return redirect_with_errors(request, form)

    def opens(answer: VerificationResult) -> None:
        flows.forget_provider_proof(request.session)
        _mark_shown(request, answer)
        sessions.prove(request, request.user, Origin.of(request), answer.device)

    data, of_page = form.cleaned_data, binding.of_session(request.session)
    origin, browsers = Origin.of(request), KnownBrowsers.of(request)
    proof = flows.prove_by_passkey(request.user, **data, binding=of_page, origin=origin, browsers=browsers, opens=opens)
    if not proof.is_complete and proof.answer:
        form.refuse(proof.answer)
        return redirect_with_errors(request, form)
    if target == requested_page.kept(request):
        requested_page.take(request)
    return reauthentication.resume(request, target)


def _judge(
    request: PersonRequest, form: ProofForm, opens: OnAccepted, *, password_is_enough: bool, proved_at_provider: bool
) -> flows.Proof:
    origin, browsers, data = Origin.of(request), KnownBrowsers.of(request), form.cleaned_data
    if proved_at_provider:
        code, device = data["code"], data.get("device", "")
        return flows.prove_by_code(request.user, origin, browsers, code=code, device=device, opens=opens)
    is_enough = password_is_enough
    return flows.prove_identity(request.user, origin, browsers, **data, password_is_enough=is_enough, opens=opens)


def _confirm_at_provider(request: PersonRequest, target: str) -> HttpResponse:
    """Who signed in with the business account proves it at the provider, which must ask anew."""
    if request.method == "POST":
        return _redirect_to_provider(request, target)
    return render(request, "accounts/sign_in/confirm_at_provider.html", {"next": target})


def _redirect_to_provider(request: PersonRequest, target: str) -> HttpResponse:
    """Fresh proof by way of the provider that opened this session."""
    connection = connections.enabled(provider_of(request.session))
    if connection is None:
        raise Http404
    return redirect_to_provider(
        request,
        connection,
        authentication_requests.Purpose.PROVE,
        target=target,
        user=request.user,
        address=request.user.email,
    )


def complete_proof_at_provider(request: HttpRequest, result: CallbackResult) -> HttpResponse:
    """Fresh proof there; whoever owes our code types that as well.

    Goes on by way of the page that asked for it: the middleware watches that page, and not this one.
    """
    user, begun = person(request), result.authentication_request
    shown, level = (rank.accepted(one, user) for one in (result.vouched, store.vouched(request.session)))
    target = begun.target if begun else ""
    flows.update_provider_session(request.session, result)
    owes = _owes_passkey(request, user)
    # Of who lost the phone no code is asked: the set-up of a new one is all that opens.
    if sessions.SET_UP_ONLY not in request.session and (owes or not policy.is_enough(shown, is_staff=user.is_staff)):
        if owes or devices.has_confirmed_device(user):
            flows.store_provider_proof(request.session, is_complete=False)
            return redirect(reauthentication.page_for(target))
        if policy.is_enough(level, is_staff=user.is_staff):
            # This proof is weaker than the one that the session began with.
            return refused_page(request, replace(result, reason=Reason.NO_SECOND_STEP))
        if not (request.session.get(store.PASSWORD_TOO) or rank.organisation_decides_over(user)):
            return refused_page(request, replace(result, reason=Reason.ONE_FACTOR_AT_MOST))
    sessions.prove(request, user, Origin.of(request))
    flows.store_provider_proof(request.session, is_complete=True)
    return redirect(reauthentication.page_for(target))


def _owes_passkey(request: HttpRequest, user: User) -> bool:
    """Has this session shown a code where a passkey is required? Then the provider alone is no proof: the page that
    asks for the passkey would come again and again."""
    shown = sessions.shown_kind(request)
    if not shown or shown == Passkey.kind or not rp.can_have_passkeys():
        return False
    return bool(devices.passkeys_of(user)) and sign_in_policy.must_use_passkey(user)
