"""The resolver against a real DNS server on loopback."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from accounts import limits
from accounts.sso.domains.resolver import DnsResolver, Failure, LookUpError
from tests.accounts.sso.domains.dns_server import ALIAS, Zone, serving

NAME = "_assetmaps.voorbeeld.nl"


def texts(zone: Zone, settings: object, name: str = NAME) -> list[str]:
    with serving(zone) as (address, _asked):
        settings.DNS_RESOLVERS = [address]
        return DnsResolver().texts(name)


def failure(zone: Zone, settings: object) -> Failure:
    with pytest.raises(LookUpError) as failed:
        texts(zone, settings)
    return failed.value.failure


def test_text_is_read(settings: object) -> None:
    assert texts({NAME: [[b"assetmaps-verificatie=abc"]]}, settings) == ["assetmaps-verificatie=abc"]


def test_every_one_of_several_texts_is_read(settings: object) -> None:
    zone: Zone = {NAME: [[b"v=spf1 -all"], [b"assetmaps-verificatie=abc"], [b"ms=1"]]}
    assert sorted(texts(zone, settings)) == ["assetmaps-verificatie=abc", "ms=1", "v=spf1 -all"]


def test_strings_of_one_text_are_joined_because_dns_pages_split_long_ones(settings: object) -> None:
    assert texts({NAME: [[b"assetmaps-verif", b"icatie=", b"abc"]]}, settings) == ["assetmaps-verificatie=abc"]


def test_alias_is_followed(settings: object) -> None:
    zone: Zone = {NAME: f"{ALIAS}bewijs.elders.nl", "bewijs.elders.nl": [[b"assetmaps-verificatie=abc"]]}
    assert texts(zone, settings) == ["assetmaps-verificatie=abc"]


def test_bytes_that_are_no_text_are_no_error(settings: object) -> None:
    assert texts({NAME: [[b"\xff\xfe\x00"]]}, settings) == ["��\x00"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("nxdomain", Failure.ABSENT),
        ("empty", Failure.ABSENT),
        ("servfail", Failure.SERVER),
        ("refused", Failure.SERVER),
        (f"{ALIAS}bestaat-niet.nl", Failure.ABSENT),
    ],
)
def test_failure_has_its_reason(settings: object, fault: str, expected: Failure) -> None:
    assert failure({NAME: fault}, settings) is expected


def test_server_that_says_nothing_is_given_up_in_time(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OUTSIDE_TIMEOUT", timedelta(seconds=1))
    began = time.monotonic()
    assert failure({NAME: "mute"}, settings) is Failure.TIMEOUT
    assert time.monotonic() - began < 2.5


def test_server_that_is_not_there_is_given_up_in_time(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OUTSIDE_TIMEOUT", timedelta(seconds=1))
    settings.DNS_RESOLVERS = ["127.0.0.1:1"]
    with pytest.raises(LookUpError) as failed:
        DnsResolver().texts(NAME)
    assert failed.value.failure in (Failure.TIMEOUT, Failure.SERVER)


def test_answer_too_large_for_one_packet_is_read_by_tcp(settings: object) -> None:
    many: Zone = {NAME: [[b"%04d" % number + b"x" * 200] for number in range(20)] + [[b"assetmaps-verificatie=abc"]]}
    assert "assetmaps-verificatie=abc" in texts(many, settings)


def test_huge_answer_proves_nothing(settings: object) -> None:
    too_many: Zone = {NAME: [[b"%d" % number] for number in range(limits.DNS_TEXTS + 1)]}
    assert failure(too_many, settings) is Failure.TOO_MUCH
    too_long: Zone = {NAME: [[b"%04d" % number + b"x" * 250, b"y" * 250] for number in range(50)]}
    assert failure(too_long, settings) is Failure.TOO_MUCH


def test_search_list_of_the_machine_is_not_tried(settings: object) -> None:
    with serving({NAME: "nxdomain"}) as (address, asked):
        settings.DNS_RESOLVERS = [address]
        with pytest.raises(LookUpError):
            DnsResolver().texts(NAME)
    assert set(asked) == {NAME}


@pytest.mark.parametrize("text", ["127.0.0.1", "[::1]:5353", "::1", "127.0.0.1:5353"])
def test_servers_are_written_with_and_without_a_port(settings: object, text: str) -> None:
    settings.DNS_RESOLVERS = [text]
    server = DnsResolver()._resolver.nameservers[0]
    assert (server.address, server.port) == (
        "::1" if "::" in text else "127.0.0.1",
        5353 if "5353" in text else 53,
    )


def test_domain_whose_servers_say_nothing_is_not_asked_again_at_once(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OUTSIDE_TIMEOUT", timedelta(seconds=0.5))
    other = "_assetmaps.anders.nl"
    with serving({NAME: "mute", other: [[b"x"]]}) as (address, asked):
        settings.DNS_RESOLVERS = [address]
        for _ in range(3):
            with pytest.raises(LookUpError) as failed:
                DnsResolver().texts(NAME)
            assert failed.value.failure is Failure.TIMEOUT
        tries = asked.count(NAME)
        assert DnsResolver().texts(other) == ["x"]
        assert asked.count(NAME) == tries <= 2


def test_answer_of_an_error_is_no_reason_to_wait(settings: object) -> None:
    """Somebody who corrects the record checks again at once."""
    assert failure({NAME: "servfail"}, settings) is Failure.SERVER
    assert texts({NAME: [[b"x"]]}, settings) == ["x"]
