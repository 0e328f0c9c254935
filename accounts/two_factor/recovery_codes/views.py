from __future__ import annotations

import base64
import logging
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import limits
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import requested_page
from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.encryption import SecretUnreadableError
from accounts.http_requests import PersonRequest
from accounts.two_factor import devices
from accounts.two_factor.recovery_codes import flows

log = logging.getLogger(__name__)


@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """How many are left; after making them the codes themselves, until they are kept."""
    mine = devices.situation_read_with(request.session, request.user)
    if not mine.has_factor:
        messages.info(request, _("Recovery codes belong to two-step authentication. Activate that first."))
        return redirect("personal_details")
    left = None if mine.code_set is None else mine.codes_left
    context = _fresh_codes_context(request, mine.code_salt) | {"left": left, "has_passkey": bool(mine.passkeys)}
    return render(request, "accounts/two_factor/recovery_codes.html", context)


@require_POST
@fresh_proof_required
def make(request: PersonRequest) -> HttpResponse:
    # Hashed for nobody without a second factor; whether there is one is seen once more under the lock.
    if not (request.user.is_verified() or devices.has_confirmed_device(request.user)):
        return redirect("personal_details")
    fresh = flows.prepare()
    with transaction.atomic():
        devices.lock(request.user)
        mine = devices.situation_of(request.user)
        if mine.has_factor:
            flows.store(request.user, fresh, Origin.of(request), old=mine.code_set)
            flows.keep_to_show(request.session, request.user, fresh)
            sessions.save(request)
    return redirect("recovery_codes")


@require_POST
def kept(request: PersonRequest) -> HttpResponse:
    """“Ik heb ze bewaard”: on to the page that had to wait for the set-up."""
    flows.forget(request.session)
    return redirect(requested_page.take(request) or "overview")


@require_POST
def still_at_hand(request: PersonRequest) -> HttpResponse:
    """The answer to the monthly question, or postponing it."""
    flows.postpone_reminder(request.user)
    if request.POST.get("answer") == "no":
        return redirect("recovery_codes")
    messages.success(request, _("Thank you. We ask again in a month."))
    return redirect("overview")


def _fresh_codes_context(request: PersonRequest, salt: bytes | None) -> dict[str, object]:
    """Fresh codes, also as a data URL to download without another request. Empty without any."""
    fresh = _fresh_codes(request, salt)
    if fresh is None:
        return {}
    day, portal = date_format(timezone.localtime(fresh.made_at), "j F Y"), settings.PUBLIC_URL.removeprefix("https://")
    about = [_("Made on %(date)s.") % {"date": day}, *_how_to_use(portal)]
    text = "\r\n".join([_("Your recovery codes for Mijn Assetmaps"), "", *fresh.codes, "", *about, ""])
    file = "data:text/plain;charset=utf-8;base64," + base64.b64encode(text.encode()).decode("ascii")
    return {
        "codes": fresh.codes,
        "codes_file": file,
        "about": about,
        "minutes": limits.RECOVERY_CODES_SHOWN // timedelta(minutes=1),
    }


def _how_to_use(portal: str) -> list[str]:
    """For the file and the sheet: found again after years, and perhaps by somebody else. So no name or address."""
    return [
        _("Sign in at %(portal)s with your password and choose “Use a recovery code”.") % {"portal": portal},
        _("Each code works once, in place of your phone or passkey. Do not keep your password with them."),
    ]


def _fresh_codes(request: PersonRequest, salt: bytes | None) -> flows.FreshCodes | None:
    """None, with a message, when they cannot be decrypted."""
    try:
        return flows.to_show(request.session, request.user, salt)
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
        return None
