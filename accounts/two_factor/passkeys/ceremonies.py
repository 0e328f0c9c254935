"""Ceremonies: what a page asks of an authenticator. Whether an answer is one to that question: `judgement`.

Nothing is stored when a page is shown. The page carries a sealed token with the challenge, which counts for one
purpose, one person, one browser and `limits.PASSKEY_CHALLENGE`. The options are plain data of W3C Web Authentication
Level 3, sections 5.4 and 5.5.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import encryption, limits
from accounts.two_factor.models import Passkey
from accounts.two_factor.passkeys import rp

OWNER = "passkey ceremony"
HANDLE_SALT = "accounts.two_factor.passkeys.handle"
CHALLENGE_BYTES = 32
# COSE algorithms: Ed25519, ECDSA with P-256, RSA (RFC 9053; RFC 8812). What authenticators in use make. Each with the
# type of key and the curve that go with it: COSE alone would let others be named (WebAuthn section 5.8.5).
ALGORITHMS = {-8: (1, 6), -7: (2, 1), -257: (3, None)}


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
    handle = account.handle or _first_handle(account.user_pk)
    token, challenge = _begin(purpose, account.user_pk, binding, handle)
    options = _common(challenge) | {
        "rp": {"id": rp.identifier(), "name": rp.NAME},
        "user": {"id": encode(handle), "name": account.name, "displayName": account.name},
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
        "excludeCredentials": _descriptors(account.known),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            # A browser that makes one by itself asks nobody: where it is required, it makes none (section 5.1.3).
            "userVerification": "preferred" if purpose is Purpose.OFFER else "required",
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
    # Negative where the machine that made the page has a clock that is ahead; too far, and the challenge would still
    # count when nobody remembers any more that it was used.
    age = timezone.now().timestamp() - asked["at"]
    oldest = limits.PASSKEY_CHALLENGE.total_seconds()
    youngest = oldest - limits.PASSKEY_CHALLENGE_KEPT.total_seconds()
    if asked["purpose"] not in purposes or asked["user"] != user_pk or not binding:
        return None
    if not constant_time_compare(asked["binding"], binding) or not youngest < age <= oldest:
        return None
    return Question(bytes.fromhex(asked["challenge"]), Purpose(asked["purpose"]), bytes.fromhex(asked["handle"]))


def binding_of(secret: str) -> str:
    """What binds a token to a browser. ``secret``: of its session, or of its cookie against forged forms."""
    return hashlib.sha256(f"passkey:{secret}".encode()).hexdigest() if secret else ""


def _first_handle(user_pk: int) -> bytes:
    """64 bytes by which authenticators will know this person, before the first registration stores them (section
    14.6.1: they tell nothing). The same each time, so that a device whose answer was lost replaces its passkey at the
    next try, and does not keep a second one that we never knew."""
    return salted_hmac(HANDLE_SALT, str(user_pk), algorithm="sha512").digest()


def encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def digest_of(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


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
