"""Fills the database of a peer, like `benchmarks.people`: `python -m benchmarks.peers.people COUNT`."""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import django

from benchmarks.people import bare


def main() -> None:
    django.setup()
    from django.apps import apps
    from django.contrib.auth.models import User
    from django.db import transaction

    give = _two_factor if apps.is_installed("two_factor") else _allauth
    count = int(sys.argv[1])
    with transaction.atomic():
        found = bare(2 * count)
        users = User.objects.in_bulk([facts["name"] for facts in found], field_name="username")
        _environments(list(users.values()))
        for number, facts in enumerate(found):
            secret = number.to_bytes(20, "big") if number < count else None
            give(users[facts["name"]], secret)
            if secret is not None:
                facts["secret"] = base64.b32encode(secret).decode()
    print(json.dumps(found))


def _environments(users: list[Any]) -> None:
    from benchmarks.peers.tiles.models import Environment

    for number, name in enumerate(("Kaart", "Beheer", "Inspecties")):
        one = Environment.objects.create(
            name=name, organisation="Gemeente Voorbeeld", address=f"https://{number}.voorbeeld.nl/"
        )
        one.people.set(users)


def _two_factor(user: Any, secret: bytes | None) -> None:
    from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
    from django_otp.plugins.otp_totp.models import TOTPDevice

    if secret is None:
        return
    TOTPDevice.objects.create(user=user, name="default", key=secret.hex())
    backup = StaticDevice.objects.create(user=user, name="backup")
    StaticToken.objects.bulk_create(StaticToken(device=backup, token=StaticToken.random_token()) for _ in range(10))


def _allauth(user: Any, secret: bytes | None) -> None:
    from allauth.account.models import EmailAddress
    from allauth.mfa.models import Authenticator
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.utils import encrypt

    # Its second factor asks for a verified address.
    EmailAddress.objects.create(user=user, email=f"{user.username}@voorbeeld.nl", verified=True, primary=True)
    if secret is None:
        return
    data = {"secret": encrypt(base64.b32encode(secret).decode())}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
    RecoveryCodes.activate(user)


if __name__ == "__main__":
    main()
