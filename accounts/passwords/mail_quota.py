"""How many links for a new password go to one address, and are asked for from one network."""

from __future__ import annotations

from enum import Enum, auto

from accounts import limits, rate_limits
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.models import User


class MailLimit(Enum):
    """Whose limit of mails is used up, if any."""

    WITHIN = auto()
    NETWORK = auto()
    ADDRESS = auto()


def check(address: str, origin: Origin) -> MailLimit:
    """Counted by what was typed, so that known and unknown addresses are treated alike."""
    period = limits.RESET_MAILS_PERIOD
    limit, where = limits.RESET_MAILS_NETWORK, origin.address
    if not rate_limits.consume_by_network("reset-mails-from", where, via=origin.via, limit=limit, period=period):
        return MailLimit.NETWORK  # and one network cannot fill the cache with counters either
    is_within = rate_limits.consume("reset-mails-to", address, limit=limits.RESET_MAILS, period=period)
    return MailLimit.WITHIN if is_within else MailLimit.ADDRESS


def record_refused(limit_reached: MailLimit, user: User | None, address: str, origin: Origin) -> None:
    """Once an hour. What the network's quota refuses is about nobody: there is no end to the addresses typed."""
    about, typed = (user, address) if limit_reached is MailLimit.ADDRESS else (None, "")
    cause: dict[str, str | int] = {"cause": "too many"}
    event = Event.PASSWORD_LINK_SENT
    record_aggregated(event, subject=about, origin=origin, detail=cause, single_entries=1, typed_address=typed)
