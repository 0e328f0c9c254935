"""Stored secrets move to the newest key while the site runs."""

from __future__ import annotations

import base64
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import encryption
from accounts.two_factor.models import Authenticator
from tests.conftest import sign_in
from tests.factories import AuthenticatorFactory, UserFactory

pytestmark = pytest.mark.django_db

NEW = base64.urlsafe_b64encode(b"another key, another key, 32 by!").decode()


def rotate() -> str:
    out = StringIO()
    call_command("rotate_encryption_keys", stdout=out)
    return out.getvalue()


def test_secrets_move_to_the_newest_key_and_the_old_one_can_go(client: Client, settings: object) -> None:
    # ASVS 11.2.2, 13.3.4
    person = UserFactory(with_totp=True)
    before = Authenticator.objects.get().secret()
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    assert "1 secrets" in rotate()
    settings.ENCRYPTION_KEYS = [NEW]
    device = Authenticator.objects.get()
    assert device.secret() == before
    assert encryption.is_current(bytes(device.sealed_secret))
    assert sign_in(client, person).url == "/"


def test_second_rotation_changes_nothing() -> None:
    AuthenticatorFactory(user=UserFactory())
    before = bytes(Authenticator.objects.get().sealed_secret)
    assert "0 secrets" in rotate()
    assert bytes(Authenticator.objects.get().sealed_secret) == before


def test_parallel_change_is_never_overwritten(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    device = AuthenticatorFactory(user=UserFactory())
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    seal = encryption.seal

    def seal_while_the_person_links_a_new_phone(plain: bytes, *, owner: str) -> bytes:
        Authenticator.objects.filter(pk=device.pk).update(sealed_secret=seal(b"new phone".ljust(20), owner=owner))
        return seal(plain, owner=owner)

    monkeypatch.setattr(encryption, "seal", seal_while_the_person_links_a_new_phone)
    assert Authenticator.renew_encryption(device.pk) == 0
    assert Authenticator.objects.get().secret() == b"new phone".ljust(20)


def test_device_that_was_removed_meanwhile_is_no_error() -> None:
    assert Authenticator.renew_encryption(4711) == 0


def test_unreadable_secret_is_reported_and_the_others_are_renewed(settings: object) -> None:
    readable, lost = (AuthenticatorFactory(user=UserFactory()) for _ in range(2))
    Authenticator.objects.filter(pk=lost.pk).update(sealed_secret=b"\x01" + b"x" * 60)
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    with pytest.raises(CommandError, match=rf"1 secrets cannot be read \(authenticator {lost.pk}\)"):
        rotate()
    assert encryption.is_current(bytes(Authenticator.objects.get(pk=readable.pk).sealed_secret))
