"""Rate limits of the public back-channel logout URL: a stranger cannot use up the allowance of the provider."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounts import limits
from accounts.sso.backchannel import KNOWN_NETWORK
from accounts.sso.models import Connection
from accounts.sso.provider import discovery, http, keys, metadata_cache
from tests.accounts.sso.browsing import connect, employee, entry, signed_in_there
from tests.accounts.sso.provider import CLIENT_ID, LOGOUT, Provider, public_jwk, signed
from tests.conftest import browser
from tests.pages import is_signed_in

pytestmark = pytest.mark.django_db
OWN = "198.51.100.7"  # the provider's


def tell(connection: Connection, token: str, network: str = "203.0.113.9", **options: Any) -> Any:
    address = f"{entry(connection)}backchannel-logout/"
    return browser().post(address, {"logout_token": token}, REMOTE_ADDR=network, **options)


def junk(provider: Provider, number: int = 0, **changes: Any) -> str:
    """Signed by nobody; all else is as it must be, as far as a stranger can know."""
    now = int(time.time())
    claims = {"iss": provider.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": str(number), "sid": "x"}
    header = {"alg": "RS256", "kid": "first", "typ": "logout+jwt"} | changes.pop("header", {})
    return signed(header, claims | {"events": {LOGOUT: {}}} | changes, "stranger")


def networks(count: int) -> list[str]:
    return [f"203.0.113.{number}" for number in range(1, count + 1)]


IMPOSSIBLE: dict[str, Any] = {
    "no token": "",
    "three words": "een.twee.drie",
    "other issuer": {"iss": "https://kwaad.nl"},
    "issuer with a slash": {"iss": "https://kwaad.nl/"},
    "no issuer": {"iss": None},
    "other audience": {"aud": "een-ander"},
    "long ago": {"iat": 1, "exp": 2},
    "ID token": {"header": {"typ": "JWT"}},
    "no signature": {"header": {"alg": "none"}},
    "no event": {"events": {}},
    "nonce": {"nonce": "x"},
    "nobody": {"sid": None},
    "no number": {"jti": ""},
    "half of a sign": {"sid": "\ud800"},
}


@pytest.mark.parametrize("fault", IMPOSSIBLE)
def test_what_cannot_be_right_asks_nobody(fault: str, provider: Provider) -> None:
    connection = connect(provider)
    made = IMPOSSIBLE[fault]
    assert tell(connection, made if isinstance(made, str) else junk(provider, **made)).status_code == 400
    assert provider.asked == []


def test_body_that_is_larger_than_a_token_is_not_read(provider: Provider) -> None:
    connection = connect(provider)
    padded = {"logout_token": provider.logout_token(sid="a"), "rest": "x" * limits.SSO_LONGEST_TOKEN}
    answer = browser().post(f"{entry(connection)}backchannel-logout/", padded)
    assert answer.status_code == 400
    assert provider.asked == []


@pytest.mark.parametrize("length", ["-1", "x", "9" * 40, "²"])
def test_length_that_is_none_is_no_error(length: str, provider: Provider) -> None:
    connection = connect(provider)
    assert tell(connection, junk(provider), CONTENT_LENGTH=length).status_code in (400, 413)


# By network. ---------------------------------------------------------------------------------------------------------


def test_network_that_sends_junk_is_told_to_wait_and_no_other(provider: Provider) -> None:
    connection = connect(provider)
    stranger, neighbour = networks(2)
    answers = [tell(connection, "een.twee.drie", stranger) for _ in range(limits.SSO_LOGOUT_NETWORK + 3)]
    assert [one.status_code for one in answers] == [400] * limits.SSO_LOGOUT_NETWORK + [429] * 3
    assert answers[-1].headers["Retry-After"] == "60"
    assert tell(connection, provider.logout_token(sid="a"), stranger).status_code == 429
    assert tell(connection, provider.logout_token(sid="a"), neighbour).status_code == 200


def test_junk_for_one_organisation_closes_nothing_for_another(provider: Provider, second_provider: Provider) -> None:
    mine, other = connect(provider), connect(second_provider)
    for _ in range(limits.SSO_LOGOUT_NETWORK + 1):
        tell(other, "een.twee.drie", OWN)
    assert tell(mine, provider.logout_token(sid="a"), OWN).status_code == 200


def test_waiting_network_costs_one_query(provider: Provider) -> None:
    connection = connect(provider)
    for _ in range(limits.SSO_LOGOUT_NETWORK + 1):
        tell(connection, "een.twee.drie")
    with CaptureQueriesContext(
        database,
    ) as queries:
        assert tell(connection, "een.twee.drie").status_code == 429
    assert len(queries) == 1


def test_log_tells_once_that_a_network_is_not_looked_at(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    connection = connect(provider)
    for _ in range(limits.SSO_LOGOUT_NETWORK + 10):
        tell(connection, "een.twee.drie")
    lines = [one.getMessage() for one in caplog.records if one.name == "accounts.sso.connections"]
    assert sum("too_often" in line for line in lines) == 1
    assert len(lines) == limits.SSO_LOGOUT_NETWORK + 1


def test_right_tokens_are_not_counted(provider: Provider) -> None:
    """At six in the evening a provider ends everybody's session."""
    connection = connect(provider)
    for number in range(limits.SSO_LOGOUT_ORGANISATION + 5):
        assert tell(connection, provider.logout_token(sid=str(number)), OWN).status_code == 200


