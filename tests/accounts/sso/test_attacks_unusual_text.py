"""Lone surrogates and NUL characters, valid in JSON but not storable, give a page and no server error."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.sso.identities import groups_of
from accounts.sso.inspection.findings import Finding
from accounts.sso.models import Connection
from tests.accounts.sso.browsing import connect, domain, employee, entry, sign_in_there, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.conftest import browser

pytestmark = pytest.mark.django_db
HALF = "\ud800"
NEW = {"sub": "nieuw", "email": "nieuw@bewezen.nl"}


@pytest.mark.parametrize(
    "claims",
    [
        {"sid": HALF},
        {"nonce": HALF},
        {"amr": ["mfa", HALF]},
        {HALF: "x"},
        NEW | {"given_name": HALF},
        NEW | {"groups": [HALF]},
        NEW | {"email": f"{HALF}@bewezen.nl"},
    ],
)
def test_half_a_sign_in_a_token_is_refused(client: Client, provider: Provider, claims: dict[str, Any]) -> None:
    connection = connect(provider, make_on_arrival=True, group_claim="groups")
    domain(connection, "bewezen.nl")
    employee(connection)
    assert sign_in_there(client, provider, connection, **claims).status_code == 400
    connection.refresh_from_db()
    assert connection.failure == "malformed"


@pytest.mark.parametrize("claims", [{"sid": HALF}, {"sid": "a", "jti": HALF}])
def test_half_a_sign_in_a_logout_token_is_refused(provider: Provider, claims: dict[str, Any]) -> None:
    connection = connect(provider)
    values = {"logout_token": provider.logout_token(**claims)}
    assert browser().post(f"{entry(connection)}backchannel-logout/", values).status_code == 400


def test_half_a_sign_in_a_description_stops_before_anybody_is_sent_there(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    provider.description = {"authorization_endpoint": f"https://login.voorbeeld.nl/{HALF}"}
    assert client.post(entry(connection)).status_code == 400


def test_half_a_sign_in_the_address_to_sign_out_is_told(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    client = signed_in_there(provider, connection)
    provider.description = {"end_session_endpoint": f"https://login.voorbeeld.nl/{HALF}"}
    cache.clear()
    client.post("/uitloggen/")
    assert client.post("/uitgelogd/").url == "/uitgelogd/"


def test_zero_byte_reaches_no_database() -> None:
    connection = Connection(group_claim="groups")
    assert groups_of(connection, {"groups": ["a", "b\x00"]}) == ["a"]
    assert Finding("issuer_differs", "a\x00b").stored() == ["issuer_differs", "a b"]
