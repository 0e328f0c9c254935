"""A browser with an authenticator, in software, for tests of passkeys.

Beneath it is Yubico's `fido2`, not the library that the portal judges with: two readers of one standard. An honest
device refuses what a browser refuses, such as an RP id that does not belong to the origin. `Twist` makes it lie.
"""

from __future__ import annotations

import html
import json
import os
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from django.test import Client
from fido2 import cbor
from fido2.client import DefaultClientDataCollector
from fido2.cose import ES256, ES384, ES512, RS256, CoseKey, Ed448, EdDSA, UnsupportedKey
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AuthenticatorData,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialRequestOptions,
)

ORIGIN = "https://mijn.assetmaps.nl"
RP_ID = "mijn.assetmaps.nl"
FLAG = AuthenticatorData.FLAG
PRESENT_AND_VERIFIED = FLAG.UP | FLAG.UV
SYNCED = FLAG.BE | FLAG.BS


@dataclass(frozen=True)
class Twist:
    """How a browser or authenticator departs from what is right; empty for an honest one.

    ``flags``: instead of its own, without AT; ``client_data``: members changed or added; ``credential``: members of
    the JSON changed or added, dotted names for those of ``response``, a function for what is made of the right one;
    ``key``: signs instead of the right key; ``statement``: format and statement of the attestation; ``after``: bytes
    behind the authenticator data; ``raw``: the attestation object, changed as a whole.
    """

    rp_id: str = ""
    flags: int | None = None
    counter: int | None = None
    client_data: Mapping[str, Any] = field(default_factory=dict)
    client_data_bytes: Callable[[bytes], bytes] = bytes
    credential: Mapping[str, Any] = field(default_factory=dict)
    key: Any = None
    cose: Callable[[dict[int, Any]], Any] = dict
    statement: tuple[str, Mapping[str, Any]] = ("none", {})
    after: bytes = b""
    raw: Callable[[bytes], bytes] = bytes


HONEST = Twist()
DELETE = object()  # as a value in `Twist.credential` or `Twist.client_data`: the member is left out


@dataclass
class Credential:
    """One passkey in a device. ``counter``: of signatures; None for a device that never counts, as synced ones do."""

    id: bytes
    rp_id: str
    user_handle: bytes
    key: Any
    algorithm: int
    counter: int | None = None


@dataclass
class Device:
    """A phone, a laptop or a security key, and the browser on it.

    ``algorithm``: the one it can; ``own_flags``: besides AT; ``counts``: does it count signatures.
    """

    origin: str = ORIGIN
    algorithm: int = ES256.ALGORITHM
    own_flags: int = PRESENT_AND_VERIFIED | SYNCED
    counts: bool = False
    aaguid: Aaguid = Aaguid.NONE
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: Mapping[str, Any], twist: Twist = HONEST, as_id: bytes = b"") -> dict[str, Any]:
        """`navigator.credentials.create`, and `toJSON` of what it gives. ``as_id``: the id to take, as a copy has."""
        wanted = PublicKeyCredentialCreationOptions.from_dict(options)
        client_data, rp_id = self._client_data(wanted, twist)
        excluded = {bytes(known.id) for known in wanted.exclude_credentials or ()}
        if any(mine.id in excluded for mine in self.credentials):
            raise AlreadyThereError
        algorithms = [one.alg for one in wanted.pub_key_cred_params]
        if self.algorithm not in algorithms and twist is HONEST:
            raise NoAlgorithmError
        key = twist.key or new_key(self.algorithm)
        mine = Credential(
            as_id or os.urandom(32), rp_id, wanted.user.id, key, self.algorithm, 0 if self.counts else None
        )
        self.credentials.append(mine)
        public = cbor.encode(twist.cose(dict(cose_of(key, self.algorithm))))
        attested = bytes(self.aaguid) + struct.pack(">H", len(mine.id)) + mine.id + public
        data = self._authenticator_data(mine, twist, attested)
        statement = dict(zip(("fmt", "attStmt"), twist.statement, strict=True))
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "attestationObject": websafe_encode(twist.raw(cbor.encode(statement | {"authData": data}))),
            "authenticatorData": websafe_encode(data),
            "publicKeyAlgorithm": self.algorithm,
            "transports": ["internal", "hybrid"],
        }
        return _as_json(mine, response, {"credProps": {"rk": True}}, twist)

    def get(
        self, options: Mapping[str, Any], twist: Twist = HONEST, credential: Credential | None = None
    ) -> dict[str, Any]:
        """`navigator.credentials.get`, and `toJSON` of what it gives. ``credential``: which one the person chooses,
        whether the page allows it or not."""
        wanted = PublicKeyCredentialRequestOptions.from_dict(options)
        client_data, rp_id = self._client_data(wanted, twist)
        mine = credential or self._allowed(wanted, rp_id)
        if mine.counter is not None:
            mine.counter += 1
        data = self._authenticator_data(mine, twist)
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(sign(twist.key or mine.key, mine.algorithm, data + sha256(client_data))),
            "userHandle": websafe_encode(mine.user_handle),
        }
        return _as_json(mine, response, {}, twist)

    def _allowed(self, wanted: PublicKeyCredentialRequestOptions, rp_id: str) -> Credential:
        allowed = {bytes(one.id) for one in wanted.allow_credentials or ()}
        mine = [one for one in self.credentials if one.rp_id == rp_id and (not allowed or one.id in allowed)]
        if not mine:
            raise NothingAllowedError
        return mine[-1]

    def _client_data(
        self, wanted: PublicKeyCredentialCreationOptions | PublicKeyCredentialRequestOptions, twist: Twist
    ) -> tuple[bytes, str]:
        collected, rp_id = DefaultClientDataCollector(self.origin).collect_client_data(wanted)
        members = _changed(json.loads(bytes(collected)), twist.client_data)
        return twist.client_data_bytes(json.dumps(members, separators=(",", ":")).encode()), rp_id

    def _authenticator_data(self, mine: Credential, twist: Twist, attested: bytes = b"") -> bytes:
        flags = self.own_flags if twist.flags is None else twist.flags
        counter = (mine.counter or 0) if twist.counter is None else twist.counter
        rp_id_hash = sha256((twist.rp_id or mine.rp_id).encode())
        head = struct.pack(">BI", flags | (FLAG.AT if attested else 0), counter)
        return rp_id_hash + head + attested + twist.after


