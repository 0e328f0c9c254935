"""What the decision about the second factor is made of: the facts of one request of somebody who is signed in."""

from __future__ import annotations

from django.http import HttpRequest

from accounts import limits, policy
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import store
from accounts.http_requests import REQUIREMENT, person
from accounts.models import User
from accounts.organisations import rank, sign_in_policy
from accounts.policy import Vouched
from accounts.two_factor import devices
from accounts.two_factor.models import Passkey, RecoveryCodeSet
from accounts.two_factor.passkeys import rp

HAD_DEVICE = "accounts.had_device"  # where a request keeps whether its session named a device
VOUCHED = "accounts.vouched"  # and what the provider vouched for, as far as that counts


def of(request: HttpRequest) -> policy.Facts:
    """All that `policy.decide` asks. What is no column read with the session is asked only where it matters."""
    user = person(request)
    verified = user.is_verified()
    vouched = store.vouched(request.session) if verified else counted(request)
    enough = verified or policy.is_enough(vouched, is_staff=user.is_staff)
    mine, shown = devices.factors_read_with(request.session, user), sessions.shown_kind(request)
    must_use_passkey = (
        (verified or not enough)
        and shown != Passkey.kind
        and rp.can_have_passkeys()
        and sign_in_policy.must_use_passkey(_owner(request), request.session)
    )
    return policy.Facts(
        must_have=not enough and (user.is_staff or must_use_passkey or _must_have(request)),
        must_use_passkey=must_use_passkey,
        by_passkey=shown == Passkey.kind,
        by_recovery_code=shown == RecoveryCodeSet.kind,
        has_passkey=bool(mine.passkeys),
        has_room_for_passkey=len(mine.passkeys) < limits.PASSKEYS,
        has_factor=enough or mine.has_factor,
        is_verified=verified,
        device_removed=request.META[HAD_DEVICE] and not verified,
        set_up_only=sessions.SET_UP_ONLY in request.session,
        vouched=counted(request) if must_use_passkey else vouched,  # it decides whether the passkey is asked
        is_staff=user.is_staff,
        business_account_only=not vouched and sign_in_policy.must_use_business_account(_owner(request)),
        second_factor_at_provider=not (verified or vouched) and _is_second_factor_at_provider(request),
        outranks_organisation=not verified and vouched is Vouched.NOTHING and _outranks_organisation(request),
    )


def counted(request: HttpRequest) -> Vouched:
    """What the provider that opened this session vouched for, as far as it decides over the person. Kept, because of
    staff it asks the database, and the administration asks several times."""
    found: Vouched | None = request.META.get(VOUCHED)
    if found is None:
        request.META[VOUCHED] = found = rank.accepted(store.vouched(request.session), _owner(request))
    return found


def _owner(request: HttpRequest) -> User:
    """The person, where possible as read with the membership."""
    return store.person_of(request.session) or person(request)


def _must_have(request: HttpRequest) -> bool:
    """Does the organisation require a second factor today? Kept, because the pages that announce it would ask the
    database again."""
    membership = getattr(store.person_of(request.session), "membership", None)
    demand = sign_in_policy.requirement_of(membership.organisation if membership else None)
    request.META[REQUIREMENT] = demand
    return sign_in_policy.is_in_force(demand)


def _is_second_factor_at_provider(request: HttpRequest) -> bool:
    if not store.may_be_vouched_for(request.session, person(request)):
        return False
    return sign_in_policy.has_second_factor_at_provider(_owner(request))


def _outranks_organisation(request: HttpRequest) -> bool:
    """Not where the password was shown too: both together do."""
    owner = store.person_of(request.session)
    if owner is None or request.session.get(store.PASSWORD_TOO):
        return False
    return not rank.organisation_decides_over(owner)
