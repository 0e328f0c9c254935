"""Reading a real provider on loopback: right, wrong, slow, huge, private and absent."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from accounts import limits
from accounts.sso.inspection.findings import is_acceptable
from accounts.sso.inspection.reading import ProviderReader, inspect
from accounts.sso.provider import discovery, http
from tests.accounts.sso.provider import Handler, Provider

DOCUMENT = "/.well-known/openid-configuration"


def names(provider: Provider, issuer: str = "") -> set[str]:
    return {finding.name for finding in inspect(ProviderReader(), issuer or provider.issuer, "client_secret_basic")}


def answering(content: Any, status: int = 200, **headers: str) -> Any:
    return lambda handler: handler.send(content, status, **headers)


def test_good_provider_is_read_with_its_keys(provider: Provider) -> None:
    found = inspect(ProviderReader(), provider.issuer, "client_secret_basic")
    assert is_acceptable(found)
    assert "keys" in {finding.name for finding in found}
    assert provider.paths == [DOCUMENT, "/keys"]


def test_what_was_read_is_what_sign_ins_go_by_from_then_on(provider: Provider) -> None:
    discovery.metadata_for(http.inquiry(provider.issuer))
    provider.description = {"token_endpoint": f"{provider.issuer}/token-elders"}
    names(provider)
    assert discovery.metadata_for(http.inquiry(provider.issuer)).token_endpoint.endswith("/token-elders")


def test_faulty_document_takes_the_place_of_none_that_sign_ins_use(provider: Provider) -> None:
    before = discovery.metadata_for(http.inquiry(provider.issuer))
    provider.description = {"issuer": "https://anders.nl"}
    assert "issuer_differs" in names(provider)
    assert discovery.metadata_for(http.inquiry(provider.issuer)) == before


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answering(b"<html>"), "no_document"),
        (answering([]), "no_document"),
        (answering({}, 404), "no_document"),
        (answering({}, 500), "no_document"),
        (answering({}, 302, Location="http://127.0.0.1/"), "no_document"),
        (answering(b"x" * 600_000), "no_document"),
        (answering({}), "issuer_differs"),
    ],
)
def test_strange_answer_is_a_finding(provider: Provider, answer: Any, expected: str) -> None:
    provider.answers[DOCUMENT] = answer
    assert expected in names(provider)


def test_keys_that_cannot_be_used_are_a_finding(provider: Provider) -> None:
    provider.keys = []
    assert "keys_wrong" in names(provider)


def test_provider_that_is_gone_is_a_finding(provider: Provider, settings: object) -> None:
    settings.SSO_ALLOWED_PRIVATE_ADDRESSES = ["127.0.0.1:1"]
    assert names(provider, "http://127.0.0.1:1") == {"unreachable"}


def test_slow_provider_is_given_up_in_time(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OUTSIDE_TIMEOUT", timedelta(seconds=0.5))

    def sleep(handler: Handler) -> None:
        time.sleep(2)

    provider.answers[DOCUMENT] = sleep
    began = time.monotonic()
    assert names(provider) == {"unreachable"}
    assert time.monotonic() - began < 1.5


# ASVS 13.2.4
@pytest.mark.parametrize(
    "issuer",
    ["https://127.0.0.1", "https://localhost", "https://[::1]", "https://169.254.169.254/latest", "https://10.0.0.1"],
)
def test_address_of_our_own_network_is_not_asked(provider: Provider, issuer: str) -> None:
    assert names(provider, issuer) == {"not_public"}


def test_endpoint_in_our_own_network_is_a_finding_and_is_not_asked(provider: Provider) -> None:
    provider.description = {"jwks_uri": "https://localhost:1/keys"}
    assert "endpoint_unsafe" in names(provider)
    assert provider.paths == [DOCUMENT]


def test_endpoint_whose_name_leads_nowhere_is_a_finding(provider: Provider) -> None:
    provider.description = {"token_endpoint": "https://bestaat-niet.invalid/token"}
    assert "endpoint_unsafe" in names(provider)


def test_cache_that_is_out_of_order_does_no_harm(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache._connections["default"], "set", broken)
    assert is_acceptable(inspect(ProviderReader(), provider.issuer, "client_secret_basic"))
