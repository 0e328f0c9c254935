"""Our key pair: what is made, and that its public forms belong to the private half."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from django.utils import timezone
from joserfc.jwk import ECKey, RSAKey

from accounts import limits
from accounts.sso.credentials import key_pairs
from accounts.sso.credentials.key_pairs import Kind


@pytest.fixture(params=list(Kind))
def pair(request: pytest.FixtureRequest) -> key_pairs.KeyPair:
    return key_pairs.make(request.param, "Mijn Assetmaps voorbeeld")


def test_key_id_is_the_thumbprint_by_which_entra_finds_the_certificate(pair: key_pairs.KeyPair) -> None:
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    assert pair.key_id == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert len(pair.key_id) <= 64


def test_certificate_and_jwk_hold_the_public_half_of_the_private_key(pair: key_pairs.KeyPair) -> None:
    private = load_pem_private_key(pair.private_key, None)
    [jwk] = json.loads(key_pairs.key_set(pair.certificate))["keys"]
    kind = RSAKey if jwk["kty"] == "RSA" else ECKey
    read = kind.import_key(jwk).public_key
    assert read.public_numbers() == private.public_key().public_numbers()
    assert x509.load_pem_x509_certificate(pair.certificate.encode()).public_key() == private.public_key()


def test_no_public_form_has_a_private_part(pair: key_pairs.KeyPair) -> None:
    [jwk] = json.loads(key_pairs.key_set(pair.certificate))["keys"]
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(jwk)
    assert "PRIVATE" not in pair.certificate
    assert jwk["kid"] == jwk["x5t#S256"] == pair.key_id
    assert jwk["use"] == "sig"


def test_jwk_of_an_rsa_key_has_no_leading_zeros() -> None:  # RFC 7518, sections 2 and 6.3.1
    [jwk] = json.loads(key_pairs.key_set(key_pairs.make(Kind.RSA, "x").certificate))["keys"]
    assert base64.urlsafe_b64decode(jwk["n"] + "==")[0] > 0
    assert jwk["e"] == "AQAB"


def test_certificate_is_signed_by_the_pair_and_holds_for_the_agreed_time(pair: key_pairs.KeyPair) -> None:
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    certificate.verify_directly_issued_by(certificate)
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc < now
    assert abs(certificate.not_valid_after_utc - now - limits.SSO_KEY_LIFE) < timedelta(minutes=1)
    assert key_pairs.expires_on(pair.certificate) == timezone.localdate(certificate.not_valid_after_utc)


# ASVS 11.2.3
def test_keys_are_long_enough() -> None:
    private = load_pem_private_key(key_pairs.make(Kind.RSA, "x").private_key, None)
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size == limits.SSO_KEY_BITS >= 3072
    curve = load_pem_private_key(key_pairs.make(Kind.EC, "x").private_key, None)
    assert isinstance(curve, ec.EllipticCurvePrivateKey)
    assert curve.curve.name == "secp256r1"


def test_every_pair_is_another() -> None:
    assert len({key_pairs.make(Kind.EC, "x").key_id for _time in range(5)}) == 5


def test_coordinates_keep_their_zeros_in_front() -> None:
    """Without them a strict provider would refuse about one key in 128."""
    for _time in range(40):
        [jwk] = json.loads(key_pairs.key_set(key_pairs.make(Kind.EC, "x").certificate))["keys"]
        assert len(jwk["x"]) == len(jwk["y"]) == 43


def test_what_the_private_half_signs_the_jwk_verifies() -> None:
    pair = key_pairs.make(Kind.RSA, "x")
    signature = load_pem_private_key(pair.private_key, None).sign(b"text", padding.PKCS1v15(), hashes.SHA256())
    [jwk] = json.loads(key_pairs.key_set(pair.certificate))["keys"]
    RSAKey.import_key(jwk).public_key.verify(signature, b"text", padding.PKCS1v15(), hashes.SHA256())


def test_long_name_of_an_organisation_fits_into_the_certificate() -> None:
    key_pairs.make(Kind.EC, "x" * 300)
