"""A provider with wrong metadata or keys for a minute: sign-ins fail no longer than that minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import limits
from accounts.sso.provider import discovery, http, keys
from tests.accounts.sso.browsing import come_back, connect, employee, entry, leave, led_to
from tests.accounts.sso.provider import Handler, Provider, public_jwk, signed
from tests.clock import later
from tests.conftest import browser

pytestmark = pytest.mark.django_db
DOCUMENT = "/.well-known/openid-configuration"


@pytest.fixture
def signs_in(provider: Provider) -> Callable[..., bool]:
    """Does a whole sign-in in a new browser succeed?"""
    connection = connect(provider)
    employee(connection)

    def way(between: Callable[[], Any] = lambda: None) -> bool:
        client = browser()
        started = client.post(entry(connection))
        if started.status_code != 200:
            return False
        answer = provider.sign_in(led_to(started))
        between()
        return bool(come_back(client, connection, answer).status_code == 302)

    return way


WRONG_DOCUMENTS: dict[str, Callable[[Handler], None]] = {
    "HTML with status 200": lambda handler: handler.send(b"<html>Onderhoud</html>", Content_Type="text/html"),
    "empty": lambda handler: handler.send(b""),
    "half of it": lambda handler: handler.send(b'{"issuer": "https://'),
    "a redirect": lambda handler: handler.send({}, 302, Location="/onderhoud"),
    "packed": lambda handler: handler.send(b"x", Content_Encoding="gzip"),
    "status 500": lambda handler: handler.send({}, 500),
    "another issuer": lambda handler: handler.send(handler.provider.document() | {"issuer": "https://anders.nl"}),
    "no keys": lambda handler: handler.send(handler.provider.document() | {"jwks_uri": None}),
    "plain http": lambda handler: handler.send(handler.provider.document() | {"token_endpoint": "http://anders.nl/"}),
}


@pytest.mark.parametrize("fault", WRONG_DOCUMENTS)
def test_description_that_is_wrong_is_not_kept(fault: str, provider: Provider, signs_in: Callable[..., bool]) -> None:
    provider.answers[DOCUMENT] = WRONG_DOCUMENTS[fault]
    assert not signs_in()
    provider.answers.clear()
    assert signs_in()


def elsewhere(**changes: Any) -> Callable[[Provider], dict[str, Any]]:
    return lambda provider: {name: f"{provider.issuer}{path}" for name, path in changes.items()}


# What is right as a document and wrong in what it says: only use shows it.
MISLEADING: dict[str, Callable[[Provider], dict[str, Any]]] = {
    "token endpoint that is none": elsewhere(token_endpoint="/elders"),
    "keys that are none": elsewhere(jwks_uri="/elders"),
    "algorithm that it does not use": lambda provider: {"id_token_signing_alg_values_supported": ["ES256"]},
    "says that it names itself and does not": lambda provider: {},
}


@pytest.mark.parametrize("fault", MISLEADING)
def test_kept_description_that_misleads_is_asked_for_anew_before_somebody_is_refused(
    fault: str, provider: Provider, signs_in: Callable[..., bool]
) -> None:
    discovery.store(provider.issuer, provider.document() | MISLEADING[fault](provider), is_proven=True)
    assert signs_in()
    assert provider.paths.count(DOCUMENT) == (0 if fault.startswith("says") else 1)


def test_answer_without_a_name_is_judged_by_the_description_as_it_is_now(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    discovery.store(provider.issuer, provider.document(), is_proven=True)
    provider.description = {"authorization_response_iss_parameter_supported": False}
    answer = provider.sign_in(leave(client, connection))
    del answer["iss"]
    assert come_back(client, connection, answer).url == "/"


def test_wrong_authorisation_endpoint_leads_astray_for_a_minute_and_not_for_an_hour(
    client: Client, provider: Provider
) -> None:
    """Nobody comes back from there to tell."""
    connection = connect(provider)
    provider.description = {"authorization_endpoint": f"{provider.issuer}/dwaalspoor"}
    assert "/dwaalspoor?" in leave(client, connection)
    provider.description = {}
    with later(limits.SSO_UNPROVED + timedelta(seconds=1)):
        assert "/dwaalspoor?" not in leave(client, connection)


def test_description_with_which_a_sign_in_succeeded_is_kept_for_an_hour(
    provider: Provider, signs_in: Callable[..., bool]
) -> None:
    assert signs_in()
    provider.asked.clear()
    with later(limits.SSO_METADATA - timedelta(seconds=30)):
        assert signs_in()
    assert provider.paths == ["/token"]
    with later(limits.SSO_METADATA + timedelta(seconds=30)):
        assert signs_in()
    assert DOCUMENT in provider.paths


def test_description_is_asked_for_anew_once_in_a_while_only(provider: Provider, signs_in: Callable[..., bool]) -> None:
    assert signs_in()
    provider.answers["/token"] = lambda handler: handler.send({"error": "invalid_client"}, 401)
    provider.asked.clear()
    assert not any(signs_in() for _ in range(4))
    assert provider.paths.count(DOCUMENT) == 1


def test_description_of_another_version_of_the_program_is_read_anew(
    provider: Provider, signs_in: Callable[..., bool]
) -> None:
    discovery.store(provider.issuer, {"issuer": provider.issuer})
    assert signs_in()


# Keys. ---------------------------------------------------------------------------------------------------------------

BROKEN: list[Any] = [
    {"kty": "RSA", "kid": "kapot", "n": "!!", "e": "AQAB"},
    {"kty": "RSA", "kid": "leeg"},
    {"kty": "EC", "kid": "kromme", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "EC", "kid": "onbekend", "crv": "P-999", "x": "AA", "y": "AA"},
    {"kty": "OKP", "kid": "nieuw", "crv": "Ed25519", "x": "AA"},
    {"kty": "oct", "kid": "geheim", "k": "AAAA"},
    {"kty": ["RSA"], "kid": "lijst"},
    public_jwk("short") | {"kid": "kort"},
    public_jwk("first") | {"kid": 1, "n": {"a": 1}},
    1,
    None,
]
WRONG_KEYS: dict[str, Callable[[Handler], None]] = {
    "HTML with status 200": lambda handler: handler.send(b"<html>Onderhoud</html>"),
    "empty set": lambda handler: handler.send({"keys": []}),
    "no set": lambda handler: handler.send({}),
    "nothing that can be used": lambda handler: handler.send({"keys": BROKEN}),
    "status 500": lambda handler: handler.send({}, 500),
    "keys of another": lambda handler: handler.send({"keys": [public_jwk("stranger")]}),
    "another key by the same name": lambda handler: handler.send({"keys": [public_jwk("stranger") | {"kid": "first"}]}),
}


@pytest.mark.parametrize("fault", WRONG_KEYS)
def test_keys_that_are_wrong_keep_nobody_out_afterwards(
    fault: str, provider: Provider, signs_in: Callable[..., bool]
) -> None:
    provider.answers["/keys"] = WRONG_KEYS[fault]
    assert not signs_in()
    provider.answers.clear()
    with later(limits.SSO_KEYS_AGAIN + timedelta(seconds=1)):
        assert signs_in()


@pytest.mark.parametrize("fault", ["keys of another", "another key by the same name"])
def test_kept_keys_that_do_not_fit_are_asked_for_anew_before_somebody_is_refused(
    fault: str, provider: Provider, signs_in: Callable[..., bool]
) -> None:
    provider.keys = [public_jwk("stranger") | ({"kid": "first"} if "same name" in fault else {})]
    inquiry = http.inquiry(provider.issuer)
    keys.fetch_and_cache(discovery.metadata_for(inquiry), inquiry)
    provider.keys = [public_jwk("first")]
    assert signs_in()


def test_broken_key_among_good_ones_harms_nobody(provider: Provider, signs_in: Callable[..., bool]) -> None:
    provider.keys = [*BROKEN, public_jwk("first")]
    assert signs_in()


@pytest.mark.parametrize("order", [1, -1])
def test_of_keys_with_one_name_each_is_tried(order: int, provider: Provider, signs_in: Callable[..., bool]) -> None:
    provider.keys = [public_jwk("stranger") | {"kid": "first"}, public_jwk("first")][::order]
    assert signs_in()


def test_kind_of_key_tells_two_with_one_name_apart(provider: Provider, signs_in: Callable[..., bool]) -> None:
    provider.keys = [public_jwk("curve", "ES256") | {"kid": "first"}, public_jwk("first")]
    assert signs_in()


def test_endless_set_is_read_as_far_as_is_agreed(provider: Provider, signs_in: Callable[..., bool]) -> None:
    provider.keys = [public_jwk("first")] + [public_jwk("first") | {"kid": str(n)} for n in range(limits.SSO_KEYS + 5)]
    assert signs_in()
    inquiry = http.inquiry(provider.issuer)
    metadata = discovery.metadata_for(inquiry)
    assert keys.matching(metadata, str(limits.SSO_KEYS - 2), "RS256", inquiry)
    assert not keys.matching(metadata, str(limits.SSO_KEYS), "RS256", inquiry)


def test_enormous_key_is_not_used() -> None:
    """Verifying takes time that grows with its length."""
    enormous = public_jwk("first") | {"n": "_" * 3000}
    assert keys._imported(enormous) is None
    assert keys._imported(public_jwk("first")) is not None


def test_cache_that_was_emptied_costs_two_requests_more(provider: Provider, signs_in: Callable[..., bool]) -> None:
    assert signs_in()
    provider.asked.clear()
    assert signs_in(between=cache.clear)
    assert provider.paths == [DOCUMENT, "/token", "/keys"]


def test_token_with_a_wrong_signature_asks_for_keys_once_in_a_while_only(
    provider: Provider, signs_in: Callable[..., bool]
) -> None:
    provider.twist = lambda header, claims: signed(header, claims, "stranger")
    assert not any(signs_in() for _ in range(4))
    assert provider.paths.count("/keys") == 2
