from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import limits
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.mfa_policy import statistics
from accounts.mfa_policy.decorators import CHANGE, SEE_NAMES, permissions_required, with_organisation
from accounts.mfa_policy.pagination import CountedPaginator
from accounts.mfa_policy.requirement import flows
from accounts.mfa_policy.requirement.flows import Choice, Outcome
from accounts.mfa_policy.requirement.forms import ConfirmForm, RequirementForm, sentence
from accounts.mfa_policy.statistics import AFFECTED, WITHOUT, Group
from accounts.organisations import sign_in_policy
from accounts.organisations.models import Organisation, SecondStep
from accounts.post_redirect_get import redirect_with_errors, restore


@require_safe
@permissions_required(CHANGE)
@fresh_proof_required
@with_organisation
def choose(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """Step 1: choose the policy. Where it is optional, whoever opens this page comes to require it."""
    present = Choice.of(organisation)
    suggested = Choice(SecondStep.REQUIRED, timezone.localdate() + limits.DEMAND_SUGGESTED)
    initial = vars(suggested if present.second_step is SecondStep.OPTIONAL else present)
    context = admin.site.each_context(request) | {
        "title": _("Second step at sign-in"),
        "organisation": organisation,
        "form": restore(request, RequirementForm(initial=initial)),
        "present": present,
        "may_require_business_account": sign_in_policy.may_require_business_account(organisation),
    }
    return render(request, "accounts/mfa_policy/choose.html", context)


@require_safe
@permissions_required(CHANGE)
@fresh_proof_required
@with_organisation
def check(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """Step 2: show who would be affected. Changes nothing; the choice is in the query string."""
    form = RequirementForm(request.GET)
    refused = flows.refusal(organisation, form.choice) if form.is_valid() else None
    if refused is not None:
        form.refuse(refused)
    if not form.is_valid():
        return redirect_with_errors(request, form, to=reverse("organisation_demand", args=[organisation.slug]))
    found = flows.preview(organisation, form.choice, request.user)
    context = admin.site.each_context(request) | {
        "title": _("What changes"),
        "organisation": organisation,
        "before": Choice.of(organisation),
        "after": form.choice,
        "found": found,
        "confirm": _hidden(form.choice, found.shown),
    }
    return render(request, "accounts/mfa_policy/check.html", context | _names(request, organisation, found.coverage))


def _hidden(choice: Choice, shown: str) -> dict[str, str]:
    day = choice.required_from.isoformat() if choice.required_from else ""
    return {"second_step": choice.second_step.value, "required_from": day, "shown": shown}


def _names(request: PersonRequest, organisation: Organisation, people: statistics.Coverage) -> dict[str, object]:
    """The counts, and the people in the group that was asked for; names only for workers who may see people."""
    groups = (*WITHOUT, Group.PROTECTED)
    lines: dict[str, object] = {
        "stopped": [(group, people.counts[group]) for group in groups if group in AFFECTED and people.counts[group]],
        "others": [(group, people.counts[group]) for group in groups if group not in AFFECTED and people.counts[group]],
    }
    if not request.user.has_perm(SEE_NAMES):
        return lines
    chosen = urlencode({name: request.GET.get(name, "") for name in ("second_step", "required_from")})
    shown = lines | {"may_see_names": True, "query": chosen}
    asked = request.GET.get("groep", "")
    if asked not in Group.values:
        return shown
    group = Group(asked)
    pages = CountedPaginator(statistics.people_in(organisation, group), limits.NAMES_PAGE, number=people.counts[group])
    names_query = f"{chosen}&{urlencode({'groep': group.value})}"
    return shown | {"group": group, "page": pages.get_page(request.GET.get("p")), "names_query": names_query}


@require_POST
@permissions_required(CHANGE)
@fresh_proof_required
@with_organisation
def save(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """Step 3: save, but only what was shown."""
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return redirect("organisation_demand", organisation.slug)
    outcome = flows.change(
        organisation,
        form.choice,
        shown=form.cleaned_data["shown"],
        actor=request.user,
        origin=Origin.of(request),
    )
    match outcome:
        case Outcome.SAVED:
            messages.success(request, sentence(outcome))
            return redirect("organisation_overview", organisation.slug)
        case Outcome.CHANGED_MEANWHILE:
            messages.warning(request, sentence(outcome))
            chosen = _hidden(form.choice, "")
            return redirect(f"{reverse('organisation_demand_check', args=[organisation.slug])}?{urlencode(chosen)}")
        case _:
            messages.error(request, sentence(outcome))
            return redirect("organisation_demand", organisation.slug)
