"""Fills the empty database of our side with people who have a passkey beside an app: `python -m
benchmarks.passkey_people COUNT`. Prints them as JSON, each with the private key as a number and the user handle."""

from __future__ import annotations

import hashlib
import json
import sys

import django

from benchmarks import people, visits


def main() -> None:
    django.setup()
    from django.db import transaction

    with transaction.atomic():
        found = people.ours(int(sys.argv[1]))
        for number, person in enumerate(found, start=1):
            if "secret" in person:
                person |= _passkey(person["name"], number)
        print(json.dumps(found))


def _passkey(address: str, number: int) -> dict[str, str]:
    from accounts.models import User
    from accounts.two_factor.models import Passkey, PasskeyHandle

    user, name = User.objects.get(email=address), visits.credential_id(number)
    passkey = Passkey(user=user, name="Laptop", credential_id=name, digest=hashlib.sha256(name).hexdigest())
    passkey.has_verified = True
    passkey.set_public_key(_public_key(number))
    passkey.save()
    handle = hashlib.sha512(name).digest()
    PasskeyHandle.objects.create(user=user, handle=handle)
    return {"passkey": str(number), "handle": visits.unpadded(handle)}


def _public_key(number: int) -> bytes:
    """As COSE: EC2, ES256, P-256, and the two coordinates (RFC 9053 section 7.1.1)."""
    from cryptography.hazmat.primitives.asymmetric import ec

    point = ec.derive_private_key(number, ec.SECP256R1()).public_key().public_numbers()
    x, y = (coordinate.to_bytes(32, "big") for coordinate in (point.x, point.y))
    return bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y


if __name__ == "__main__":
    main()
