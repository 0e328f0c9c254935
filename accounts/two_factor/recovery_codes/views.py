from __future__ import annotations

import base64
import logging

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.encryption import SecretUnreadableError
from accounts.http_requests import PersonRequest
from accounts.two_factor import devices
from accounts.two_factor.recovery_codes import flows

log = logging.getLogger(__name__)


@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """How many are left and, directly after making them, the codes themselves."""
    if not devices.has_confirmed_device(request.user):
        messages.info(request, _("Recovery codes belong to two-step authentication. Activate that first."))
        return redirect("personal_details")
    context = fresh_codes_context(request) | {"left": devices.recovery_codes_left(request.user)}
    return render(request, "accounts/two_factor/recovery_codes.html", context)


@require_POST
@fresh_proof_required
def make(request: PersonRequest) -> HttpResponse:
    if not devices.has_confirmed_device(request.user):
        return redirect("personal_details")
    codes = flows.make(request.user, Origin.of(request))
    flows.keep_to_show_once(request.session, request.user, codes)
    return redirect("recovery_codes")


@require_POST
def still_at_hand(request: PersonRequest) -> HttpResponse:
    """The answer to the monthly question, or postponing it."""
    flows.postpone_reminder(request.user)
    if request.POST.get("answer") == "no":
        return redirect("recovery_codes")
    messages.success(request, _("Thank you. We ask again in a month."))
    return redirect("overview")


def fresh_codes_context(request: PersonRequest) -> dict[str, object]:
    """Template context with fresh codes, also as a data URL to download without another request."""
    codes = _take_fresh_codes(request)
    text = "\r\n".join([_("Recovery codes for Mijn Assetmaps. Each works once."), "", *codes, ""])
    file = "data:text/plain;charset=utf-8;base64," + base64.b64encode(text.encode()).decode("ascii")
    return {"codes": codes, "codes_file": file}


def _take_fresh_codes(request: PersonRequest) -> list[str]:
    """The codes; empty, with a message, when they cannot be decrypted."""
    try:
        return flows.take_to_show(request.session, request.user)
    except SecretUnreadableError as mistake:
        log.error("fresh recovery codes of user %s cannot be read: %s", request.user.pk, mistake)
        facts = {"reference": Origin.of(request).reference or "-"}
        messages.error(
            request,
            _(
                "We cannot show your new recovery codes. That is our fault. Make a new set; the old one does not work "
                "any more. Number for support: %(reference)s."
            )
            % facts,
        )
        return []
