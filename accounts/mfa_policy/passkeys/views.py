from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.mfa_policy.decorators import CHANGE, SEE_NAMES, permissions_required, with_organisation
from accounts.mfa_policy.pagination import CountedPaginator
from accounts.mfa_policy.passkeys import coverage, flows
from accounts.mfa_policy.passkeys.coverage import STOPPED, Coverage, Group
from accounts.mfa_policy.passkeys.flows import Choice, DryRun, Outcome
from accounts.mfa_policy.passkeys.forms import PasskeyDemandForm, sentence
from accounts.organisations.models import Organisation, PasskeyFor


@require_http_methods(["GET", "HEAD", "POST"])
@permissions_required(CHANGE)
@fresh_proof_required
@with_organisation
def organisation_passkey(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """Demand a passkey of the people of one organisation."""
    return _demand(request, organisation)


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_proof_required
def staff_passkey(request: PersonRequest) -> HttpResponse:
    """Demand a passkey of everybody who works in the administration."""
    if not flows.may_change(None, request.user):
        raise PermissionDenied
    return _demand(request, None)


def _demand(request: PersonRequest, organisation: Organisation | None) -> HttpResponse:
    """Choose, see whom it would stop, and confirm, on one page. The choice is in the query string until then."""
    if request.method == "POST":
        return _save(request, organisation)
    of_staff = organisation is None
    if "whom" not in request.GET:
        form = PasskeyDemandForm(initial=_initial(organisation), of_staff=of_staff)
        return _page(request, organisation, form)
    form = PasskeyDemandForm(request.GET, of_staff=of_staff)
    refused = flows.refusal(organisation, form.choice, request.user) if form.is_valid() else None
    if refused is not None:
        form.refuse(refused)
    if not form.is_valid():
        return _page(request, organisation, form)
    return _page(request, organisation, form, flows.dry_run(organisation, form.choice))


def _initial(organisation: Organisation | None) -> dict[str, object]:
    """What is demanded, or what whoever opens this page comes for: administrators and support first."""
    now = flows.present(organisation)
    if now.first_day is None:
        now = Choice(PasskeyFor.STAFF, timezone.localdate() + limits.DEMAND_SUGGESTED)
    return {"whom": now.whom.value, "first_day": now.first_day}


def _page(
    request: PersonRequest, organisation: Organisation | None, form: PasskeyDemandForm, found: DryRun | None = None
) -> HttpResponse:
    context = admin.site.each_context(request) | {
        "title": _("Require a passkey"),
        "organisation": organisation,
        "form": form,
        "present": flows.present(organisation),
        "address": flows.page_of(organisation),
    }
    if found is not None:
        context |= {"found": found, "after": form.choice, "confirm": _hidden(form.choice, found.shown)}
        context |= _names(request, organisation, form.choice, found.coverage, urlencode(_hidden(form.choice)))
    elif not form.is_bound and (now := flows.present(organisation)).first_day:
        # The mail about a change leads here, to see who has no passkey.
        context |= _names(request, organisation, now, coverage.of(organisation, now.whom), "nu")
    return render(request, "accounts/mfa_policy/passkey.html", context)


def _hidden(choice: Choice, shown: str = "") -> dict[str, str]:
    day = choice.first_day.isoformat() if choice.first_day else ""
    return {"whom": choice.whom.value, "first_day": day} | ({"shown": shown} if shown else {})


def _names(
    request: PersonRequest, organisation: Organisation | None, choice: Choice, found: Coverage, query: str
) -> dict[str, object]:
    """The counts, and the people in the group that was asked for; names only for workers who may see people.
    ``query``: of the address that shows these counts."""
    counts = found.counts
    lines: dict[str, object] = {
        "stopped": [(group, counts[group]) for group in Group if group in STOPPED and counts[group]],
        "others": [(group, counts[group]) for group in Group if group not in STOPPED and counts[group]],
    }
    if not request.user.has_perm(SEE_NAMES):
        return lines
    shown = lines | {"may_see_names": True, "query": query}
    asked = request.GET.get("groep", "")
    if asked not in Group.values:
        return shown
    group = Group(asked)
    people = coverage.people_in(organisation, choice.whom, group)
    page = CountedPaginator(people, limits.NAMES_PAGE, number=counts[group]).get_page(request.GET.get("p"))
    return shown | {"group": group, "page": page, "names_query": f"{query}&{urlencode({'groep': group.value})}"}


def _save(request: PersonRequest, organisation: Organisation | None) -> HttpResponse:
    """Save, but only what was shown."""
    form, page = PasskeyDemandForm(request.POST, of_staff=organisation is None), flows.page_of(organisation)
    if not form.is_valid():
        return redirect(page)
    choice, shown = form.choice, form.cleaned_data["shown"]
    outcome = flows.change(organisation, choice, shown=shown, actor=request.user, origin=Origin.of(request))
    if outcome is Outcome.SAVED:
        messages.success(request, sentence(outcome))
        return redirect("organisation_overview", organisation.slug) if organisation else redirect(page)
    told = messages.warning if outcome is Outcome.CHANGED_MEANWHILE else messages.error
    told(request, sentence(outcome))
    return redirect(f"{page}?{urlencode(_hidden(choice))}" if outcome is Outcome.CHANGED_MEANWHILE else page)
