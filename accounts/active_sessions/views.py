"""The page of one's own sessions, and the remaining time of this one."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import limits
from accounts.active_sessions import flows, lifetime
from accounts.active_sessions.decorators import background_request
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest


@background_request
@require_safe
def left(request: PersonRequest) -> HttpResponse:
    """How long this session lasts."""
    return _remaining(request)


@require_POST
def extend(request: PersonRequest) -> HttpResponse:
    """The button that extends the session. The request itself counts as activity, under the same limits as any page."""
    return _remaining(request)


def _remaining(request: PersonRequest) -> HttpResponse:
    found = {"portal": lifetime.in_portal(request), "administration": lifetime.in_administration(request)}
    return JsonResponse({place: one._asdict() for place, one in found.items() if one})


@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    idle = limits.SESSION_IDLE // timedelta(minutes=1)
    context = {"sessions": flows.list_of(request, request.user), "idle_minutes": idle}
    return render(request, "accounts/sessions.html", context)


@require_POST
@fresh_proof_required
def end_one(request: PersonRequest, name: str) -> HttpResponse:
    if flows.end_one(request, request.user, name, Origin.of(request)):
        messages.success(request, _("That session has ended."))
    else:
        messages.info(request, _("That session had ended already."))
    return redirect("sessions")


@require_POST
@fresh_proof_required
def end_others(request: PersonRequest) -> HttpResponse:
    flows.end_others_on_request(request, request.user, Origin.of(request))
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("sessions")
