"""What adding an authenticator app and adding a passkey have in common around the device itself."""

from __future__ import annotations

from django.contrib import messages
from django.utils.translation import gettext as _

from accounts import policy
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import requested_page, store
from accounts.audit.origin import Origin
from accounts.hash_queue import TooBusyError
from accounts.http_requests import PersonRequest
from accounts.organisations import rank
from accounts.two_factor import devices
from accounts.two_factor.recovery_codes import flows as recovery_codes


def all_lost(request: PersonRequest) -> bool:
    """Account recovery by support: the new device replaces all earlier ones."""
    return sessions.SET_UP_ONLY in request.session


def is_verified_by_provider(request: PersonRequest) -> bool:
    """Does the provider prove the second factor, without one here? Then none is offered."""
    if all_lost(request):
        return False
    owner = store.person_of(request.session)  # read with the membership
    vouched = rank.accepted(store.vouched(request.session), owner or request.user)
    if not policy.is_enough(vouched, is_staff=request.user.is_staff):
        return False
    return not devices.factors_read_with(request.session, request.user).has_factor


def prepared_codes() -> recovery_codes.Prepared | None:
    """New recovery codes, before the transaction that stores them; None when it is too busy."""
    try:
        return recovery_codes.prepare()
    except TooBusyError:
        return None


def store_codes(request: PersonRequest, fresh: recovery_codes.Prepared, *, old: int | None, mailed: bool) -> None:
    """In the transaction that adds the device. ``old``: the key of the set that these replace."""
    recovery_codes.store(request.user, fresh, Origin.of(request), old=old, mailed=mailed)
    recovery_codes.keep_to_show(request.session, request.user, fresh)


def page_after(request: PersonRequest, *, has_codes: bool) -> str:
    """To new recovery codes first, whose page leads on; otherwise to the requested page. They are made when none is
    left, also when the last one was just used: without one, the next lost phone needs support."""
    if has_codes:
        return requested_page.take(request) or "personal_details"
    if not recovery_codes.are_waiting(request.session):  # the second factor works, and they can be made later
        messages.warning(request, _("It was too busy to make your recovery codes. Make them here."))
    return "recovery_codes"
