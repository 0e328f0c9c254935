"""Our key pair for one provider, and its public key as JSON Web Key Set and certificate (RFC 7517, RFC 5280)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import limits


class Kind(models.TextChoices):
    RSA = "rsa", _("RSA, 3072 bits: every provider knows it, and Entra ID takes no other")
    EC = "ec", _("EC, P-256: shorter, for providers that know ES256")


@dataclass(frozen=True)
class KeyPair:
    """``private_key``: PKCS #8 PEM; ``certificate``: PEM, self-signed; ``key_id``: SHA-256 thumbprint."""

    private_key: bytes
    certificate: str
    key_id: str


def make(kind: Kind, name: str) -> KeyPair:
    """A new pair. Entra ID takes the public key as a certificate; valid for `limits.SSO_KEY_LIFE` from yesterday, as
    clocks differ."""
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if kind is Kind.RSA:
        key = rsa.generate_private_key(public_exponent=65537, key_size=limits.SSO_KEY_BITS)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + limits.SSO_KEY_LIFE)
    )
    certificate = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(private, certificate.public_bytes(Encoding.PEM).decode(), _thumbprint(certificate))


def _thumbprint(certificate: x509.Certificate) -> str:
    """``x5t#S256`` (RFC 7515 section 4.1.8): Entra ID finds the certificate by it; used as key id everywhere."""
    return _base64url(certificate.fingerprint(hashes.SHA256()))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def expires_on(pem: str) -> date:
    """The expiry date in our time zone, as displayed and counted."""
    return timezone.localdate(x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc)


def key_set(pem: str) -> str:
    """The public key as a JSON Web Key Set (RFC 7517 section 5)."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    thumbprint = _thumbprint(certificate)
    key = {"kid": thumbprint, "use": "sig", "x5t#S256": thumbprint} | _public_part(certificate)
    return json.dumps({"keys": [key]}, indent=2)


def _public_part(certificate: x509.Certificate) -> dict[str, str]:
    public = certificate.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise TypeError("`make` makes no other kind")
    point = public.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}


def _number(value: int, size: int = 0) -> str:
    """Base64url of the big-endian number; ``size`` in bytes, for coordinates, which keep leading zeros."""
    return _base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))
