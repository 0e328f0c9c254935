"""How often something may be asked for, counted in the cache, which all processes share (`CACHE_URL`).

For mail that somebody can make us send to somebody else, and for attempts from one network. Attempts at one account are
counted elsewhere, in the database.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Protocol, cast

from django.core.cache import cache

from accounts import ip_addresses, limits, metrics

IPV6_NETWORK, IPV6_HOME, IPV6_SITE = 64, 56, 48  # bits: one network, what a home line has, what a company has


def _key(what: str, subject: str) -> str:
    return f"quota:{what}:{hashlib.sha256(subject.encode()).hexdigest()}"


class Counters(Protocol):
    """What a cache of ours does beside Django's methods; `assetmaps.caches`."""

    def count(self, key: str, seconds: int, by: int = 1) -> int: ...


def consume(what: str, subject: str, *, limit: int, period: timedelta) -> bool:
    """Count one more, and say whether that is still within the limit. The period begins at the first.

    While the shared cache is out of order each process counts by itself, to the same limit.
    """
    is_within = _count(what, subject, period) <= limit
    if not is_within and metrics.recorder:
        metrics.recorder.over_limit(what)
    return is_within


def refund(what: str, subject: str) -> None:
    """Take one off again: it turned out not to count."""
    _count(what, subject, limits.NETWORK_PERIOD, by=-1)


def _count(what: str, subject: str, period: timedelta, by: int = 1) -> int:
    return cast(Counters, cache).count(_key(what, subject), int(period.total_seconds()), by)


def forget(what: str, subject: str) -> bool:
    """Begin this count anew. Was there one?"""
    return cache.delete(_key(what, subject))


def consume_by_network(
    what: str, address: str | None, *, via: str = "", limit: int, period: timedelta, window: str = ""
) -> bool:
    """Count one more from this address, for its network and the larger ones around it; is each within its limit?

    ``limit``: of one network; the larger ones may do a multiple. ``via``: who handed the request over without an
    address, see `Origin`; all of these together have a wide limit, never none. ``window``: begins all counts anew
    when it changes. What is refused spends nothing at the other levels, so one network cannot use up its neighbours'.
    """
    spent: list[str] = []
    for network, times in _networks(address, via):
        subject = f"{network} {window}" if window else network
        if not consume(what, subject, limit=limit * times, period=period):
            for smaller in spent:
                refund(what, smaller)
            return False
        spent.append(subject)
    return True


def refund_by_network(what: str, address: str | None, *, via: str = "", window: str = "") -> None:
    """Take one off again at every level: it turned out not to count."""
    for network, _times in _networks(address, via):
        refund(what, f"{network} {window}" if window else network)


def network_of(address: str | None) -> str:
    """What counts as one network address; empty when the address is not known."""
    return _networks(address, "")[0][0] if address is not None else ""


def home_network_of(address: str | None) -> str:
    """The network that one home line has; empty when the address is not known."""
    ip = ip_addresses.parse(address or "")
    if ip is None:
        return ""
    return str(ip) if ip.version == 4 else ip_addresses.network(ip, IPV6_HOME)


def _networks(address: str | None, via: str) -> list[tuple[str, int]]:
    """Each network to count for, the smallest first, and how many times the limit of one network it may do."""
    ip = ip_addresses.parse(address or "")
    if ip is None:
        return [(f"no address, by {via}", limits.NETWORK_UNREADABLE)]
    if ip.version == 4:
        return [(str(ip), 1)]
    levels = ((IPV6_NETWORK, 1), (IPV6_HOME, limits.NETWORK_HOME), (IPV6_SITE, limits.NETWORK_SITE))
    return [(ip_addresses.network(ip, bits), times) for bits, times in levels]
