"""Mail domains as people paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.sso.connections import domain_of
from accounts.sso.domains.names import LONGEST, DomainRefusedError, Flaw, is_public, normalise, readable


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("voorbeeld.nl", "voorbeeld.nl"),
        ("  VoorBeeld.NL. ", "voorbeeld.nl"),
        ("@voorbeeld.nl", "voorbeeld.nl"),
        ("iemand@post.voorbeeld.nl", "post.voorbeeld.nl"),
        ("gemeente-één.nl", "xn--gemeente-n-j7aa.nl"),
        ("xn--gemeente-n-j7aa.nl", "xn--gemeente-n-j7aa.nl"),
        ("ｖｏｏｒｂｅｅｌｄ。ｎｌ", "voorbeeld.nl"),
    ],
)
def test_domain_is_stored_in_one_way(typed: str, stored: str) -> None:
    assert normalise(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", ".", "nl", "localhost", "a..nl", "-a.nl", "a_b.nl", "a b.nl", "https://voorbeeld.nl", "voorbeeld.nl/",
        "192.0.2.1", "1.2.3.4.5", "::1", "[192.0.2.1]", "voorbeeld.nl:25", "*.voorbeeld.nl", "a" * 64 + ".nl",
        "xn--a.nl", "a.\x00nl", "a\n.nl", "\u202evoorbeeld.nl", ".".join(["a" * 60] * 4) + ".nl",
    ],
)  # fmt: skip
def test_what_is_no_domain_is_refused(typed: str) -> None:
    with pytest.raises(DomainRefusedError) as refused:
        normalise(typed)
    assert refused.value.flaw is Flaw.NOT_A_DOMAIN


@pytest.mark.parametrize(
    "typed",
    ["gmail.com", "GMAIL.com", "outlook.com", "ziggo.nl", "kpnmail.nl", "klant.xs4all.nl", "contoso.onmicrosoft.com"],
)
def test_domain_where_anybody_gets_an_address_is_refused(typed: str) -> None:
    with pytest.raises(DomainRefusedError) as refused:
        normalise(typed)
    assert refused.value.flaw is Flaw.PUBLIC


def test_name_that_only_ends_alike_is_not_public() -> None:
    assert not is_public("nietgmail.com")
    assert not is_public("gmail.com.voorbeeld.nl")


def test_look_alike_letter_makes_another_domain() -> None:
    assert normalise("vооrbeeld.nl") != "voorbeeld.nl"  # with Cyrillic letters
    assert normalise("vооrbeeld.nl").startswith("xn--")


def test_international_domain_is_shown_as_people_write_it() -> None:
    assert readable("xn--gemeente-n-j7aa.nl") == "gemeente-één.nl"
    assert readable("xn--a.nl") == "xn--a.nl"


@given(st.text(max_size=300))
def test_any_text_is_a_domain_or_is_refused(typed: str) -> None:
    try:
        stored = normalise(typed)
    except DomainRefusedError:
        return
    assert stored == normalise(stored)
    assert stored.isascii()
    assert len(stored) <= LONGEST


@given(st.text(alphabet="aAéß.-ｎ。xl1", min_size=3, max_size=20))
def test_sign_in_finds_a_domain_as_the_set_up_stores_it(typed: str) -> None:
    """Two packages store a domain; an address would match none if they wrote it differently."""
    try:
        assert domain_of(f"iemand@{typed}") == normalise(typed)
    except DomainRefusedError:
        return
