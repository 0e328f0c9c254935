from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import limits, rate_limits
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest, person
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.policy import Vouched
from accounts.sso import connections, troubleshooting
from accounts.sso import flows as sso
from accounts.sso.authentication_requests import Purpose
from accounts.sso.callback import CallbackResult
from accounts.sso.decorators import RIGHT, for_administrators
from accounts.sso.refusal_reasons import Reason
from accounts.sso.setup import flows as setup
from accounts.sso.setup import kinds, readiness
from accounts.sso.sign_in_test import flows

PAGE = "sso_sign_in_test"
# Whoever tries it has mostly an account here that is not linked yet: that says nothing about the connection.
GOOD_ENOUGH = ("", Reason.UNKNOWN_PERSON, Reason.ADDRESS_TAKEN)


@for_administrators
@require_safe
def show(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    """The result of the newest test sign-in of this session, and the button."""
    found = flows.result_of(request.session, organisation.pk)
    connection = setup.connection_of(organisation)
    context = admin.site.each_context(request) | {
        "title": _("Test sign-in"),
        "organisation": organisation,
        "connection": connection,
        "kind": kinds.of_issuer(connection.issuer) if connection else None,
        "is_ready": not readiness.missing(connection),
        "result": _in_words(found) if found else None,
    }
    return render(request, "admin/sso/sign_in_test.html", context)


@require_POST
@for_administrators
def begin(request: PersonRequest, organisation: Organisation) -> HttpResponse:
    connection = connections.of_slug(organisation.slug)
    if connection is None:
        messages.error(request, _("First fill in the provider."))
        return redirect("sso_setup", organisation.slug)
    subject = str(organisation.pk)
    if not rate_limits.consume("sso-check", subject, limit=limits.SSO_CHECKS, period=limits.SSO_CHECKS_PERIOD):
        messages.error(request, _("That was asked often just now. Wait a minute and try again."))
        return redirect(PAGE, organisation.slug)
    target = resolve_url(PAGE, organisation.slug)
    answer = sso.begin(connection, Purpose.TEST, request.session, target=target, user=request.user)
    if isinstance(answer, Reason):
        messages.error(request, troubleshooting.of_reason(answer))
        return redirect(PAGE, organisation.slug)
    return redirect(answer)


def callback(request: HttpRequest, result: CallbackResult) -> HttpResponse | None:
    """The provider's answer to a test sign-in. None unless this is the administrator who began it, and still is one."""
    pending = result.authentication_request
    if pending is None or not request.user.is_authenticated or request.user.pk != pending.user:
        return None
    mine = Organisation.objects.filter(scope.organisations(person(request)), pk=pending.organisation)
    if not (admin.site.has_permission(request) and person(request).has_perm(RIGHT) and mine.exists()):
        return None
    flows.conclude(request.session, result, actor=person(request), origin=Origin.of(request))
    return redirect(pending.target)


def _in_words(found: dict[str, Any]) -> dict[str, Any]:
    foreseen = found.get("foreseen") or {}
    refusal = found["reason"] or foreseen.get("refusal", "")
    return {
        "at": datetime.fromisoformat(found["at"]),
        "came_back": not found["reason"],
        "is_good": not found["reason"] and refusal in GOOD_ENOUGH,
        "refusal": troubleshooting.of_failure(refusal),
        "place": troubleshooting.place_of(refusal),
        "level": _level(found.get("vouched", ""), is_above=foreseen.get("is_above", False)),
        "foreseen": foreseen,
        "claims": found.get("claims", []),
        "tells_time": found.get("tells_time", False),
    }


def _level(vouched: str, *, is_above: bool) -> str:
    if is_above:
        return _("Over this person your organisation does not decide: the portal always asks its own code as well.")
    match vouched:
        case Vouched.CLAIM:
            return _("The provider showed a second step. The portal asks no code.")
        case Vouched.AGREEMENT:
            return _("A second step is trusted by agreement. The portal asks no code; the administration stays closed.")
        case _else:
            return _("The provider showed no second step. The portal asks its own code.")
