from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts import limits
from accounts.audit.origin import Origin
from assetmaps import logs, manual, policy_reports

policy_log = logging.getLogger("assetmaps.policy")


@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Whether the database answers, without any detail (ASVS 13.4.5)."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("not ready\n", status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def help_two_factor(request: HttpRequest) -> HttpResponse:
    shown = manual.shots(get_language() or settings.LANGUAGE_CODE)
    portal = settings.PUBLIC_URL.removeprefix("https://")
    context = {"shots": shown, "stores": manual.stores(), "numbers": manual.numbers(), "portal": portal}
    return render(request, "help_two_factor.html", context)


@csrf_exempt
@login_not_required
@require_POST
def policy_report(request: HttpRequest) -> HttpResponse:
    """Where browsers report what the content security policy stopped. They send no CSRF token and no cookie."""
    if len(request.body) > limits.POLICY_REPORT_BYTES:
        return HttpResponse(status=413)
    if policy_reports.too_many(Origin.of(request).address):
        return HttpResponse(status=429, headers={"Retry-After": int(limits.POLICY_REPORTS_PERIOD.total_seconds())})
    for facts in policy_reports.read(request.body):
        cut = {name: logs.without_secrets(value) for name, value in facts.items()}
        policy_log.warning("content security policy stopped something", extra={"facts": cut})
    return HttpResponse(status=204)