class AlreadyThereError(Exception):
    """InvalidStateError of the browser: this device has a passkey of `excludeCredentials`."""


class NoAlgorithmError(Exception):
    """NotSupportedError of the browser: none of the algorithms is known to the device."""


class NothingAllowedError(Exception):
    """NotAllowedError of the browser: the device has no passkey for this page."""


def _changed(members: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    changed = {name: change(members[name]) if callable(change) else change for name, change in changes.items()}
    return {name: value for name, value in (members | changed).items() if value is not DELETE}


def _as_json(mine: Credential, response: dict[str, Any], extensions: dict[str, Any], twist: Twist) -> dict[str, Any]:
    inside = {name.partition(".")[2]: value for name, value in twist.credential.items() if "." in name}
    outside = {name: value for name, value in twist.credential.items() if "." not in name}
    return _changed(
        {
            "id": websafe_encode(mine.id),
            "rawId": websafe_encode(mine.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": extensions,
            "response": _changed(response, inside),
        },
        outside,
    )


def new_key(algorithm: int) -> Any:
    """A private key for this COSE algorithm."""
    curves = {ES256.ALGORITHM: ec.SECP256R1, ES384.ALGORITHM: ec.SECP384R1, ES512.ALGORITHM: ec.SECP521R1}
    if algorithm in curves:
        return ec.generate_private_key(curves[algorithm]())
    if algorithm == RS256.ALGORITHM:
        return _RSA_KEY
    return ed448.Ed448PrivateKey.generate() if algorithm == Ed448.ALGORITHM else ed25519.Ed25519PrivateKey.generate()


_RSA_KEY = rsa.generate_private_key(65537, 2048)  # one for all tests: making it takes a tenth of a second


def cose_of(key: Any, algorithm: int) -> CoseKey:
    """The public key as the authenticator tells it."""
    kind = CoseKey.for_alg(algorithm)
    return (
        EdDSA.from_cryptography_key(key.public_key())
        if kind is UnsupportedKey
        else kind.from_cryptography_key(key.public_key())
    )


def sign(key: Any, algorithm: int, message: bytes) -> bytes:
    """The signature as WebAuthn writes it: DER for elliptic curves."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        digest = {ES384.ALGORITHM: hashes.SHA384, ES512.ALGORITHM: hashes.SHA512}.get(algorithm, hashes.SHA256)
        return key.sign(message, ec.ECDSA(digest()))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message)


# What the page carries, and what is posted back.

_FORM = re.compile(r"<form\b[^>]*\bdata-passkey=[^>]*>.*?</form>", re.DOTALL)
_ATTRIBUTE = re.compile(r'\b(data-passkey|data-options|action)="([^"]*)"')
_HIDDEN = re.compile(r'<input\b[^>]*\bname="ceremony"[^>]*>')
_VALUE = re.compile(r'\bvalue="([^"]*)"')


@dataclass(frozen=True)
class Ceremony:
    """``kind``: create or get; ``options``: as the page gives them to the browser; ``token``: the sealed ceremony."""

    kind: str
    options: dict[str, Any]
    token: str
    address: str

    def posted(self, credential: object) -> dict[str, str]:
        """The fields of the form. ``credential``: a text as it is, anything else as JSON."""
        as_text = credential if isinstance(credential, str) else json.dumps(credential)
        return {"ceremony": self.token, "credential": as_text}


def ceremony_on(client: Client, address: str) -> Ceremony:
    """The ceremony in the form of the page at this address."""
    answer = client.get(address)
    found = ceremony_in(answer.content.decode(), address)
    assert found, f"no form with a passkey on {address} (status {answer.status_code})"
    return found


def ceremony_in(page: str, address: str) -> Ceremony | None:
    """The ceremony in the form of this page, which was read at this address; None without one."""
    found = _FORM.search(page)
    if not found:
        return None
    attributes = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(found[0].split(">")[0])}
    hidden = _HIDDEN.search(found[0])
    assert hidden, "no field “ceremony” in the form"
    token = html.unescape(_VALUE.search(hidden[0])[1])
    options = json.loads(attributes["data-options"])
    return Ceremony(attributes["data-passkey"], options, token, attributes.get("action") or address)


def ceremony_of_sign_in(client: Client) -> Ceremony:
    """The ceremony that the script of the sign-in page asks for."""
    answer = client.get("/inloggen/met-passkey/opties/")
    assert answer.status_code == 200
    told = answer.json()
    return Ceremony("get", told["options"], told["ceremony"], "/inloggen/met-passkey/")
