"""Secrets at rest."""

from __future__ import annotations

import base64
import os

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts import encryption
from accounts.encryption import SecretUnreadableError
from accounts.two_factor.models import Authenticator
from tests.codes import code_of
from tests.factories import UserFactory
from tests.pages import CODE, half_signed_in


def new_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def test_sealed_value_opens_for_its_owner_only() -> None:  # ASVS 11.3.3
    sealed = encryption.seal(b"geheim", owner="authenticator:1")
    assert encryption.unseal(sealed, owner="authenticator:1") == b"geheim"
    for owner in ("authenticator:2", "authenticator:11", ""):
        with pytest.raises(SecretUnreadableError):
            encryption.unseal(sealed, owner=owner)


def test_changed_or_cut_value_does_not_open() -> None:  # ASVS 11.3.2
    sealed = encryption.seal(b"geheim", owner="x")
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        with pytest.raises(SecretUnreadableError):
            encryption.unseal(bytes(broken), owner="x")
        with pytest.raises(SecretUnreadableError):
            encryption.unseal(sealed[:position], owner="x")


def test_another_key_does_not_open(settings: object) -> None:
    sealed = encryption.seal(b"geheim", owner="x")
    settings.ENCRYPTION_KEYS = [new_key()]
    with pytest.raises(SecretUnreadableError):
        encryption.unseal(sealed, owner="x")


def test_newer_key_in_front_still_opens_the_older_values(settings: object) -> None:  # ASVS 11.2.2
    old = encryption.seal(b"geheim", owner="x")
    settings.ENCRYPTION_KEYS = [new_key(), *settings.ENCRYPTION_KEYS]
    new = encryption.seal(b"geheim", owner="x")
    assert encryption.unseal(old, owner="x") == encryption.unseal(new, owner="x") == b"geheim"
    assert (encryption.is_current(old), encryption.is_current(new)) == (False, True)
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert encryption.unseal(new, owner="x") == b"geheim"


# ASVS 11.2.3
@pytest.mark.parametrize("keys", [[], ["kort"], ["!" * 44], [base64.b64encode(b"x" * 16).decode()], ["é" * 43]])
def test_wrong_keys_stop_the_program_at_its_start(settings: object, keys: list[str]) -> None:
    settings.ENCRYPTION_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS"):
        encryption.check_keys()


# ASVS 11.3.3
@pytest.mark.django_db
def test_device_moved_to_another_person_does_not_open() -> None:
    person, thief = UserFactory(with_totp=True), UserFactory()
    Authenticator.objects.filter(user=person).update(user=thief)
    with pytest.raises(SecretUnreadableError):
        Authenticator.objects.get(user=thief).secret()


# ASVS 13.3.4
@pytest.mark.django_db
def test_people_sign_in_while_keys_change(settings: object) -> None:
    person = UserFactory(with_totp=True)
    settings.ENCRYPTION_KEYS = [new_key(), *settings.ENCRYPTION_KEYS]
    assert half_signed_in(person).post(CODE, {"code": code_of(person)}).url == "/"
