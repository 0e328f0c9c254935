from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.audit import activity
from accounts.http_requests import PersonRequest

LONGEST_NUMBER = 18  # digits; more would not fit into the database's numbers


@require_safe
def security_activity(request: PersonRequest) -> HttpResponse:
    """The person's own events, a page at a time; ``voor`` is the id of the last entry of the page before."""
    before = request.GET.get("voor", "")
    is_valid = before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER
    lines, following = activity.page(request.user, int(before) if is_valid else None)
    context = {"lines": lines, "following": following, "continued": is_valid}
    return render(request, "accounts/audit/activity.html", context)
