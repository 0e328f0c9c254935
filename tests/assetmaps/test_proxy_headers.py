"""Whom the program takes for the visitor, and which scheme for the visitor's, behind any row of proxies."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from accounts.audit.origin import Origin
from assetmaps import proxy_headers
from assetmaps.proxy_headers import PEER, Peer

TRUSTED = ["10.0.0.5", "10.1.0.0/16", "2001:db8:aaaa::/48", "127.0.0.1"]


def seen(remote: str, trusted: list[str] | None = None, *, scheme: str = "http", **headers: str) -> Any:
    """The request as the program gets it; its `META` is what a server with these headers hands over."""
    kept: dict[str, Any] = {}
    environ = RequestFactory().get("/").environ | {"REMOTE_ADDR": remote, "wsgi.url_scheme": scheme}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    application = proxy_headers.apply(
        lambda environ, start: kept.update(environ) or [], TRUSTED if trusted is None else trusted
    )
    list(application(environ, lambda *answer: None))
    request = RequestFactory().get("/")
    request.META, request.environ = kept, kept
    return request


def address(forwarded: str, remote: str = "10.0.0.5") -> str | None:
    return Origin.of(seen(remote, x_forwarded_for=forwarded)).address


@pytest.mark.parametrize(
    ("forwarded", "visitor"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:51008", "203.0.113.7"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),  # the left one was written by the visitor
        ("10.0.0.5,203.0.113.7", "203.0.113.7"),  # and so may name a proxy of ours
        ("unknown, 203.0.113.7", "203.0.113.7"),
        (",,203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("203.0.113.7, 10.1.2.3:80, [2001:db8:aaaa::9]:443", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, ::ffff:10.1.2.3", "203.0.113.7"),
        ("10.1.0.9, 10.1.2.3", "10.1.0.9"),  # begun by a machine of ours
        (", ".join(["198.51.100.1"] * 5000 + ["203.0.113.7"]), "203.0.113.7"),
        (", ".join(["203.0.113.7"] + ["10.1.2.3"] * 9), "203.0.113.7"),
    ],
)
def test_visitor_is_the_first_from_the_right_that_is_no_proxy_of_ours(forwarded: str, visitor: str) -> None:
    request = seen("10.0.0.5", x_forwarded_for=forwarded)
    assert Origin.of(request) == Origin(visitor)
    assert request.META["REMOTE_ADDR"] == visitor


@pytest.mark.parametrize(
    "remote", ["::ffff:10.0.0.5", "::ffff:a00:5", "10.0.0.5", "10.1.255.255", "2001:db8:aaaa:1::1"]
)
def test_proxy_is_known_in_every_form_of_its_address(remote: str) -> None:
    assert address("203.0.113.7", remote) == "203.0.113.7"


def test_network_of_proxies_may_be_written_as_ipv4_inside_ipv6() -> None:
    request = seen("10.0.0.9", ["::ffff:10.0.0.0/120"], x_forwarded_for="203.0.113.7")
    assert Origin.of(request).address == "203.0.113.7"


TOO_MANY = ", ".join(["203.0.113.7"] + ["10.1.2.3"] * 11)
UNREADABLE = ["", " ", "unknown", "_hidden", "unix:", "203.0.113.7,", "198.51.100.1, -", "203.0.113.7;51008", TOO_MANY]


@pytest.mark.parametrize("forwarded", UNREADABLE)
def test_unreadable_address_is_nobody_elses_and_not_the_visitors_own_words(forwarded: str) -> None:
    # Left of the part that cannot be read a visitor may have written an address.
    origin = Origin.of(seen("10.0.0.5", x_forwarded_for=forwarded))
    assert origin.address is None
    assert origin.via in ("10.0.0.5", "10.1.2.3")


def test_unreadable_address_counts_for_the_proxy_that_wrote_it() -> None:
    assert Origin.of(seen("10.0.0.5", x_forwarded_for="unknown, 10.1.2.3")).via == "10.1.2.3"
    assert Origin.of(seen("10.0.0.5", x_forwarded_for="10.1.2.3, unknown")).via == "10.0.0.5"


def test_fault_is_told_to_the_operator_only_where_there_is_one() -> None:
    assert "sends no X-Forwarded-For" in seen("10.0.0.5").META[PEER].fault
    assert "'unknown'" in seen("10.0.0.5", x_forwarded_for="unknown").META[PEER].fault
    forgotten = seen("10.0.0.5", x_forwarded_for="203.0.113.7, 10.9.9.9").META[PEER].hint
    assert forgotten.startswith("10.9.9.9 handed a request on for somebody else and is not in TRUSTED_PROXIES.")
    assert seen("10.0.0.5", x_forwarded_for="203.0.113.7").META[PEER] == Peer("10.0.0.5", True)
    assert seen("203.0.113.9", x_forwarded_for="onzin").META[PEER].fault == "", (
        "a stranger's words are no fault of ours"
    )


def test_stranger_is_believed_nothing() -> None:
    request = seen("203.0.113.9", x_forwarded_for="198.51.100.1", x_forwarded_proto="https", x_real_ip="198.51.100.1")
    assert Origin.of(request) == Origin("203.0.113.9")
    assert not request.is_secure()


def test_other_headers_are_not_read() -> None:
    others = {"forwarded": "for=198.51.100.1;proto=https", "x_real_ip": "198.51.100.1", "x_forwarded_ssl": "on"}
    request = seen("10.0.0.5", **others, x_forwarded_for="203.0.113.7", x_forwarded_host="evil.example")
    assert Origin.of(request).address == "203.0.113.7"
    assert not request.is_secure()
    assert request.get_host() == "testserver"


@pytest.mark.parametrize("remote", ["", "unix", "/run/portal.sock", "@"])
def test_socket_without_an_address_is_this_machine(remote: str) -> None:
    assert address("203.0.113.7", remote) == "203.0.113.7"
    stranger = Origin.of(seen(remote, ["10.0.0.5"], x_forwarded_for="203.0.113.7"))
    assert (stranger.address, stranger.via) == (None, "a socket of this machine")


@pytest.mark.parametrize(
    ("forwarded", "proto", "is_https"),
    [
        ("203.0.113.7", "https", True),
        ("203.0.113.7", "HTTPS", True),
        ("203.0.113.7", " https ", True),
        ("203.0.113.7", '"https"', True),
        ("203.0.113.7", "https,https", True),
        ("203.0.113.7", "https,", True),
        ("203.0.113.7", "http, https", True),  # the nearest proxy writes last
        ("203.0.113.7", "https, http", False),
        ("203.0.113.7, 10.1.2.3", "https, http", True),  # two proxies: https to the first, http between them
        ("203.0.113.7, 10.1.2.3", "http, https", False),
        ("203.0.113.7, 10.1.2.3", "https", True),
        ("", "https", True),
        ("unknown", "https", True),
        ("203.0.113.7", "", False),
        ("203.0.113.7", "on", False),
        ("203.0.113.7", "httpss", False),
        ("203.0.113.7", "x" * 50_000 + ",https", True),
    ],
)
def test_scheme_is_what_the_nearest_proxy_to_the_visitor_said(forwarded: str, proto: str, is_https: bool) -> None:
    assert seen("10.0.0.5", x_forwarded_for=forwarded, x_forwarded_proto=proto).is_secure() is is_https


def test_proxy_that_encrypts_again_may_say_that_its_visitor_did_not() -> None:
    assert seen("10.0.0.5", scheme="https", x_forwarded_for="203.0.113.7").is_secure()
    assert not seen("10.0.0.5", scheme="https", x_forwarded_for="203.0.113.7", x_forwarded_proto="http").is_secure()


def test_name_of_a_machine_is_no_proxy() -> None:
    with pytest.raises(ValueError, match="proxy"):
        proxy_headers.Proxies(["proxy.voorbeeld.nl"])
