"""Every way in which servers and proxies write an IP address."""

from __future__ import annotations

import pytest

from accounts import ip_addresses

READ = {
    "203.0.113.7": "203.0.113.7",
    " 203.0.113.7\t": "203.0.113.7",
    "203.0.113.7:51008": "203.0.113.7",
    '"203.0.113.7:51008"': "203.0.113.7",
    "2001:db8::1": "2001:db8::1",
    "2001:DB8:0:0::1": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    "[2001:db8::1]:443": "2001:db8::1",
    '"[2001:db8::1]:443"': "2001:db8::1",
    "2001:db8:1:2:3:4:5:6:443": "2001:db8:1:2:3:4:5:6",
    "2001:db8::1:51008": "2001:db8::1",  # five digits are no part of an address
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%25eth0]:443": "fe80::1",
    "::ffff:203.0.113.7": "203.0.113.7",
    "::ffff:cb00:7107": "203.0.113.7",
    "[::ffff:203.0.113.7]:443": "203.0.113.7",
    "::ffff:203.0.113.7:51008": "203.0.113.7",
    "64:ff9b::cb00:7107": "203.0.113.7",
}
UNREADABLE = [
    "",
    " ",
    "-",
    "unknown",
    "unix:",
    "_hidden",
    "203.0.113",
    "203.0.113.256",
    "0203.0.113.7",
    "203.0.113.7:",
    "203.0.113.7:http",
    "203.0.113.7:123456",
    "203.0.113.7:51008:1",
    "203.0.113.7;51008",
    "[203.0.113.7]",
    "[2001:db8::1",
    "2001:db8::1]:443",
    "[]:443",
    "[[2001:db8::1]]",
    "0.0.0.0",
    "::",
    "::ffff:0.0.0.0",
    "3405803783",
    "203.0.113.7 198.51.100.1",
    "203.0.113.7\x00",
    "٢٠٣.0.113.7",
    "for=203.0.113.7",
    "voorbeeld.nl",
    "2001:db8::1" + " " * 200,
    "1:" * 5000,
]


@pytest.mark.parametrize(("text", "address"), READ.items())
def test_address_is_read_in_every_form_that_proxies_send(text: str, address: str) -> None:
    assert str(ip_addresses.parse(text)) == address


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_address_is_none(text: str) -> None:
    assert ip_addresses.parse(text) is None
