"""Ceremonies: what a page asks of an authenticator, and whether the answer is one to that question.

Nothing is stored when a page is shown. The page carries a sealed token with the challenge, which counts for one
purpose, one person, one browser and `limits.PASSKEY_CHALLENGE`. The answer is judged by py_webauthn (W3C Web
Authentication Level 3, sections 7.1 and 7.2), which is loaded with the first answer: the options are plain data.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import encryption, limits
from accounts.two_factor.models import Passkey
from accounts.two_factor.passkeys import rp

OWNER = "passkey ceremony"
CHALLENGE_BYTES = 32
HANDLE_BYTES = 64
TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "internal", "cable", "hybrid"})
# COSE algorithms: Ed25519, ECDSA with P-256, RSA (RFC 9053; RFC 8812). What authenticators in use make. Each with the
# type of key and the curve that go with it: COSE alone would let others be named (WebAuthn section 5.8.5).
ALGORITHMS = {-8: (1, 6), -7: (2, 1), -257: (3, None)}
RSA_BITS = 2048  # at least (NIST SP 800-131A section 3)
REGISTRATION, ASSERTION = "webauthn.create", "webauthn.get"


class Purpose(StrEnum):
    ADD = "add"
    OFFER = "offer"  # added by the browser itself after a sign-in, without asking (conditional creation)
    SECOND_FACTOR = "second_factor"  # of a sign-in with the password
    PROOF = "proof"  # "Bevestig dat jij het bent", also before switching off
    SIGN_IN = "sign_in"  # the whole sign-in, by somebody not known yet


class Ceremony(NamedTuple):
    """``token``: what the page carries; ``options``: for the browser, as JSON types it."""

    token: str
    options: dict[str, Any]

    @property
    def json(self) -> str:
        return json.dumps(self.options)


class Question(NamedTuple):
    """What was asked. ``handle``: the user handle that a registration proposed."""

    challenge: bytes
    purpose: Purpose
    handle: bytes = b""


class Account(NamedTuple):
    """For whom a passkey is made. ``name``: by which the person recognises the account; ``handle``: None before the
    first registration; ``known``: passkeys that need not be made again."""

    user_pk: int
    name: str
    handle: bytes | None = None
    known: Sequence[Passkey] = ()


def to_add(account: Account, binding: str, purpose: Purpose = Purpose.ADD) -> Ceremony:
    """For `navigator.credentials.create`."""
    handle = account.handle or os.urandom(HANDLE_BYTES)
    token, challenge = _begin(purpose, account.user_pk, binding, handle)
    options = _common(challenge) | {
        "rp": {"id": rp.identifier(), "name": rp.NAME},
        "user": {"id": encode(handle), "name": account.name, "displayName": account.name},
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
        "excludeCredentials": _descriptors(account.known),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }
    return Ceremony(token, options)


def to_show(purpose: Purpose, user_pk: int, binding: str, allowed: Iterable[Passkey] = ()) -> Ceremony:
    """For `navigator.credentials.get`. ``allowed``: the passkeys of the person; none for the whole sign-in, where the
    authenticator knows them (a discoverable credential)."""
    token, challenge = _begin(purpose, user_pk, binding, b"")
    shown = {"rpId": rp.identifier(), "userVerification": "required", "allowCredentials": _descriptors(allowed)}
    return Ceremony(token, _common(challenge) | shown)


def question_of(token: str, user_pk: int, binding: str, *purposes: Purpose) -> Question | None:
    """What this token asked; None when it was for something or somebody else, of another browser, or too long ago.
    ``user_pk``: 0 for somebody not known yet."""
    if len(token) > limits.PASSKEY_LONGEST:
        return None
    try:
        asked = json.loads(encryption.unseal_text(token, owner=OWNER))
    except encryption.SecretUnreadableError:
        return None
    # Negative where the machine that made the page has a clock that is ahead.
    age = timezone.now().timestamp() - asked["at"]
    if asked["purpose"] not in purposes or asked["user"] != user_pk or not binding:
        return None
    if not constant_time_compare(asked["binding"], binding) or age > limits.PASSKEY_CHALLENGE.total_seconds():
        return None
    return Question(bytes.fromhex(asked["challenge"]), Purpose(asked["purpose"]), bytes.fromhex(asked["handle"]))


def binding_of(secret: str) -> str:
    """What binds a token to a browser. ``secret``: of its session, or of its cookie against forged forms."""
    return hashlib.sha256(f"passkey:{secret}".encode()).hexdigest() if secret else ""


def encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def digest_of(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


class Answer(NamedTuple):
    """A credential as `PublicKeyCredential.toJSON()` gives it, with the shape that it must have. ``handle``: the user
    handle that the authenticator gave, empty without one."""

    data: dict[str, Any]
    credential_id: bytes
    handle: bytes
    transports: list[str]


def read(typed: str) -> Answer | None:
    """What was posted; None when it is no credential at all."""
    if len(typed) > limits.PASSKEY_LONGEST:
        return None
    try:
        data = json.loads(typed)
        response = data["response"]
        credential_id = _decode(data["rawId"])
        handle = _decode(response.get("userHandle") or "")
        client = json.loads(_decode(response["clientDataJSON"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not 0 < len(credential_id) <= limits.PASSKEY_LONGEST_ID or not isinstance(client, dict):
        return None
    given = response.get("transports")
    known = [one for one in given if isinstance(one, str) and one in TRANSPORTS] if isinstance(given, list) else []
    # Of the whole object only what is looked at: what else a browser or a script adds reaches no library.
    kept = {
        name: response.get(name) for name in ("clientDataJSON", "attestationObject", "authenticatorData", "signature")
    }
    plain = {"id": data.get("id"), "rawId": data["rawId"], "type": data.get("type"), "response": kept}
    return Answer(plain, credential_id, handle, sorted(set(known)))


class Registered(NamedTuple):
    """``key``: the public key as COSE."""

    credential_id: bytes
    key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    aaguid: str


def judge_registration(answer: Answer, question: Question) -> Registered | None:
    """None when it is not the answer of an authenticator to this question, on our site.

    A browser that makes a passkey by itself asks nobody (section 5.1.3), so nobody is verified; each use is."""
    if _is_embedded(answer):
        return None
    is_asked = question.purpose is not Purpose.OFFER
    import webauthn  # here, to save start-up time and memory: few requests need it

    try:
        found = webauthn.verify_registration_response(
            credential=answer.data,
            expected_challenge=question.challenge,
            expected_rp_id=rp.identifier(),
            expected_origin=rp.origins(),
            require_user_presence=is_asked,
            require_user_verification=is_asked,
            supported_pub_key_algs=[webauthn.helpers.cose.COSEAlgorithmIdentifier(number) for number in ALGORITHMS],
        )
        _check_key(found.credential_public_key)
    # Whatever the parsers beneath it raise: bytes of strangers must never be a fault of ours.
    except Exception:
        return None
    if found.credential_id != answer.credential_id:
        return None
    is_multi_device = found.credential_device_type.value == "multi_device"
    return Registered(
        credential_id=found.credential_id,
        key=found.credential_public_key,
        sign_count=found.sign_count,
        backup_eligible=is_multi_device,
        backed_up=found.credential_backed_up,
        aaguid=found.aaguid,
    )


def _check_key(key: bytes) -> None:
    """Raise when it is no public key that could verify anything, or none that its algorithm allows: then it could not
    be used later either, or what it signs would prove little."""
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography

    found = decode_credential_public_key(key)
    if ALGORITHMS[found.alg] != (found.kty, getattr(found, "crv", None)):
        raise ValueError("a key of another type or curve than its algorithm")
    public = decoded_public_key_to_cryptography(found)
    if getattr(public, "key_size", RSA_BITS) < RSA_BITS and found.kty == ALGORITHMS[-257][0]:
        raise ValueError("an RSA key that is too short")


class Shown(NamedTuple):
    sign_count: int
    backup_eligible: bool
    backed_up: bool


def judge_assertion(answer: Answer, question: Question, key: bytes) -> Shown | None:
    """None when it was not signed with this key, as the answer to this question, on our site and by a verified user.

    The sign count is for the caller to judge, once the signature is known to be right."""
    if _is_embedded(answer):
        return None
    import webauthn  # here, as above

    try:
        found = webauthn.verify_authentication_response(
            credential=answer.data,
            expected_challenge=question.challenge,
            expected_rp_id=rp.identifier(),
            expected_origin=rp.origins(),
            credential_public_key=key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception:
        return None
    return Shown(found.new_sign_count, found.credential_device_type.value == "multi_device", found.credential_backed_up)


def _is_embedded(answer: Answer) -> bool:
    """Was the page in a frame of another site? Ours are never (section 13.4.9); the library does not look at it."""
    client = json.loads(_decode(answer.data["response"]["clientDataJSON"]))
    return client.get("crossOrigin", False) is not False or "topOrigin" in client


def _begin(purpose: Purpose, user_pk: int, binding: str, handle: bytes) -> tuple[str, bytes]:
    challenge = os.urandom(CHALLENGE_BYTES)
    asked = {
        "challenge": challenge.hex(),
        "purpose": purpose.value,
        "user": user_pk,
        "binding": binding,
        "handle": handle.hex(),
        "at": timezone.now().timestamp(),
    }
    return encryption.seal_text(json.dumps(asked), owner=OWNER), challenge


def _common(challenge: bytes) -> dict[str, Any]:
    return {"challenge": encode(challenge), "timeout": int(limits.PASSKEY_CHALLENGE.total_seconds() * 1000)}


def _descriptors(passkeys: Iterable[Passkey]) -> list[dict[str, Any]]:
    return [
        {"type": "public-key", "id": encode(bytes(one.credential_id))}
        | ({"transports": one.transports} if one.transports else {})
        for one in passkeys
    ]


def _decode(value: object) -> bytes:
    """Raises ValueError for anything but base64url without padding, as JSON of browsers has it (RFC 4648 section 5)."""
    if not isinstance(value, str) or not value.isascii():
        raise ValueError("not a text in base64url")
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except binascii.Error as mistake:
        raise ValueError("not a text in base64url") from mistake