# By organisation. ----------------------------------------------------------------------------------------------------


def test_junk_of_many_networks_keeps_no_right_token_out(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    here = signed_in_there(provider, connection, sid="a")
    for number, network in enumerate(networks(limits.SSO_LOGOUT_ORGANISATION + 5)):
        assert tell(connection, junk(provider, number), network).status_code == 400
    assert tell(connection, provider.logout_token(sid="a"), OWN).status_code == 200
    assert not is_signed_in(here)


def test_names_of_keys_that_strangers_make_up_ask_the_provider_once_in_a_while(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    signed_in_there(provider, connection)
    provider.asked.clear()
    for number, network in enumerate(networks(limits.SSO_LOGOUT_ORGANISATION + 20)):
        tell(connection, junk(provider, number, header={"kid": f"verzonnen-{number}"}), network)
    assert sorted(provider.paths) == ["/.well-known/openid-configuration", "/keys"]


def test_keys_that_the_provider_changed_meanwhile_are_asked_for_all_the_same(provider: Provider) -> None:
    """For its own network, known by a right token before, and for whoever signs in."""
    connection = connect(provider)
    employee(connection)
    assert tell(connection, provider.logout_token(sid="a"), OWN).status_code == 200
    for number, network in enumerate(networks(limits.SSO_LOGOUT_ORGANISATION + 5)):
        tell(connection, junk(provider, number, header={"kid": "verzonnen"}), network)
    provider.keys, provider.signs_with = [public_jwk("second")], "second"
    assert tell(connection, provider.logout_token(sid="b"), OWN).status_code == 200


def test_sign_in_has_an_allowance_of_its_own_to_ask_for_keys(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    inquiry = http.inquiry(provider.issuer)
    keys.fetch_and_cache(discovery.metadata_for(inquiry), inquiry)
    tell(connection, junk(provider, header={"kid": "verzonnen"}))
    provider.keys, provider.signs_with = [public_jwk("second")], "second"
    assert is_signed_in(signed_in_there(provider, connection))


def test_silent_provider_holds_the_sender_of_a_good_looking_token_only_once(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(provider)
    provider.answers["/.well-known/openid-configuration"] = lambda handler: handler.send({}, 503)
    for number in range(5):
        assert tell(connection, junk(provider, number)).status_code == 400
    assert len(provider.asked) == 1


def test_kept_keys_serve_a_sign_out_while_the_provider_is_down(provider: Provider) -> None:
    """It may reach us although we cannot reach it."""
    connection = connect(provider)
    employee(connection)
    here = signed_in_there(provider, connection, sid="a")
    with http.PROVIDERS.asking(provider.issuer) as turn:
        turn.fail()
    assert tell(connection, provider.logout_token(sid="a"), OWN).status_code == 200
    assert not is_signed_in(here)


def test_addresses_that_are_not_known_have_a_wide_limit_together(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SSO_LOGOUT_NETWORK", 1)
    connection = connect(provider)
    statuses = [tell(connection, "x", "").status_code for _ in range(limits.NETWORK_UNREADABLE + 2)]
    assert statuses == [400] * limits.NETWORK_UNREADABLE + [429] * 2
    assert tell(connection, "x", OWN).status_code == 400


def test_one_right_token_makes_no_address_known_that_is_not_told(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    signed_in_there(provider, connection, sid="a")
    assert tell(connection, provider.logout_token(sid="a"), "").status_code == 200
    assert metadata_cache.get(KNOWN_NETWORK, connection.issuer, "") is None


def test_network_of_a_home_line_has_twice_the_limit(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SSO_LOGOUT_NETWORK", 1)
    connection = connect(provider)
    statuses = [tell(connection, "x", f"2001:db8:0:1{n:02x}::1").status_code for n in range(limits.NETWORK_HOME + 1)]
    assert statuses == [400] * limits.NETWORK_HOME + [429]
