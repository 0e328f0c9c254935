from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts import limits
from accounts.active_sessions.decorators import background_request
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.two_factor.totp import stores
from assetmaps import logs, manual, navigation, policy_reports

policy_log = logging.getLogger("assetmaps.policy")


@require_safe
def begin(request: PersonRequest) -> HttpResponse:
    """Where staff come after signing in: their environments, and without any the place where they work."""
    return redirect(navigation.first_page(request))


@login_not_required
@require_safe
def help_two_factor(request: HttpRequest) -> HttpResponse:
    shown = manual.screenshots(get_language() or settings.LANGUAGE_CODE)
    portal = settings.PUBLIC_URL.removeprefix("https://")
    context = {"screenshots": shown, "stores": stores.every(), "numbers": manual.numbers(), "portal": portal}
    return render(request, "help_two_factor.html", context)


@background_request
@csrf_exempt
@login_not_required
@require_POST
def policy_report(request: HttpRequest) -> HttpResponse:
    """Receives reports of browsers about the content security policy. They send no CSRF token and no cookie."""
    if len(request.body) > limits.POLICY_REPORT_BYTES:
        return HttpResponse(status=413)
    if policy_reports.too_many(Origin.of(request)):
        return HttpResponse(status=429, headers={"Retry-After": int(limits.POLICY_REPORTS_PERIOD.total_seconds())})
    for facts in policy_reports.read(request.body):
        cut = {name: logs.redact(value) for name, value in facts.items()}
        policy_log.warning("content security policy stopped something", extra={"facts": cut})
    return HttpResponse(status=204)
