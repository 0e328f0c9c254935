"""What counts as one network in the limits by network address."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from accounts import limits, rate_limits
from tests.pages import browser

REPORT = {"content_type": "application/csp-report"}


def test_ipv4_visitors_of_a_server_on_both_families_are_not_one_network() -> None:
    assert rate_limits.network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert rate_limits.network_of("::ffff:192.0.2.1") != rate_limits.network_of("::ffff:198.51.100.7")


def test_ipv4_visitors_of_an_ipv6_only_server_are_not_one_network() -> None:
    assert rate_limits.network_of("64:ff9b::c000:201") == "192.0.2.1"
    assert rate_limits.network_of("64:ff9b::c000:201") != rate_limits.network_of("64:ff9b::c633:6407")


@pytest.mark.django_db
def test_one_ipv6_network_has_one_share_of_the_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    monkeypatch.setattr(cache, "count", lambda key, *_period: counted.append(key) or counted.count(key))
    client = browser()
    address = "/csp-melding/"
    answers = [client.post(address, "{}", REMOTE_ADDR=f"2001:db8::{n + 1:x}", **REPORT).status_code for n in range(30)]
    assert answers.count(204) == limits.POLICY_REPORTS
    assert len(set(counted)) == 4  # of everybody, and of the networks of 64, 56 and 48 bits


@pytest.mark.django_db
def test_beyond_the_share_of_all_no_new_counter_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    monkeypatch.setattr(cache, "count", lambda key, *_period: counted.append(key) or counted.count(key))
    client = browser()
    for n in range(limits.POLICY_REPORTS_OF_ALL + 50):
        client.post("/csp-melding/", "{}", REMOTE_ADDR=f"2001:db8:{n + 1:x}::1", **REPORT)
    assert len(set(counted)) == 3 * limits.POLICY_REPORTS_OF_ALL + 1
