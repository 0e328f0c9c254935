"""How passkeys are judged, at every door, by the answers of devices that are right and of devices that lie.

The device is `tests.passkeys_client`, which is built on another library than the portal's own reading.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fido2 import cbor
from fido2.cose import ES256, ES384, RS256, Ed448, EdDSA
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import Passkey
from tests.conftest import prove
from tests.factories import UserFactory
from tests.pages import is_signed_in
from tests.passkey_doors import (
    ADD,
    ALERT,
    DOORS,
    SECOND_FACTOR,
    WHOLE_SIGN_IN,
    Door,
    at_every_door,
    enter,
    person_in,
    present,
    register,
    signed_in_anew,
)
from tests.passkeys_client import (
    DELETE,
    FLAG,
    SYNCED,
    AlreadyThereError,
    Device,
    Twist,
    ceremony_on,
    cose_of,
    new_key,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


@pytest.fixture
def device(person: User) -> Device:
    """The phone of the person, with a passkey."""
    phone = Device()
    register(person, phone)
    assert Passkey.objects.filter(user=person).count() == 1
    return phone


# Registration: who may add what.

KNOWN_MANAGER = Aaguid.parse("bada5566-a7aa-401f-bd96-45619a55120d")
TRUE_DEVICES = {
    "phone whose passkeys are synced": Device(),
    "laptop that keeps them": Device(own_flags=FLAG.UP | FLAG.UV),
    "eligible, not backed up yet": Device(own_flags=FLAG.UP | FLAG.UV | FLAG.BE),
    "security key that counts": Device(own_flags=FLAG.UP | FLAG.UV, counts=True),
    "Windows Hello, which knows RSA only": Device(algorithm=RS256.ALGORITHM),
    "security key with EdDSA": Device(algorithm=EdDSA.ALGORITHM),
    "password manager": Device(aaguid=KNOWN_MANAGER),
}


@pytest.mark.parametrize("name", TRUE_DEVICES)
def test_every_kind_of_device_is_added_and_opens_every_door(person: User, name: str) -> None:
    kind = TRUE_DEVICES[name]
    device = Device(algorithm=kind.algorithm, own_flags=kind.own_flags, counts=kind.counts, aaguid=kind.aaguid)
    register(person, device)
    stored = Passkey.objects.get(user=person)
    assert bytes(stored.credential_id) == device.credentials[0].id
    assert (stored.backup_eligible, stored.backed_up) == (
        bool(kind.own_flags & FLAG.BE),
        bool(kind.own_flags & FLAG.BS),
    )
    for count, door in enumerate(DOORS, start=1):
        assert door.is_open(enter(person, device, door)), door
        stored.refresh_from_db()
        assert stored.sign_count == (count if kind.counts else 0)


def test_options_ask_for_what_the_contract_says(person: User, device: Device) -> None:
    client = signed_in_anew(person)
    prove(client)
    create = ceremony_on(client, ADD).options
    assert create["rp"]["id"] == "mijn.assetmaps.nl"
    assert create["attestation"] == "none"
    assert create["authenticatorSelection"]["userVerification"] == "required"
    assert create["authenticatorSelection"]["residentKey"] == "required"
    assert len(websafe_decode(create["challenge"])) >= 32
    assert person.email not in websafe_decode(create["user"]["id"]).decode("latin-1")
    assert [one["id"] for one in create["excludeCredentials"]] == [websafe_encode(device.credentials[0].id)]
    _client, get = WHOLE_SIGN_IN.begin(person)
    assert not get.options.get("allowCredentials")
    assert get.options["userVerification"] == "required"
    _client, second = SECOND_FACTOR.begin(person)
    assert [one["id"] for one in second.options["allowCredentials"]] == [websafe_encode(device.credentials[0].id)]


def test_device_is_added_once(person: User, device: Device) -> None:
    with pytest.raises(AlreadyThereError):
        register(person, device)


def _off_curve(key: dict[int, Any]) -> dict[int, Any]:
    return key | {-3: bytes(31) + b"\x05"}


def _raw(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def changed(raw: bytes) -> bytes:
        return cbor.encode(change(dict(cbor.decode(raw))))

    return changed


def _without_credential(attestation: dict[str, Any]) -> dict[str, Any]:
    head = bytearray(attestation["authData"][:37])
    head[32] &= ~FLAG.AT
    return attestation | {"authData": bytes(head)}


def _with_long_id(attestation: dict[str, Any]) -> dict[str, Any]:
    data = attestation["authData"]
    return attestation | {"authData": data[:53] + (2000).to_bytes(2, "big") + bytes(1968) + data[55:]}


P384 = cose_of(new_key(ES384.ALGORITHM), ES384.ALGORITHM)
RSA = cose_of(new_key(RS256.ALGORITHM), RS256.ALGORITHM)
SMALL_RSA = rsa.generate_private_key(65537, 1024)
ON_ANY_ANSWER = {
    "RP id of another site": Twist(rp_id="assetmaps.example"),
    "RP id above ours": Twist(rp_id="assetmaps.nl"),
    "origin of another site": Twist(client_data={"origin": "https://mijn-assetmaps.example"}),
    "origin below ours": Twist(client_data={"origin": "https://kwaad.mijn.assetmaps.nl"}),
    "origin without TLS": Twist(client_data={"origin": "http://mijn.assetmaps.nl"}),
    "origin with another port": Twist(client_data={"origin": "https://mijn.assetmaps.nl:8443"}),
    "origin that is a list": Twist(client_data={"origin": ["https://mijn.assetmaps.nl"]}),
    "origin left out": Twist(client_data={"origin": DELETE}),
    "inside a frame of another site": Twist(client_data={"crossOrigin": True}),
    "with a site above it": Twist(client_data={"crossOrigin": True, "topOrigin": "https://kwaad.example"}),
    "with a site above it that is told to be ours": Twist(client_data={"topOrigin": "https://kwaad.example"}),
    "cross origin told as a text": Twist(client_data={"crossOrigin": "true"}),
    "type of the other ceremony": Twist(
        client_data={"type": lambda was: "webauthn.get" if was == "webauthn.create" else "webauthn.create"}
    ),
    "type of a payment": Twist(client_data={"type": "payment.get"}),
    "another challenge": Twist(client_data={"challenge": websafe_encode(bytes(32))}),
    "challenge with a byte more": Twist(client_data={"challenge": lambda was: was + "AA"}),
    "empty challenge": Twist(client_data={"challenge": ""}),
    "challenge that is a number": Twist(client_data={"challenge": 5}),
    "client data no JSON": Twist(client_data_bytes=lambda _right: b"{"),
    "client data a list": Twist(client_data_bytes=lambda _right: b"[]"),
    "client data not UTF-8": Twist(client_data_bytes=lambda _right: b"\xff\xfe\xff"),
    "client data nested": Twist(client_data_bytes=lambda _right: b"[" * 8000),
    # Each depth: one that is read once may be too deep for another reader.
    **{
        f"client data {depth} deep": Twist(client_data_bytes=lambda _right, depth=depth: b"[" * depth + b"]" * depth)
        for depth in range(780, 1000, 20)
    },
    "client data of 5,000 bytes": Twist(client_data={"more": "x" * 5_000}),
    "nobody present": Twist(flags=FLAG.UV | SYNCED),
    "nobody verified": Twist(flags=FLAG.UP | SYNCED),
    "no flag at all": Twist(flags=0),
    "backed up and not eligible": Twist(flags=FLAG.UP | FLAG.UV | FLAG.BS),
    "bytes behind the data": Twist(after=b"\x00"),
    "extensions promised, none there": Twist(flags=FLAG.UP | FLAG.UV | SYNCED | FLAG.ED),
    "id and raw id differ": Twist(credential={"rawId": websafe_encode(bytes(32))}),
    "type is not public-key": Twist(credential={"type": "password"}),
    "type left out": Twist(credential={"type": DELETE}),
    "raw id a number": Twist(credential={"rawId": 7}),
    "id left out": Twist(credential={"id": DELETE}),
    "id not base64": Twist(credential={"id": "é\x00\ud800", "rawId": "é\x00\ud800"}),
    "response left out": Twist(credential={"response": DELETE}),
    "response a list": Twist(credential={"response": []}),
    "client data left out": Twist(credential={"response.clientDataJSON": DELETE}),
    "client data an object": Twist(credential={"response.clientDataJSON": {}}),
    "client data not base64": Twist(credential={"response.clientDataJSON": "%%%%\x00"}),
}
ON_REGISTRATION = ON_ANY_ANSWER | {
    "algorithm that was not offered": Twist(cose=lambda _key: dict(cose_of(new_key(Ed448.ALGORITHM), Ed448.ALGORITHM))),
    "algorithm of another curve": Twist(cose=lambda key: key | {3: ES384.ALGORITHM}),
    "another curve than its algorithm": Twist(cose=lambda _key: dict(P384) | {3: ES256.ALGORITHM}),
    "RSA key with an algorithm of curves": Twist(cose=lambda _key: dict(RSA) | {3: ES256.ALGORITHM}),
    "algorithm of another type": Twist(cose=lambda key: key | {3: RS256.ALGORITHM}),
    "algorithm that is SHA-1": Twist(cose=lambda _key: dict(RSA) | {3: -65535}),
    "point that is not on the curve": Twist(cose=_off_curve),
    "coordinate left out": Twist(cose=lambda key: {name: key[name] for name in key if name != -3}),
    "coordinate a text": Twist(cose=lambda key: key | {-2: "x" * 32}),
    "coordinates a number": Twist(cose=lambda key: key | {-2: 5, -3: 5}),
    "key a list": Twist(cose=lambda _key: [1, 2, 3, 4]),
    "key a number, read as an old format": Twist(cose=lambda _key: 4),
    "key empty": Twist(cose=lambda _key: {}),
    "key of RSA too short": Twist(cose=lambda _key: dict(cose_of(SMALL_RSA, RS256.ALGORITHM))),
    "RSA with an exponent of 1": Twist(cose=lambda _key: dict(RSA) | {-2: b"\x01"}),
    "RSA with an exponent that takes long": Twist(cose=lambda _key: dict(RSA) | {-2: b"\xff" * 8}),
    "RSA of 8,192 bits": Twist(cose=lambda _key: dict(RSA) | {-1: b"\x80" + bytes(1022) + b"\x01"}),
    "attestation object left out": Twist(credential={"response.attestationObject": DELETE}),
    "attestation object empty": Twist(raw=lambda _right: b""),
    "attestation object cut off": Twist(raw=lambda right: right[:-20]),
    "attestation object a list": Twist(raw=lambda _right: cbor.encode([])),
    "attestation object nested": Twist(raw=lambda _right: b"\x81" * 11_000),
    "attestation object that promises 4 GB": Twist(raw=lambda _right: b"\x5a\xff\xff\xff\xff"),
    "attestation object with a name twice": Twist(
        raw=lambda right: b"\xa4" + right[1:] + cbor.encode("fmt") + cbor.encode("none")
    ),
    "data not bytes": Twist(raw=_raw(lambda whole: whole | {"authData": "text"})),
    "data left out": Twist(raw=_raw(lambda whole: {"fmt": "none", "attStmt": {}})),
    "no credential in the data": Twist(raw=_raw(_without_credential)),
    "credential id longer than 1,023 bytes": Twist(raw=_raw(_with_long_id)),
    "credential id of other bytes than in the data": Twist(
        credential={"id": websafe_encode(b"x" * 32), "rawId": websafe_encode(b"x" * 32)}
    ),
}


def test_device_that_lies_is_not_added(person: User) -> None:
    client = signed_in_anew(person)
    prove(client)
    ceremony = ceremony_on(client, ADD)  # one for all: a refusal uses nothing up
    for name, lie in ON_REGISTRATION.items():
        page = present(client, ceremony, Device().create(ceremony.options, lie))
        assert not Passkey.objects.exists(), name
        assert ALERT in page, name
    assert not AuditEntry.objects.filter(event="passkey_added").exists()
    present(client, ceremony, Device().create(ceremony.options))
    assert Passkey.objects.filter(user=person).count() == 1


TEXTS = {
    "empty": "",
    "not JSON": "hallo",
    "a list": "[]",
    "a number": "7",
    "null": "null",
    "NaN": '{"id": NaN}',
    "an empty object": "{}",
    "nested lists": "[" * 15_000,
    "nested objects": '{"id":' * 2_600,
    "a NUL": "\x00",
    "a lone surrogate": '{"id": "\\ud800", "rawId": "\\ud800", "type": "public-key", "response": {}}',
    "a number of 5,000 digits": '{"id": ' + "9" * 5_000 + "}",
    "one byte over the limit": "x" * 16_001,
}


def test_text_that_is_no_credential_is_explained(person: User, device: Device) -> None:
    client = signed_in_anew(person)
    prove(client)
    to_add = ceremony_on(client, ADD)
    for name, typed in TEXTS.items():
        assert ALERT in present(client, to_add, typed), name
    assert client.post(to_add.address, to_add.posted("x" * 1_000_000)).status_code == 413
    for door in DOORS:
        client, ceremony = door.begin(person)
        for name, typed in TEXTS.items():
            assert ALERT in present(client, ceremony, typed), name
        assert not door.is_open(client)
    assert Passkey.objects.count() == 1
    assert not AttemptCounter.objects.filter(kind="passkey", failures__gt=0).exists()


# Showing a passkey.

FOREIGN_KEY = ec.generate_private_key(ec.SECP256R1())
ON_ASSERTION = ON_ANY_ANSWER | {
    "signed with another key": Twist(key=FOREIGN_KEY),
    "signature of nothing": Twist(credential={"response.signature": ""}),
    "signature cut off": Twist(credential={"response.signature": lambda right: right[:-4]}),
    "signature left out": Twist(credential={"response.signature": DELETE}),
    "data changed after signing": Twist(
        credential={"response.authenticatorData": lambda right: websafe_encode(websafe_decode(right)[:-1] + b"\x09")}
    ),
    "data cut off": Twist(credential={"response.authenticatorData": lambda right: right[:20]}),
    "no longer eligible for a backup": Twist(flags=FLAG.UP | FLAG.UV),
    "user handle of nobody": Twist(credential={"response.userHandle": websafe_encode(bytes(64))}),
    "user handle a number": Twist(credential={"response.userHandle": 5}),
    "credential that nobody has": Twist(
        credential={"id": websafe_encode(b"y" * 32), "rawId": websafe_encode(b"y" * 32)}
    ),
    "empty credential id": Twist(credential={"id": "", "rawId": ""}),
}


@at_every_door
def test_device_that_lies_opens_no_door(person: User, device: Device, door: Door) -> None:
    client, ceremony = door.begin(person)
    for name, lie in ON_ASSERTION.items():
        page = present(client, ceremony, device.get(ceremony.options, lie))
        assert ALERT in page, name
        assert not door.is_open(client), name
    assert Passkey.objects.get().sign_count == 0
    # What a stranger tried costs the owner nothing, and has used nothing up.
    present(client, ceremony, device.get(ceremony.options))
    assert door.is_open(client)


@at_every_door
def test_stranger_s_passkey_opens_nothing_of_somebody_else(person: User, device: Device, door: Door) -> None:
    thief, thiefs_phone = UserFactory(with_totp=True), Device()
    register(thief, thiefs_phone)
    client, ceremony = door.begin(person)
    stolen = thiefs_phone.credentials[0]
    present(client, ceremony, thiefs_phone.get(ceremony.options, credential=stolen))
    if door is WHOLE_SIGN_IN:  # then it is the thief who signs in
        assert person_in(client) == thief.pk
    else:
        assert not door.is_open(client)


@at_every_door
@pytest.mark.parametrize("handle", ["of the person", "none"])
def test_user_handle_does_not_choose_the_account(person: User, device: Device, door: Door, handle: str) -> None:
    thiefs_phone = Device()
    register(UserFactory(with_totp=True), thiefs_phone)
    client, ceremony = door.begin(person)
    told = websafe_encode(device.credentials[0].user_handle) if handle == "of the person" else DELETE
    lie = Twist(credential={"response.userHandle": told})
    present(client, ceremony, thiefs_phone.get(ceremony.options, lie, thiefs_phone.credentials[0]))
    assert not door.is_open(client) or person_in(client) != person.pk
    if (
        door is WHOLE_SIGN_IN
    ):  # WebAuthn, 7.2 step 6: with no account named before, the handle must be there and be right
        assert not is_signed_in(client)
