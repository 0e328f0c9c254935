"""Whether what an authenticator answered is an answer to the question of a page, on our site.

Judged by py_webauthn (W3C Web Authentication Level 3, sections 7.1 and 7.2), which is loaded with the first answer.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NamedTuple

from accounts import limits
from accounts.two_factor.passkeys import rp
from accounts.two_factor.passkeys.ceremonies import ALGORITHMS, Purpose, Question

TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "internal", "cable", "hybrid"})
RSA_BITS = range(2048, 4097)  # at least (NIST SP 800-131A section 3); at most, because verifying takes as much work
RSA_EXPONENT = 65537  # what authenticators use; a long one would take far more work
LONGEST_CLIENT_DATA = 4_000  # bytes: an origin, a challenge, and what browsers of later years add


class Answer(NamedTuple):
    """A credential as `PublicKeyCredential.toJSON()` gives it, with the shape that it must have. ``client``: what the
    browser says of the page; ``handle``: the user handle that the authenticator gave, empty without one."""

    data: dict[str, Any]
    client: dict[str, Any]
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
        said = _decode(response["clientDataJSON"])
        client = json.loads(said) if len(said) <= LONGEST_CLIENT_DATA else None
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
    return Answer(plain, client, credential_id, handle, sorted(set(known)))


def is_here(credential: str, device: object) -> bool:
    """Is the passkey in the browser that gave this, which was accepted? Not when a phone gave it to a computer, which
    may be somebody else's."""
    is_elsewhere = json.loads(credential).get("authenticatorAttachment") == "cross-platform"
    return not (is_elsewhere and "hybrid" in getattr(device, "transports", ()))


class Registered(NamedTuple):
    """``key``: the public key as COSE; ``has_verified``: did the authenticator verify its user?"""

    credential_id: bytes
    key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    has_verified: bool
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
            credential=_without_attestation(answer),
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
        has_verified=found.user_verified,
        aaguid=found.aaguid,
    )


def _without_attestation(answer: Answer) -> dict[str, Any]:
    """We ask for no attestation. What an authenticator gives all the same is left out, so that its formats and
    certificates reach no parser, and decide nothing. Raises whatever the parser does."""
    from webauthn.helpers import bytes_to_base64url, encode_cbor, parse_cbor

    response = answer.data["response"]
    authenticator = parse_cbor(_decode(response["attestationObject"]))["authData"]
    plain = encode_cbor({"fmt": "none", "attStmt": {}, "authData": authenticator})
    return answer.data | {"response": response | {"attestationObject": bytes_to_base64url(plain)}}


def _check_key(key: bytes) -> None:
    """Raise when it is no public key that could verify anything, or none that its algorithm allows: then it could not
    be used later either, or what it signs would prove little."""
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography

    found = decode_credential_public_key(key)
    if ALGORITHMS[found.alg] != (found.kty, getattr(found, "crv", None)):
        raise ValueError("a key of another type or curve than its algorithm")
    public: Any = decoded_public_key_to_cryptography(found)
    is_rsa = found.kty == ALGORITHMS[-257][0]
    if is_rsa and (public.key_size not in RSA_BITS or public.public_numbers().e != RSA_EXPONENT):
        raise ValueError("an RSA key that is too short, or takes too much work")


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
    return answer.client.get("crossOrigin", False) is not False or "topOrigin" in answer.client


def _decode(value: object) -> bytes:
    """Raises ValueError for anything but base64url without padding, as JSON of browsers has it (RFC 4648 section 5)."""
    if not isinstance(value, str) or not value.isascii():
        raise ValueError("not a text in base64url")
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except binascii.Error as mistake:
        raise ValueError("not a text in base64url") from mistake
