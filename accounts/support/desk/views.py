from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.models import User
from accounts.organisations import scope
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.support import reports, sent_mail, wording
from accounts.support.caller_check import flows as caller_check
from accounts.support.desk import account_state, attempts, flows, person_search, waiting, warnings
from accounts.support.desk.forms import CloseReportForm, PersonSearchForm
from accounts.support.flows import may_help
from accounts.support.interventions import approval, rules
from accounts.support.models import DESK_KINDS, Check, Kind, Report
from accounts.support.pages import about_person, for_workers, page

FOUND = "support_found"  # primary keys of the people found; in the session, so that no URL or log has a name
CLOSE_REPORTS = "support.change_report"


@require_http_methods(["GET", "HEAD", "POST"])
@for_workers
def find_person(request: PersonRequest) -> HttpResponse:
    """One match leads to the person; several are shown as a list."""
    form = PersonSearchForm(request.POST or None)
    if request.method != "POST":
        return page(request, "person_search.html", _("Support desk"), form=restore(request, form), **_list(request))
    request.session.pop(FOUND, None)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    found = person_search.find(request.user, form.cleaned_data["who"])
    if len(found) == 1:
        return redirect("support_person", found[0].pk)
    if not found:
        form.add_error("who", _nobody(form.cleaned_data["who"]))
        return redirect_with_errors(request, form)
    request.session[FOUND] = [person.pk for person in found]
    return redirect("support_find")


def _list(request: PersonRequest) -> dict[str, object]:
    """The people found last, limited to the worker's scope again, and what waits."""
    keys = request.session.get(FOUND, [])
    mine = list(person_search.people(request.user).filter(pk__in=keys).order_by("email")) if keys else []
    queue = waiting.of(request.user)
    return {
        "people": mine[: limits.FIND_MOST],
        "more": len(mine) > limits.FIND_MOST,
        "waiting": queue[: limits.WAITING_SHOWN],
        "more_waiting": len(queue) > limits.WAITING_SHOWN,
    }


def _nobody(typed: str) -> str:
    if len(typed.strip()) < limits.FIND_LEAST:
        return _("Type at least %(number)s letters.") % {"number": limits.FIND_LEAST}
    return _("Nobody found. Ask the caller to spell the reference or the address.")


@require_safe
@about_person
def person(request: PersonRequest, subject: User) -> HttpResponse:
    """The state of the account, the warnings, and the possible actions."""
    if not flows.look_up(subject, request.user, Origin.of(request)):
        messages.error(request, _too_many())
        return redirect("support_find")
    account = account_state.of(subject)
    actions = {kind: _action(request.user, subject, kind, account) for kind in DESK_KINDS}
    code = actions[Kind.BRIDGE_CODE]
    refused = may_help(request.user, subject)
    context = {
        "subject": subject,
        "account": account,
        "warnings": warnings.of(subject, account, may_act=refused is None),
        "attempts": attempts.newest(subject, request.user),
        "mails": sent_mail.newest(subject, request.user),
        "earlier": account_state.earlier(subject, request.user),
        "refusal": wording.of(refused),
        "actions": actions.values(),
        "check_for_code": not code["refusal"] and not code["needs_approval"],
        "checked": caller_check.has_passed(subject, request.user),
        "checking": caller_check.waiting(subject, request.user),
        "wrong_words": caller_check.wrong_words(subject).count(),
    }
    return page(request, "person.html", subject.get_full_name() or subject.email, **context)


def _too_many() -> str:
    return _(
        "You have looked at %(number)d people in the last hour, and your administrators know. "
        "Let a colleague help this caller, or try again later."
    ) % {"number": limits.LOOK_UPS}


def _action(worker: User, subject: User, kind: Kind, account: account_state.Account) -> dict[str, object]:
    needs_approval = rules.needs_approval(kind, subject)
    refusal = approval.refusal_on_page(kind, worker, subject, needs_approval=needs_approval)
    signed_in_nowhere = kind is Kind.END_SESSIONS and not account.sessions
    return {
        "label": kind.label,
        "when": _("Not signed in anywhere now.") if signed_in_nowhere else kind.when_to_use,
        "address": reverse(f"support_{kind.value}", args=[subject.pk]),
        "refusal": wording.of(refusal),
        "needs_approval": needs_approval,
        "needs_check": not rules.caller_is_checked(kind, worker, subject),
    }


@require_safe
@for_workers
def report_list(request: PersonRequest) -> HttpResponse:
    """The reports "Dit was ik niet", open ones first."""
    mine = Report.objects.filter(scope.people(request.user, "user__"))
    rows = mine.select_related("user__membership__organisation", "looked_by", "entry")
    context = {
        "open_ones": rows.filter(looked_at=None).order_by("reported_at")[: limits.REPORTS_SHOWN],
        "looked_at": rows.exclude(looked_at=None).order_by("-looked_at")[: limits.REPORTS_SHOWN],
        "may_look": request.user.has_perm(CLOSE_REPORTS),
        "checks": Check.choices,
    }
    return page(request, "reports.html", _("Reports “this was not me”"), **context)


@require_POST
@fresh_proof_required
@for_workers
def close_report(request: PersonRequest, report_id: int) -> HttpResponse:
    if not request.user.has_perm(CLOSE_REPORTS):
        raise PermissionDenied
    report = get_object_or_404(Report.objects.filter(scope.people(request.user, "user__")), pk=report_id)
    form = CloseReportForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose how you recognised this person."))
    elif reports.close(report, request.user, Origin.of(request), **form.cleaned_data):
        messages.success(request, _("Closed. Support may help this person again."))
    else:
        messages.error(
            request,
            _("Somebody has looked at this already, it is about you, or you changed the address. Ask a colleague."),
        )
    return redirect("support_reports")
