"""The decision about the second factor, as a pure function: facts in, decision out."""

from enum import Enum, StrEnum, auto
from typing import NamedTuple


class Vouched(StrEnum):
    """The authentication assurance (OpenID Connect acr, amr) of the provider when the session began."""

    NOT_ASKED = ""  # the session began with the password
    NOTHING = "nothing"  # no second factor was shown there, so ours is required
    AGREEMENT = "agreement"  # the organisation says that there always is one
    CLAIM = "claim"  # the token says that there was one


class Facts(NamedTuple):
    must_have: bool  # staff, or somebody whose organisation demands it today
    has_factor: bool  # a confirmed device exists
    is_verified: bool  # this session has shown one
    device_removed: bool  # this session has shown one that no longer counts
    set_up_only: bool = False  # this session began with a bridge code or the link of a reset instead of a device
    vouched: Vouched = Vouched.NOT_ASKED  # as far as it counts for this person
    is_staff: bool = False
    business_account_only: bool = False  # the organisation takes the business account only
    second_factor_at_provider: bool = False  # the second factor of this person is at the provider of the organisation
    outranks_organisation: bool = False  # over this person the organisation does not decide, nor does its provider
    must_use_passkey: bool = False  # a passkey is required of this person today
    by_passkey: bool = False  # the second factor that this session has shown is one
    by_recovery_code: bool = False  # or a recovery code
    has_passkey: bool = False
    has_room_for_passkey: bool = True  # fewer than the greatest number


class Decision(Enum):
    """What happens to a request of somebody who is signed in. END_…: the session ends."""

    ALLOW = auto()
    END_SESSION = auto()  # the session has not shown the second factor that the account has, or it was removed: it ends
    END_PASSWORD_SESSION = auto()  # the session began with a password, which no longer counts
    END_SESSION_WITHOUT_PROVIDER = auto()  # the session began with a password, and the second factor is at the provider
    END_PROVIDER_SESSION = auto()  # the session began at a provider, which is not enough for this person
    SET_UP = auto()  # nothing but the set-up
    ADD_PASSKEY = auto()  # nothing but adding a passkey
    REMOVE_PASSKEY = auto()  # nothing but removing one, because no more can be added
    SHOW_PASSKEY = auto()  # nothing but showing the passkey that the account has


def decide(facts: Facts) -> Decision:
    """May this session go on?"""
    if facts.business_account_only and facts.vouched is Vouched.NOT_ASKED:
        return Decision.END_PASSWORD_SESSION
    if facts.is_verified:
        return _with_passkey(facts)
    if is_enough(facts.vouched, is_staff=facts.is_staff):
        return Decision.ALLOW
    if facts.set_up_only:
        return _set_up(facts)
    if facts.has_factor or facts.device_removed:
        return Decision.END_SESSION
    if facts.second_factor_at_provider and facts.vouched is Vouched.NOT_ASKED:
        return Decision.END_SESSION_WITHOUT_PROVIDER  # before the set-up, which a thief could use
    if facts.outranks_organisation and facts.vouched is not Vouched.NOT_ASKED:
        return Decision.END_PROVIDER_SESSION  # whoever runs the provider would set up a second factor of their own
    return _set_up(facts) if facts.must_have or facts.vouched is not Vouched.NOT_ASKED else Decision.ALLOW


def _set_up(facts: Facts) -> Decision:
    """A passkey is a second factor too: whoever needs one sets up nothing else first."""
    return Decision.ADD_PASSKEY if facts.must_use_passkey else Decision.SET_UP


def _with_passkey(facts: Facts) -> Decision:
    """A session that showed a second factor, where a passkey may be required of the person.

    A code can be passed on to a thief by a false page, so it does not do where a passkey exists. A recovery code does:
    it is for when the devices are lost, and what it opens is only the page that adds another passkey, or makes room
    for it. Nor is one asked where a provider vouches for the session as well.
    """
    if not facts.must_use_passkey or facts.by_passkey or is_enough(facts.vouched, is_staff=facts.is_staff):
        return Decision.ALLOW
    if facts.has_passkey and not facts.by_recovery_code:
        return Decision.SHOW_PASSKEY
    return Decision.ADD_PASSKEY if facts.has_room_for_passkey else Decision.REMOVE_PASSKEY


def is_enough(vouched: Vouched, *, is_staff: bool) -> bool:
    """Does what the provider vouched for take the place of our code? Of staff only what a claim shows."""
    return vouched is Vouched.CLAIM or (vouched is Vouched.AGREEMENT and not is_staff)


def opens_administration(vouched: Vouched, *, is_verified: bool) -> bool:
    """Has this session shown a second factor, ours or one that a claim proves? An agreement is no proof."""
    return is_verified or vouched is Vouched.CLAIM
