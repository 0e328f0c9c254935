from __future__ import annotations

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import limits
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.mfa_policy import statistics
from accounts.mfa_policy.decorators import CHANGE, SEE, permissions_required, with_organisation
from accounts.mfa_policy.pagination import CountedPaginator
from accounts.mfa_policy.passkeys import flows as passkeys
from accounts.mfa_policy.progress import flows
from accounts.mfa_policy.reminders import schedule
from accounts.mfa_policy.requirement.flows import Choice
from accounts.mfa_policy.statistics import WITHOUT, Totals
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.unicode_text import folded

LONGEST_SEARCH = 150


@require_safe
@permissions_required(*SEE)
def organisations(request: PersonRequest) -> HttpResponse:
    """Every organisation in the worker's scope, with its coverage."""
    wanted = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
    mine = Organisation.objects.filter(scope.organisations(request.user), name_key__contains=folded(wanted))
    page = Paginator(mine.order_by("name", "pk"), limits.ORGANISATIONS_PAGE).get_page(request.GET.get("p"))
    totals = statistics.totals(list(page.object_list))
    context = admin.site.each_context(request) | {
        "title": _("Organisations and their second step"),
        "page": page,
        "lines": [
            (one, Choice.of(one), passkeys.present(one), totals.get(one.pk, Totals())) for one in page.object_list
        ],
        "wanted": wanted,
        "of_staff": passkeys.present(None) if passkeys.may_change(None, request.user) else None,
    }
    return render(request, "accounts/mfa_policy/organisations.html", context)


@require_safe
@permissions_required(*SEE)
@with_organisation
def overview(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """How many people have a second factor, the chart over time, and who has none."""
    members = statistics.members(organisation)
    people = statistics.coverage(organisation, members)
    without = statistics.without_second_factor(organisation, within=members)
    pages = CountedPaginator(without, limits.NAMES_PAGE, number=people.without)
    present = Choice.of(organisation)
    context = admin.site.each_context(request) | {
        "title": _("Second step of %(name)s") % {"name": organisation.name},
        "organisation": organisation,
        "present": present,
        "passkey": passkeys.present(organisation),
        "with_passkey": statistics.with_passkey(members),
        "reminders": schedule.of(present.required_from) if people.affected else None,
        "people": people,
        "totals": Totals(people.people, people.protected),
        "lines": [(group, people.counts[group]) for group in WITHOUT if people.counts[group]],
        "chart": flows.progress_chart(organisation),
        "page": pages.get_page(request.GET.get("p")),
        "may_change": request.user.has_perm(CHANGE),
    }
    return render(request, "accounts/mfa_policy/overview.html", context)


@require_POST
@permissions_required(*SEE)
@fresh_proof_required
@with_organisation
def export(request: PersonRequest, organisation: Organisation) -> StreamingHttpResponse:
    """People without a second factor, as a file. A POST, because the export is recorded."""
    lines = flows.export(organisation, actor=request.user, origin=Origin.of(request))
    name = f"zonder-tweede-stap-{organisation.slug}-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
