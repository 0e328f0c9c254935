"""The queue in the administration, for superusers: what waits, what failed and why. Never the text of a mail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.queue_pages import flows, overview


@require_safe
def queue(request: PersonRequest) -> HttpResponse:
    _require_superuser(request)
    context = admin.site.each_context(request) | {
        "title": _("Queue"),
        "workers": overview.workers(),
        "waiting": overview.waiting(),
        "mails": overview.mails(),
        "tasks": overview.failed_tasks(),
    }
    return render(request, "accounts/queue_pages/queue.html", context)


@require_POST
@fresh_proof_required
def retry_mail(request: PersonRequest, mail_id: int) -> HttpResponse:
    _require_superuser(request)
    return _done(request, flows.retry_mail(mail_id, actor=request.user, origin=Origin.of(request)))


@require_POST
@fresh_proof_required
def retry_task(request: PersonRequest, task_id: Any) -> HttpResponse:
    _require_superuser(request)
    return _done(request, flows.retry_task(task_id, actor=request.user, origin=Origin.of(request)))


def _require_superuser(request: PersonRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied


def _done(request: PersonRequest, is_tried: bool) -> HttpResponse:
    if is_tried:
        messages.success(request, _("It is tried again, within a few seconds."))
    else:
        messages.warning(request, _("It cannot be tried again: it was done meanwhile, or is too old."))
    return redirect("queue")
