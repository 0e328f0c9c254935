"""The decision about the second step, as a pure function: facts in, decision out."""

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True)
class Facts:
    is_staff: bool
    has_factor: bool  # a confirmed device exists
    is_verified: bool  # this session has shown one
    device_gone: bool  # this session has shown one that no longer counts


class Decision(Enum):
    ALLOW = auto()
    CLOSE = auto()  # the session has not shown the second step that the account has, or it was removed: it ends
    SET_UP = auto()  # nothing but the set-up


def decide(facts: Facts, *, administration: bool) -> Decision:
    """May this session go on? ``administration``: the page belongs to the admin site, which staff enter verified."""
    if facts.is_verified:
        return Decision.ALLOW
    if facts.has_factor or facts.device_gone:
        return Decision.CLOSE
    if administration and facts.is_staff:
        return Decision.SET_UP
    return Decision.ALLOW
