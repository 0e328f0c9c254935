"""The decision about the second step, as a pure function: facts in, decision out."""

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True)
class Facts:
    must_have: bool  # staff, or somebody whose organisation demands it today
    has_factor: bool  # a confirmed device exists
    is_verified: bool  # this session has shown one
    device_gone: bool  # this session has shown one that no longer counts
    set_up_only: bool = False  # this session began with a bridge code or the link of a reset instead of a device


class Decision(Enum):
    ALLOW = auto()
    CLOSE = auto()  # the session has not shown the second step that the account has, or it was removed: it ends
    SET_UP = auto()  # nothing but the set-up


def decide(facts: Facts) -> Decision:
    """May this session go on?"""
    if facts.is_verified:
        return Decision.ALLOW
    if facts.set_up_only:
        return Decision.SET_UP
    if facts.has_factor or facts.device_gone:
        return Decision.CLOSE
    return Decision.SET_UP if facts.must_have else Decision.ALLOW
