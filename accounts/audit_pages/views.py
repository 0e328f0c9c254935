"""The security activity in the administration. The search is in the query string, so that a link to it stays valid."""

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
from accounts.audit_pages.presentation import Group
from accounts.http_requests import PersonRequest, id_parameter
from accounts.models import User
from accounts.organisations import scope
from accounts.post_redirect_get import redirect_with_errors, restore

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


@require_safe
def activity(request: PersonRequest) -> HttpResponse:
    """A page of what was found; ``voor`` and ``na`` are the id of the entry before it, towards older and newer."""
    _require_permission(request.user)
    form = _form(request.user, request.GET)
    criteria = _criteria(request.user, form)
    before, after = id_parameter(request, "voor"), id_parameter(request, "na")
    found = search.page(criteria, before=before, after=after) if criteria else None
    lines = [presentation.line_of(entry) for entry in found.entries] if found else []
    groups = list(presentation.grouped(lines))
    context = admin.site.each_context(request) | {
        "title": _("Security activity"),
        "form": form,
        "lines": lines,
        "groups": groups,
        "before_import": _before_import(groups) if found and found.older else None,
        "page": found,
        "continued": before is not None or after is not None,
        "events": form.events(),
        "chosen_events": form.in_words().get(str(form.fields["event"].label), ""),
        "query_string": _query_string(form),
    }
    return render(request, "accounts/audit_pages/activity.html", context)


def _before_import(groups: list[Group]) -> int | None:
    """Where to go on when the page ends within a list of people: hundreds of them fill many pages."""
    oldest = groups[-1].lines[-1] if groups else None
    if oldest is None or len(oldest.run) != 2:
        return None
    reference, actor_id = oldest.run
    return query.start_of_import(actor_id, reference, oldest.number)


@require_safe
def entry(request: PersonRequest, entry_id: int) -> HttpResponse:
    """Everything about one entry, and whether it is still as it was written."""
    _require_permission(request.user)
    in_scope = AuditEntry.objects.filter(query.entries_in_scope(request.user))
    found = get_object_or_404(in_scope.select_related("organisation", "subject__membership"), pk=entry_id)
    seal_state, seal = chain.seal_state_of(found)
    person, may_view = found.subject, request.user.has_perm("accounts.view_user")
    is_linked = person is not None and may_view and scope.includes(request.user, person)
    context = admin.site.each_context(request) | {
        "title": found.get_event_display(),
        "line": presentation.line_of(found),
        "details": presentation.details_of(found),
        "seal": presentation.seal_in_words(seal_state, seal),
        "broken": seal_state is chain.SealState.BROKEN,
        "person_page": reverse("admin:accounts_user_change", args=[found.subject_id]) if is_linked else "",
    }
    return render(request, "accounts/audit_pages/entry.html", context)


@fresh_proof_required
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: PersonRequest) -> HttpResponseBase:
    """Choose a kind of file for what was found, and download it. The search is posted in hidden fields, because a POST
    that had to wait for fresh proof has lost its query string."""
    _require_permission(request.user)
    form = _form(request.user, request.POST if request.method == "POST" else request.GET)
    criteria = _criteria(request.user, form)
    if criteria is None:
        return redirect(f"{reverse('audit_activity')}?{_query_string(form)}")
    if request.method == "POST":
        return _download(request, form, criteria)
    count = search.count(criteria, limits.EXPORT_ROWS + 1)
    context = admin.site.each_context(request) | {
        "title": _("Export security activity"),
        "form": restore(request, ExportForm()),
        "filters": _filters(request.user, form),
        "query_string": _query_string(form),
        "hidden_fields": _filled_in(form),
        "count": count,
        "most": limits.EXPORT_ROWS,
        "refusal": _refusal(count),
    }
    return render(request, "accounts/audit_pages/export.html", context)


def _download(request: PersonRequest, form: SearchForm, criteria: Search) -> HttpResponseBase:
    chosen, page = ExportForm(request.POST), f"{reverse('audit_export')}?{_query_string(form)}"
    if not chosen.is_valid():
        return redirect_with_errors(request, chosen, to=page)
    exported = flows.export_entries(
        criteria,
        actor=request.user,
        filters=_filters(request.user, form),
        kind=chosen.cleaned_data["format"],
        origin=Origin.of(request),
    )
    if exported.outcome is not Outcome.EXPORTED:
        messages.error(request, _refusal(exported.count))
        return redirect(page)
    return _file(exported, chosen.cleaned_data["format"])


def _file(exported: Export, kind: str) -> StreamingHttpResponse:
    name = f"beveiligingsactiviteit-{timezone.localdate():%Y-%m-%d}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(exported.lines, content_type=CONTENT_TYPES[kind], headers=headers)


def _require_permission(worker: User) -> None:
    if not worker.has_perm(query.PERMISSION):
        raise PermissionDenied


def _form(worker: User, typed: QueryDict) -> SearchForm:
    return SearchForm(typed, with_organisation=scope.works_for_all(worker))


def _criteria(worker: User, form: SearchForm) -> Search | None:
    """What to search for, or None with the errors on the form."""
    if not form.is_valid():
        return None
    built = query.build_search(worker, form.cleaned_data)
    for name, error in built.errors.items():
        form.add_error(name, error)
    return built.search


def _filters(worker: User, form: SearchForm) -> dict[str, str]:
    """The filters in words, with the organisation of a worker who is bound to one."""
    is_bound = not scope.works_for_all(worker)
    own = {_("Organisation"): str(getattr(worker, "membership", None) or _("none"))} if is_bound else {}
    return own | form.in_words()


def _filled_in(form: SearchForm) -> list[tuple[str, str]]:
    """Names and values of the fields of the form that are not empty; nothing else of the query string."""
    typed = cast(QueryDict, form.data)
    return [(name, value) for name in form.fields for value in typed.getlist(name) if value]


def _query_string(form: SearchForm) -> str:
    fields = QueryDict(mutable=True)
    for name, value in _filled_in(form):
        fields.appendlist(name, value)
    return fields.urlencode()


def _refusal(count: int) -> str:
    if count == 0:
        return _("There is nothing to export.")
    if count <= limits.EXPORT_ROWS:
        return ""
    return _(
        "These are more than %(most)s lines. Choose a shorter period, or ask whoever administers the server for the "
        "command export_audit_trail, which has no limit."
    ) % {"most": number_format(limits.EXPORT_ROWS, force_grouping=True)}
