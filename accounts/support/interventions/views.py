from __future__ import annotations

import logging
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
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
from accounts.support.interventions import approval, flows, rules, shown_once, withdrawal
from accounts.support.interventions.flows import InterventionRequest, Outcome, Result
from accounts.support.interventions.forms import InterventionForm
from accounts.support.models import Intervention, Kind
from accounts.support.pages import about_person, for_workers, page

log = logging.getLogger(__name__)


def _intervention_view(kind: Kind) -> Callable[..., HttpResponseBase]:
    """The view of one kind of intervention; each kind has its own URL."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @about_person
    @fresh_proof_required
    def view(request: PersonRequest, subject: User) -> HttpResponse:
        return _intervene(request, subject, kind)

    return view


def _intervene(request: PersonRequest, subject: User, kind: Kind) -> HttpResponse:
    """Show what will happen and ask for the reason; then do it, or store it for approval."""
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
            "needs_recovery_link": rules.needs_recovery_link(subject),
            "has_unverified_changes": kind is Kind.RESET and bool(unverified_changes.changes(subject)),
        } | _numbers()
        return page(request, "intervene.html", str(kind.label), **context)
    if not form.is_valid():
        return redirect_with_errors(request, form, request.path)
    result = flows.act(InterventionRequest(kind, subject, request.user, **form.cleaned_data), Origin.of(request))
    return _after(request, subject, result)


lift_wait = _intervention_view(Kind.LIFT_WAIT)
end_sessions = _intervention_view(Kind.END_SESSIONS)
bridge_code = _intervention_view(Kind.BRIDGE_CODE)
reset = _intervention_view(Kind.RESET)


def _numbers() -> dict[str, int]:
    """For the texts: hours of the waiting period and of the time to carry it out."""
    return {
        "waits": int(limits.INTERVENTION_WAITS.total_seconds()) // 3600,
        "ready": int(limits.INTERVENTION_READY.total_seconds()) // 3600,
    }


def _after(request: PersonRequest, subject: User, result: Result) -> HttpResponse:
    """The next page; a code to read out is kept encrypted in the session, and shown there once."""
    match result:
        case Result(Outcome.DONE, Intervention() as done, code) if code:
            shown_once.keep(request.session, request.user, done, code)
            return redirect("support_bridge_code_shown", subject.pk)
        case Result(Outcome.DONE, Intervention() as done):
            told = _("Done, with receipt %(receipt)s. The person gets a mail.")
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
        return _("Asked. A colleague approves it here, within a day.")
    return _("Asked. A colleague approves it here; without that it is possible after a day.")


@require_GET  # a HEAD request would use up the code without showing it
@about_person
def bridge_code_shown(request: PersonRequest, subject: User) -> HttpResponse:
    """Shows the code once; afterwards the page only says that it was shown."""
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
    return page(request, "code.html", _("Read this code out") if code else _("Code for the caller"), **context)


@require_POST
@about_person
@fresh_proof_required
def withdraw_code(request: PersonRequest, subject: User) -> HttpResponse:
    if refusal := withdrawal.withdraw_code(subject, request.user, Origin.of(request)):
        messages.error(request, wording.of(refusal))
    else:
        messages.success(request, _("The code no longer works. The person gets a mail."))
    return redirect("support_person", subject.pk)


def _our_fault(request: PersonRequest) -> str:
    return _(
        "We cannot show the code: our fault. Give a new one, and tell whoever runs the portal. Number: %(reference)s."
    ) % {"reference": Origin.of(request).reference or "-"}


@require_safe
@for_workers
def approvals(request: PersonRequest) -> HttpResponse:
    """What waits for a second worker, and what may be carried out now."""
    rows = [_row(found, request.user) for found in approval.open_for(request.user)]
    return page(request, "approvals.html", _("Approvals"), rows=rows, **_numbers())


def _row(found: Intervention, worker: User) -> dict[str, object]:
    is_mine = found.worker_id == worker.pk
    refusal = approval.may_approve(found, worker)
    asker = found.worker
    return {
        "intervention": found,
        "kind": Kind(found.kind).label,
        "is_mine": is_mine,
        "may_approve": refusal is None,
        "why_not": "" if is_mine else _why_not(refusal),
        "is_unchecked": asker is not None and not rules.caller_is_checked(Kind(found.kind), asker, found.subject),
    }


def _why_not(refusal: Refusal | None) -> str:
    """Why this worker is not offered to approve."""
    if refusal is Refusal.ONESELF:
        return _("This is about your own account: a colleague approves it.")
    return wording.of(refusal)


def _open(request: PersonRequest, intervention_id: int) -> Intervention:
    """One of the list; 404 when it is closed or out of scope."""
    return get_object_or_404(approval.open_for(request.user), pk=intervention_id)


@require_POST
@for_workers
@fresh_proof_required
def approve(request: PersonRequest, intervention_id: int) -> HttpResponse:
    refusal = approval.approve(_open(request, intervention_id), request.user, Origin.of(request))
    return _to_approvals(request, refusal, _("Approved. Your colleague can carry it out within a day."))


@require_POST
@for_workers
def cancel(request: PersonRequest, intervention_id: int) -> HttpResponse:
    refusal = approval.cancel(_open(request, intervention_id), request.user, Origin.of(request))
    return _to_approvals(request, refusal, _("Cancelled. Nothing was done."))


def _to_approvals(request: PersonRequest, refusal: Refusal | None, success: str) -> HttpResponse:
    if refusal:
        messages.error(request, wording.of(refusal))
    else:
        messages.success(request, success)
    return redirect("support_approvals")


@require_POST
@for_workers
@fresh_proof_required
def carry_out(request: PersonRequest, intervention_id: int) -> HttpResponse:
    asked = _open(request, intervention_id)
    if asked.kind == Kind.ADDRESS:
        return redirect("admin:accounts_user_change", asked.subject_id)  # stored there, again, by the worker who asked
    return _after(request, asked.subject, flows.carry_out(asked, request.user, Origin.of(request)))
