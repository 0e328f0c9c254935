"""What every page may show about the person. Lazy: a page that does not use it causes no query."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import limits, policy, session_facts, telephone
from accounts.active_sessions import lifetime, store
from accounts.active_sessions.lifetime import Remaining
from accounts.http_requests import REQUIREMENT, in_administration
from accounts.organisations import sign_in_policy
from accounts.organisations.sign_in_policy import Requirement
from accounts.two_factor import devices
from accounts.two_factor.recovery_codes import flows as recovery_codes


def questions(request: HttpRequest) -> dict[str, object]:
    """``recovery_question``: is it time to ask whether the recovery codes are still at hand? ``announced_demand``: the
    second factor that the organisation demands from a later day, for who has none yet; ``announced_passkey``: the same
    for a passkey, also of the portal; ``passkey_offer``: is a passkey offered, and nothing else asked?"""

    def is_due() -> bool:
        user = getattr(request, "user", None)
        is_verified = bool(user and user.is_authenticated and user.is_verified())
        return is_verified and recovery_codes.is_reminder_due(store.of(request).codes_asked_at)

    def announced() -> Requirement | None:
        # Not looked up for staff, or where there is a second factor.
        demand: Requirement | None = request.META.get(REQUIREMENT)
        return None if sign_in_policy.is_in_force(demand) else demand

    def is_offered() -> bool:
        from accounts.two_factor.passkeys import offers  # here: the sign-in page does not need it

        user = getattr(request, "user", None)
        return bool(user and user.is_authenticated) and offers.is_open(request.session) and not is_due()

    def announced_passkey() -> Requirement | None:
        user = getattr(request, "user", None)
        if not (user and user.is_authenticated):
            return None
        # Where a provider vouches for the second factor, no passkey is asked: as far as its word counts.
        if policy.is_enough(session_facts.counted(request), is_staff=user.is_staff):
            return None
        if devices.factors_read_with(request.session, user).passkeys:
            return None
        demand = sign_in_policy.passkey_requirement_for(store.person_of(request.session) or user, request.session)
        return None if sign_in_policy.is_in_force(demand) else demand

    return {
        "recovery_question": SimpleLazyObject(is_due),
        "announced_demand": SimpleLazyObject(announced),
        "passkey_offer": SimpleLazyObject(is_offered),
        "announced_passkey": SimpleLazyObject(announced_passkey),
    }


def support(request: HttpRequest) -> dict[str, str]:
    """How to reach support; ``support_phone`` and its link are "" without `SUPPORT_PHONE`: then nothing says "call"."""
    number = settings.SUPPORT_PHONE
    return {
        "support_email": settings.SUPPORT_EMAIL,
        "support_phone": number,
        "support_phone_link": telephone.link(number),
    }


def session(request: HttpRequest) -> dict[str, object]:
    """``session_left``: how long the session lasts at this place, for the page that warns before it ends."""

    def left() -> Remaining | None:
        user = getattr(request, "user", None)
        if not (user and user.is_authenticated):
            return None
        of_place = lifetime.in_administration if in_administration(request) else lifetime.in_portal
        return of_place(request)

    return {
        "session_left": SimpleLazyObject(left),
        "session_place": "administration" if in_administration(request) else "portal",
        "session_warning": int(limits.SESSION_WARNING.total_seconds()),
        "session_overall_warning": int(limits.SESSION_OVERALL_WARNING.total_seconds()),
    }
