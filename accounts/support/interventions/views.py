from __future__ import annotations

import logging

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.encryption import SecretUnreadableError
from accounts.http_requests import PersonRequest
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.support import unverified_changes, wording
from accounts.support.flows import Refusal
from accounts.support.interventions import approval, flows, rules, shown_once
from accounts.support.interventions.flows import Order, Outcome, Result
from accounts.support.interventions.forms import InterventionForm
from accounts.support.models import Intervention, Kind
from accounts.support.pages import about_person, for_workers, page

log = logging.getLogger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@about_person
@fresh_proof_required
def lift_wait(request: PersonRequest, subject: User) -> HttpResponse:
    return _intervene(request, subject, Kind.LIFT_WAIT)


@require_http_methods(["GET", "HEAD", "POST"])
@about_person
@fresh_proof_required
def end_sessions(request: PersonRequest, subject: User) -> HttpResponse:
    return _intervene(request, subject, Kind.END_SESSIONS)


@require_http_methods(["GET", "HEAD", "POST"])
@about_person
@fresh_proof_required
def bridge_code(request: PersonRequest, subject: User) -> HttpResponse:
    return _intervene(request, subject, Kind.BRIDGE_CODE)


@require_http_methods(["GET", "HEAD", "POST"])
@about_person
@fresh_proof_required
def reset(request: PersonRequest, subject: User) -> HttpResponse:
    return _intervene(request, subject, Kind.RESET)


def _intervene(request: PersonRequest, subject: User, kind: Kind) -> HttpResponse:
    """Say what will happen and ask for the reason; then do it, or keep it for approval."""
    form = InterventionForm(request.POST or None)
    if request.method != "POST":
        needs_approval = rules.needs_approval(kind, subject)
        refusal = approval.refusal_on_page(kind, request.user, subject, needs_approval=needs_approval)
        context = {
            "subject": subject,
            "kind": kind.value,
            "form": restore(request, form),
            "refusal": wording.of(refusal),
            "needs_approval": needs_approval,
            "caller_is_checked": rules.caller_is_checked(kind, request.user, subject),
            "recovers": rules.recovers(subject),
            "is_unproved": kind is Kind.RESET and bool(unverified_changes.changes(subject)),
        } | _numbers()
        return page(request, "intervene.html", str(kind.label), **context)
    if not form.is_valid():
        return redirect_with_errors(request, form, request.path)
    result = flows.act(Order(kind, subject, request.user, **form.cleaned_data), Origin.of(request))
    return _after(request, subject, result)


def _numbers() -> dict[str, int]:
    """For the sentences: minutes that a code works, hours that an approval is waited for and holds."""
    return {
        "minutes": int(limits.BRIDGE_CODE.total_seconds()) // 60,
        "waits": int(limits.INTERVENTION_WAITS.total_seconds()) // 3600,
        "ready": int(limits.INTERVENTION_READY.total_seconds()) // 3600,
    }


def _after(request: PersonRequest, subject: User, result: Result) -> HttpResponse:
    """The page that follows; the code to read out is carried there sealed, and shown once."""
    match result:
        case Result(Outcome.DONE, Intervention() as done, code) if code:
            shown_once.keep(request.session, request.user, done, code)
            return redirect("support_bridge_code_shown", subject.pk)
        case Result(Outcome.DONE, Intervention() as done):
            told = _("Done, with receipt %(receipt)s. The person has been told by mail.")
            messages.success(request, told % {"receipt": done.receipt})
            return redirect("support_person", subject.pk)
        case Result(Outcome.ASKED, Intervention() as asked):
            messages.info(request, _asked(asked))
            return redirect("support_approvals")
        case Result(Refusal() as refusal):
            messages.error(request, wording.of(refusal))
    return redirect("support_caller_check" if result.outcome is Refusal.NOT_CHECKED else "support_person", subject.pk)


def _asked(asked: Intervention) -> str:
    if asked.waits_for_second:
        return _("Asked. A second worker approves it here, within a day.")
    return _("Asked. A second worker approves it here; without one it can be carried out after a day.")


@require_GET  # a HEAD would use the code up unseen
@about_person
def bridge_code_shown(request: PersonRequest, subject: User) -> HttpResponse:
    """The code, once; the next time this page only says so."""
    try:
        taken = shown_once.take(request.session, request.user, subject)
    except SecretUnreadableError as mistake:
        log.error("the code of support for user %s cannot be read: %s", subject.pk, mistake)
        messages.error(request, _our_fault(request))
        taken = None
    intervention, code = taken if taken else (None, "")
    context = {
        "subject": subject,
        "code": code,
        "intervention": intervention,
        "until": shown_once.valid_until(intervention) if intervention else None,
    }
    return page(request, "code.html", _("Code for the caller"), **context)


def _our_fault(request: PersonRequest) -> str:
    return _(
        "We cannot show the code. That is a fault of the portal: give a new code, and tell whoever runs the portal. "
        "Number: %(reference)s."
    ) % {"reference": Origin.of(request).reference or "-"}


@require_safe
@for_workers
def approvals(request: PersonRequest) -> HttpResponse:
    """What waits for a second worker, and what may be carried out now."""
    rows = [
        {
            "intervention": found,
            "kind": Kind(found.kind).label,
            "is_mine": found.worker_id == request.user.pk,
            "may_approve": approval.may_approve(found, request.user) is None,
        }
        for found in approval.open_for(request.user)
    ]
    return page(request, "approvals.html", _("Approvals"), rows=rows, **_numbers())


def _open(request: PersonRequest, intervention_id: int) -> Intervention:
    """One of the list; what is over, or out of scope, does not exist."""
    return get_object_or_404(approval.open_for(request.user), pk=intervention_id)


@require_POST
@for_workers
@fresh_proof_required
def approve(request: PersonRequest, intervention_id: int) -> HttpResponse:
    refusal = approval.approve(_open(request, intervention_id), request.user, Origin.of(request))
    if refusal:
        messages.error(request, wording.of(refusal))
    else:
        messages.success(request, _("Approved. Your colleague can carry it out within a day."))
    return redirect("support_approvals")


@require_POST
@for_workers
def cancel(request: PersonRequest, intervention_id: int) -> HttpResponse:
    refusal = approval.cancel(_open(request, intervention_id), request.user, Origin.of(request))
    if refusal:
        messages.error(request, wording.of(refusal))
    else:
        messages.success(request, _("Cancelled. Nothing was done."))
    return redirect("support_approvals")


@require_POST
@for_workers
@fresh_proof_required
def carry_out(request: PersonRequest, intervention_id: int) -> HttpResponse:
    asked = _open(request, intervention_id)
    if asked.kind == Kind.ADDRESS:
        return redirect("admin:accounts_user_change", asked.subject_id)  # stored there, again, by who asked
    return _after(request, asked.subject, flows.carry_out(asked, request.user, Origin.of(request)))
