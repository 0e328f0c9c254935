from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.audit import activity
from accounts.http_requests import PersonRequest

LONGEST_NUMBER = 18  # digits; more would not fit into the database's numbers


@require_safe
def security_activity(request: PersonRequest) -> HttpResponse:
    """The own events, a page at a time; ``voor`` is the last entry of the page before."""
    asked = request.GET.get("voor", "")
    valid = asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_NUMBER
    lines, following = activity.page(request.user, int(asked) if valid else None)
    context = {"lines": lines, "following": following, "continued": valid}
    return render(request, "accounts/audit/activity.html", context)
