"""Pages about many people at once. Each checks the permission; the queries are limited to the worker's scope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.active_sessions.decorators import background_request
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.mail import outcomes
from accounts.models import User
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.post_redirect_get import redirect_with_errors, restore
from environments import flows as access
from environments.models import Environment
from environments.people import export as file
from environments.people import flows, import_mail, imports, large_lists, wording
from environments.people.forms import ImportForm
from environments.people.imports import Stage
from environments.people.models import TO_DO, UNSUCCESSFUL, PeopleImport

PEOPLE = "admin:accounts_user_changelist"
PERSON = "admin:accounts_user_change"
SAMPLE = 3  # lines that show whether the columns were understood
CSV = "text/csv; charset=utf-8"


def _demand(request: PersonRequest, right: str) -> None:
    if not request.user.has_perm(right):
        raise PermissionDenied


def _page(request: PersonRequest, template: str, title: str, **context: Any) -> HttpResponse:
    context |= admin.site.each_context(request) | {"title": title}
    return render(request, f"environments/people/{template}.html", context)


def _import(request: PersonRequest, import_id: int) -> PeopleImport:
    _demand(request, flows.MAY_INVITE)
    mine = imports.seen_by(request.user) & scope.organisations(request.user, "organisation_id")
    return get_object_or_404(PeopleImport.objects.filter(mine).select_related("organisation"), pk=import_id)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: PersonRequest) -> HttpResponse:
    """Paste or upload a list; the next page shows what would happen."""
    _demand(request, flows.MAY_INVITE)
    worker = request.user
    form = ImportForm(request.POST or None, request.FILES or None, worker=worker)
    if request.method == "POST" and form.is_valid():
        listing, organisation = form.cleaned_data["listing"], form.cleaned_data["organisation"]
        return redirect("people_import", imports.create(listing, organisation, worker).pk)
    if request.method == "POST":
        return redirect_with_errors(request, form)
    return _page(request, "invite", _("Invite colleagues"), **_offer(worker, form), form=restore(request, form))


invite.longest_value = limits.LARGEST_BODY  # type: ignore[attr-defined]  # a list; see `assetmaps.view_guard`
invite.largest_body = limits.LARGEST_IMPORT_BODY  # type: ignore[attr-defined]  # see the middleware `request_validation`


def _offer(worker: User, form: ImportForm) -> dict[str, Any]:
    mine = Organisation.objects.filter(scope.organisations(worker)).order_by("name")
    earlier = PeopleImport.objects.filter(imports.seen_by(worker), scope.organisations(worker, "organisation_id"))
    return {
        "suggestions": mine[: limits.SUGGESTED],
        "environments": Environment.objects.filter(organisation=form.own) if form.own else [],
        "earlier": earlier.select_related("organisation")[:10],
    }


@require_safe
def show_import(request: PersonRequest, import_id: int) -> HttpResponse:
    """The preview, the progress, or the result; with the lines that need attention, or with all of them."""
    batch = _import(request, import_id)
    counts = imports.counts(batch)
    everything = request.GET.get("toon", "alles" if "p" in request.GET else "") == "alles"
    lines = batch.lines.all() if everything else batch.lines.filter(imports.NEEDS_ATTENTION)
    return _page(
        request,
        "import",
        _("List for %(organisation)s") % {"organisation": batch.organisation},
        batch=batch,
        counts=counts,
        stage=imports.stage(batch, counts),
        to_do=counts["to_do"] + counts["waiting"],
        done=counts["settled"] - counts["waiting"],
        not_mailed=min(import_mail.not_mailed(batch).count(), limits.PEOPLE_AT_ONCE),
        everything=everything,
        sample=[] if batch.confirmed_at else batch.lines.filter(state__in=TO_DO)[:SAMPLE],
        lines=Paginator(lines, limits.IMPORT_PAGE).get_page(request.GET.get("p")),
    )


@background_request
@require_safe
def progress(request: PersonRequest, import_id: int) -> JsonResponse:
    """For the script of the progress bar. Finished: each line is done, and the mail server answered about each mail."""
    batch = _import(request, import_id)
    counts = imports.counts(batch)
    finished = imports.stage(batch, counts) is Stage.RESULT
    to_do = counts["to_do"] + counts["waiting"]
    return JsonResponse({"to_do": to_do, "finished": finished, "stalled": batch.is_stalled})


@require_POST
@fresh_proof_required
def confirm_import(request: PersonRequest, import_id: int) -> HttpResponse:
    batch = _import(request, import_id)
    if not imports.confirm(batch, request.user, Origin.of(request)):
        messages.warning(request, _("This list was confirmed before, or you may not invite these people."))
    return redirect("people_import", batch.pk)


@require_POST
@fresh_proof_required
def mail_import_again(request: PersonRequest, import_id: int) -> HttpResponse:
    """Send the invitations of a list that the mail server refused once more."""
    batch = _import(request, import_id)
    with outcomes.collect() as mails:
        again = import_mail.mail_again(batch, request.user, Origin.of(request))
    _tell(request, wording.told(mails, again))
    return redirect("people_import", batch.pk)


@require_POST
def continue_import(request: PersonRequest, import_id: int) -> HttpResponse:
    """Go on with an interrupted list; does nothing while a worker processes it."""
    batch = _import(request, import_id)
    imports.go_on(batch)
    return redirect("people_import", batch.pk)


@require_POST
def discard_import(request: PersonRequest, import_id: int) -> HttpResponse:
    batch = _import(request, import_id)
    if PeopleImport.objects.filter(pk=batch.pk, confirmed_at=None).delete()[0]:
        messages.success(request, _("Nobody is invited."))
    return redirect("people_invite")


@require_safe
def wrong_lines(request: PersonRequest, import_id: int) -> HttpResponse:
    """The lines that were not carried out, to correct and upload again."""
    batch = _import(request, import_id)
    headings = [
        _("E-mail address"),
        _("First name"),
        _("Last name"),
        _("Environments"),
        _("Role"),
        _("Language"),
        _("Why not"),
    ]
    text = file.BEGIN + file.line(headings)
    for row in batch.lines.filter(state__in=UNSUCCESSFUL):
        typed = [row.address, row.first_name, row.last_name, row.environments, row.role, row.language]
        text += file.line([*typed, row.sentence])
    return HttpResponse(text, CSV, headers={"Content-Disposition": f'attachment; filename="fout-{batch.pk}.csv"'})


@require_POST
@fresh_proof_required
def export(request: PersonRequest) -> HttpResponse | StreamingHttpResponse:
    """The people of the list as it was filtered. ``filters`` is the question part of its address: a field of the form,
    because that survives the proof of identity."""
    _demand(request, "accounts.view_user")
    request.GET = large_lists.filters_of(request)  # type: ignore[assignment]  # the stubs have a class for it
    request.META[large_lists.FULL_SEARCH] = True
    try:
        changelist = admin.site._registry[User].get_changelist_instance(request)
    except IncorrectLookupParameters:  # as the list itself does with what it cannot understand
        return redirect(PEOPLE)
    filters = request.GET.urlencode()
    file.record(changelist.queryset, filters, actor=request.user, origin=Origin.of(request))
    name = f"personen-{timezone.localdate():%Y-%m-%d}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    written = file.lines(changelist.queryset, access.in_scope(request.user))
    return StreamingHttpResponse(written, content_type=CSV, headers=disposition)


def _ids(request: PersonRequest) -> list[int]:
    """The numbers of the people with a - between them, as the question before it showed them."""
    asked = [part for part in request.POST.get("ids", "").split("-") if part.isascii() and part.isdigit()]
    return sorted({int(part) for part in asked[: limits.PEOPLE_AT_ONCE] if len(part) < 19})


@require_POST
@fresh_proof_required
def deactivate(request: PersonRequest) -> HttpResponse:
    _demand(request, flows.MAY_CHANGE)
    ids, origin = _ids(request), Origin.of(request)
    done = sum(flows.deactivate(pk, actor=request.user, origin=origin) for pk in ids)
    told = ngettext("%(count)d person is deactivated.", "%(count)d people are deactivated.", done) % {"count": done}
    messages.success(request, told)
    if left := len(ids) - done:
        rest = ngettext("%(count)d person is left as it was.", "%(count)d people are left as they were.", left)
        why = _(
            "You cannot deactivate yourself, the last superuser, somebody with more rights, or an emergency account "
            "that is needed."
        )
        messages.warning(request, f"{rest % {'count': left}} {why}")
    return redirect(PEOPLE)


@require_POST
@fresh_proof_required
def invite_again(request: PersonRequest, person_id: int) -> HttpResponse:
    _demand(request, flows.MAY_INVITE)
    subject = get_object_or_404(User.objects.filter(scope.people(request.user)), pk=person_id)
    with outcomes.collect() as mails:
        again = int(flows.invite_again(subject.pk, actor=request.user, origin=Origin.of(request)))
    _tell(request, wording.told(mails, again, left=1 - again))
    if "from-list" in request.POST:
        return redirect(reverse(PEOPLE, query=large_lists.filters_of(request)))
    return redirect(PERSON, subject.pk)


@require_POST
@fresh_proof_required
def invite_chosen_again(request: PersonRequest) -> HttpResponse:
    _demand(request, flows.MAY_INVITE)
    ids = _ids(request)
    with outcomes.collect() as mails:
        again = flows.invite_chosen_again(ids, actor=request.user, origin=Origin.of(request))
    _tell(request, wording.told(mails, again, left=len(ids) - again))
    return redirect(PEOPLE)


def _tell(request: PersonRequest, told: Iterable[tuple[str, str]]) -> None:
    for level, text in told:
        getattr(messages, level)(request, text)
