"""How the portal authenticates to the provider (OpenID Connect Core section 9; RFC 7523)."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.test import Client

from accounts.sso.models import ClientProof, Connection
from tests.accounts.sso.browsing import connect, employee, sign_in_there
from tests.accounts.sso.provider import CLIENT_ID, CLIENT_SECRET, Provider, ec_key, rsa_key, unb64
from tests.pages import is_signed_in

pytestmark = pytest.mark.django_db


def with_key_pair(provider: Provider, key: Any) -> Connection:
    connection = connect(provider, client_proof=ClientProof.KEY_PAIR, key_id="vingerafdruk")
    connection.set_private_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    connection.set_secret("")
    connection.save()
    employee(connection)
    return connection


def parts(assertion: str) -> tuple[dict, dict]:
    return tuple(json.loads(unb64(part)) for part in assertion.split(".")[:2])


def test_secret_goes_in_the_header_encoded_as_in_a_form(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    sign_in_there(client, provider, connection)
    assert is_signed_in(client)  # the provider compared the secret, which has signs that need encoding
    [asked] = [one for one in provider.asked if one.path == "/token"]
    assert "client_secret" not in asked.form
    assert CLIENT_SECRET not in base64.b64decode(asked.headers["Authorization"].split()[1]).decode()


@pytest.mark.parametrize("kind", ["RS256", "ES256"])
def test_key_pair_signs_an_assertion_of_a_minute(client: Client, provider: Provider, kind: str) -> None:
    key = rsa_key("ours") if kind == "RS256" else ec_key("ours")
    connection = with_key_pair(provider, key)
    seen: list[str] = []

    def accepts(assertion: str) -> bool:
        seen.append(assertion)
        text, _dot, signature = assertion.rpartition(".")
        made = unb64(signature)
        if kind == "RS256":
            key.public_key().verify(made, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        else:
            halves = (int.from_bytes(made[:32], "big"), int.from_bytes(made[32:], "big"))
            key.public_key().verify(encode_dss_signature(*halves), text.encode(), ec.ECDSA(hashes.SHA256()))
        return True

    provider.accepts = accepts
    sign_in_there(client, provider, connection)
    assert is_signed_in(client)
    header, claims = parts(seen[0])
    assert (header["alg"], header["kid"], header["x5t#S256"]) == (kind, "vingerafdruk", "vingerafdruk")
    assert (claims["iss"], claims["sub"], claims["aud"]) == (CLIENT_ID, CLIENT_ID, f"{provider.issuer}/token")
    assert claims["exp"] - claims["iat"] <= 60
    assert abs(claims["iat"] - time.time()) < 10
    assert len(claims["jti"]) >= 22
    [asked] = [one for one in provider.asked if one.path == "/token"]
    assert "Authorization" not in asked.headers
    assert asked.form["client_id"] == CLIENT_ID


def test_assertions_differ_each_time(provider: Provider, client: Client) -> None:
    connection = with_key_pair(provider, rsa_key("ours"))
    seen: list[str] = []
    provider.accepts = lambda assertion: not seen.append(assertion)
    for _ in range(2):
        sign_in_there(client, provider, connection)
        client.post("/uitloggen/")
    assert len({parts(one)[1]["jti"] for one in seen}) == 2


@pytest.mark.parametrize("pem", [b"rommel", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b""])
def test_key_that_is_none_is_our_fault(pem: bytes, client: Client, provider: Provider) -> None:
    connection = with_key_pair(provider, rsa_key("ours"))
    connection.set_private_key(pem)
    connection.save()
    assert sign_in_there(client, provider, connection).status_code == 400
    assert Connection.objects.get().failure == "our_secret"
    assert "/token" not in provider.paths


def test_secret_of_another_organisation_cannot_be_used(client: Client, provider: Provider) -> None:
    """Sealed secrets are bound to their organisation: copied to another row they are worthless."""
    first, second = connect(provider), connect(provider)
    employee(second)
    Connection.objects.filter(pk=second.pk).update(sealed_secret=bytes(first.sealed_secret))
    assert sign_in_there(client, provider, second).status_code == 400
    assert Connection.objects.get(pk=second.pk).failure == "unreadable"
