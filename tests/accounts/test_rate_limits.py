"""Limits by network address: of one home line, one company, and a proxy that does not tell addresses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import count

import pytest
from django.core.cache import cache

from accounts import limits, rate_limits

LIMIT = 4
HOUR = timedelta(hours=1)
NEIGHBOUR = "2001:db8:1:200::1"  # another home line of the same company or provider


def spend(address: str | None, via: str = "") -> bool:
    return rate_limits.consume_by_network("test", address, via=via, limit=LIMIT, period=HOUR)


def allowed(addresses: Iterable[str | None], via: str = "") -> int:
    """How many attempts pass before the first that does not."""
    for number, address in enumerate(addresses):
        if not spend(address, via):
            return number
    raise AssertionError("there was no limit")


def in_network(bits: int) -> Iterable[str]:
    """Every time another network of 64 bits, inside one of so many bits."""
    return (f"2001:db8:1:{n:x}::1" if bits == 48 else f"2001:db8:1:1{n:02x}::1" for n in count() if n < 16**4)


@pytest.mark.parametrize(
    ("addresses", "most"),
    [
        (("203.0.113.7" for _ in count()), LIMIT),
        ((f"2001:db8:1:100::{n:x}" for n in count()), LIMIT),
        (in_network(56), LIMIT * limits.NETWORK_HOME),
        ((f"2001:db8:1:{n:x}00::1" for n in count()), LIMIT * limits.NETWORK_SITE),
        (in_network(48), LIMIT * limits.NETWORK_HOME),  # its first 256 are one line
        (("64:ff9b::203.0.113.7" for _ in count()), LIMIT),
    ],
)
def test_each_network_has_a_limit_however_large_it_is(addresses: Iterable[str], most: int) -> None:
    assert allowed(addresses) == most


def test_ipv4_addresses_count_each_for_themselves() -> None:
    # Behind one address there may be an office, and beside it somebody else's.
    assert all(spend(f"203.0.113.{n}") for n in range(200))


def test_one_network_does_not_use_up_what_its_neighbours_may_do() -> None:
    for _ in range(1000):
        spend("2001:db8:1:100::1")
    assert spend("2001:db8:1:101::1")
    assert spend(NEIGHBOUR)


def test_refused_by_the_larger_network_costs_the_smaller_one_nothing() -> None:
    assert allowed(in_network(56)) == LIMIT * limits.NETWORK_HOME
    for _ in range(50):
        assert not spend("2001:db8:1:1ff::1")
    cache.delete(rate_limits._key("test", "2001:db8:1:100::/56"))
    assert allowed("2001:db8:1:1ff::1" for _ in count()) == LIMIT


def test_what_is_given_back_is_given_back_at_every_level() -> None:
    for _ in range(1000):
        assert spend("2001:db8:1:100::1")
        rate_limits.refund_by_network("test", "2001:db8:1:100::1")
    for _ in range(1000):
        assert spend(None, "10.0.0.5")
        rate_limits.refund_by_network("test", None, via="10.0.0.5")


def test_unknown_address_has_a_wide_limit_for_each_proxy_and_never_none() -> None:
    assert allowed((None for _ in count()), "10.0.0.5") == LIMIT * limits.NETWORK_UNREADABLE
    assert spend(None, "10.0.0.6")
    assert spend("203.0.113.7", "10.0.0.5")
    assert allowed(None for _ in count()) == LIMIT * limits.NETWORK_UNREADABLE


def test_larger_networks_may_do_more_and_nobody_may_do_less_than_one() -> None:
    assert 1 < limits.NETWORK_HOME < limits.NETWORK_SITE < limits.NETWORK_UNREADABLE
