"""The security activity in the administration. Addresses are asked for in the query, so that a link stays good."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit import chain, search
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.search import Search
from accounts.audit_pages import flows, presentation, query
from accounts.audit_pages.flows import Export, Outcome
from accounts.audit_pages.forms import ExportForm, SearchForm
from accounts.http_requests import PersonRequest
from accounts.models import User
from accounts.organisations import scope
from accounts.post_redirect_get import redirect_with_errors, restore

LONGEST_NUMBER = 18  # digits; more would not fit into the database's numbers
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


@require_safe
def activity(request: PersonRequest) -> HttpResponse:
    """A page of what was found; ``voor`` and ``na`` are the entry that it follows, towards older and newer."""
    _demand(request.user)
    form = _form(request.user, request.GET)
    wanted = _wanted(request.user, form)
    before, after = _number(request, "voor"), _number(request, "na")
    found = search.page(wanted, before=before, after=after) if wanted else None
    context = admin.site.each_context(request) | {
        "title": _("Security activity"),
        "form": form,
        "lines": [presentation.line_of(entry) for entry in found.entries] if found else [],
        "page": found,
        "continued": before is not None or after is not None,
        "events": form.events(),
        "chosen": form.in_words().get(str(form.fields["event"].label), ""),
        "query": _query(form),
    }
    return render(request, "accounts/audit_pages/activity.html", context)


@require_safe
def entry(request: PersonRequest, entry_id: int) -> HttpResponse:
    """Everything about one entry, and whether it is still as it was written."""
    _demand(request.user)
    seen = AuditEntry.objects.filter(query.entries_in_scope(request.user))
    found = get_object_or_404(seen.select_related("organisation", "subject__membership"), pk=entry_id)
    seal_state, seal = chain.seal_state_of(found)
    person, may_look = found.subject, request.user.has_perm("accounts.view_user")
    linked = person is not None and may_look and scope.includes(request.user, person)
    context = admin.site.each_context(request) | {
        "title": found.get_event_display(),
        "line": presentation.line_of(found),
        "facts": presentation.facts_of(found),
        "seal": presentation.seal_in_words(seal_state, seal),
        "broken": seal_state is chain.SealState.BROKEN,
        "person_page": reverse("admin:accounts_user_change", args=[found.subject_id]) if linked else "",
    }
    return render(request, "accounts/audit_pages/entry.html", context)


@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: PersonRequest) -> HttpResponseBase:
    """Choose a kind of file for what was found, and get it. The search is posted along: a POST that waited for fresh
    proof has lost its address."""
    _demand(request.user)
    form = _form(request.user, request.POST if request.method == "POST" else request.GET)
    wanted = _wanted(request.user, form)
    if wanted is None:
        return redirect(f"{reverse('audit_activity')}?{_query(form)}")
    if request.method == "POST":
        return _download(request, form, wanted)
    count = search.count(wanted, limits.EXPORT_ROWS + 1)
    context = admin.site.each_context(request) | {
        "title": _("Export security activity"),
        "form": restore(request, ExportForm()),
        "filters": _filters(request.user, form),
        "query": _query(form),
        "sent_along": _pairs(form),
        "count": count,
        "most": limits.EXPORT_ROWS,
        "refusal": _refusal(count),
    }
    return render(request, "accounts/audit_pages/export.html", context)


def _download(request: PersonRequest, form: SearchForm, wanted: Search) -> HttpResponseBase:
    chosen, page = ExportForm(request.POST), f"{reverse('audit_export')}?{_query(form)}"
    if not chosen.is_valid():
        return redirect_with_errors(request, chosen, to=page)
    made = flows.export_entries(
        wanted,
        actor=request.user,
        filters=_filters(request.user, form),
        kind=chosen.cleaned_data["format"],
        origin=Origin.of(request),
    )
    if made.outcome is not Outcome.EXPORTED:
        messages.error(request, _refusal(made.count))
        return redirect(page)
    return _file(made, chosen.cleaned_data["format"])


def _file(made: Export, kind: str) -> StreamingHttpResponse:
    name = f"beveiligingsactiviteit-{timezone.localdate():%Y-%m-%d}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(made.lines, content_type=CONTENT_TYPES[kind], headers=headers)


def _demand(worker: User) -> None:
    if not worker.has_perm(query.PERMISSION):
        raise PermissionDenied


def _form(worker: User, typed: QueryDict) -> SearchForm:
    return SearchForm(typed, with_organisation=scope.works_for_all(worker))


def _wanted(worker: User, form: SearchForm) -> Search | None:
    """What to look for, or None with the reasons on the form."""
    if not form.is_valid():
        return None
    understood = query.understand(worker, form.cleaned_data)
    for name, why in understood.refused.items():
        form.add_error(name, why)
    return understood.search


def _filters(worker: User, form: SearchForm) -> dict[str, str]:
    """The filters in words, the own organisation included, which nobody who is bound to it can leave out."""
    bound = not scope.works_for_all(worker)
    own = {_("Organisation"): str(getattr(worker, "membership", None) or _("none"))} if bound else {}
    return own | form.in_words()


def _pairs(form: SearchForm) -> list[tuple[str, str]]:
    """What was typed, field by field, without the rest of the address and without empty fields."""
    typed = cast(QueryDict, form.data)
    return [(name, value) for name in form.fields for value in typed.getlist(name) if value]


def _query(form: SearchForm) -> str:
    query = QueryDict(mutable=True)
    for name, value in _pairs(form):
        query.appendlist(name, value)
    return query.urlencode()


def _number(request: PersonRequest, name: str) -> int | None:
    asked = request.GET.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_NUMBER else None


def _refusal(count: int) -> str:
    if count == 0:
        return _("There is nothing to export.")
    if count <= limits.EXPORT_ROWS:
        return ""
    return _(
        "These are more than %(most)s lines. Choose a shorter period, or ask whoever administers the server for the "
        "command export_audit_trail, which has no limit."
    ) % {"most": number_format(limits.EXPORT_ROWS, force_grouping=True)}
