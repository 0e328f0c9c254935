from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.audit import activity
from accounts.http_requests import PersonRequest, id_parameter


@require_safe
def security_activity(request: PersonRequest) -> HttpResponse:
    """The person's own events, a page at a time; ``voor`` is the id of the last entry of the page before."""
    before = id_parameter(request, "voor")
    lines, following = activity.page(request.user, before)
    context = {"lines": lines, "following": following, "continued": before is not None}
    return render(request, "accounts/audit/activity.html", context)
