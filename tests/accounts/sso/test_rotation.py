"""Sealed secrets and keys of connections move to the newest encryption key while the site runs."""

from __future__ import annotations

import base64
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import encryption
from accounts.encryption import SecretUnreadableError
from accounts.sso.models import Connection
from tests.factories import AuthenticatorFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

NEW = base64.urlsafe_b64encode(b"another key, another key, 32 by!").decode()


def connection() -> Connection:
    made = Connection(organisation=OrganisationFactory(), issuer="https://x.nl", client_id="x")
    made.set_secret("geheim")
    made.set_private_key(b"sleutel")
    made.set_next_private_key(b"volgende")
    made.save()
    return made


def rotate() -> str:
    out = StringIO()
    call_command("rotate_encryption_keys", stdout=out)
    return out.getvalue()


# ASVS 11.2.2, 13.3.4
def test_all_three_move_to_the_newest_key_and_the_old_one_can_go(settings: object) -> None:
    connection()
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    assert "3 secrets" in rotate()
    settings.ENCRYPTION_KEYS = [NEW]
    fresh = Connection.objects.get()
    assert (fresh.secret(), fresh.private_key()) == ("geheim", b"sleutel")
    assert all(encryption.is_current(bytes(getattr(fresh, name))) for name in Connection.SEALED)
    assert encryption.unseal(bytes(fresh.sealed_next_private_key), owner=fresh.sealed_owner()) == b"volgende"


def test_second_rotation_changes_nothing() -> None:
    connection()
    assert "0 secrets" in rotate()


def test_empty_values_are_left_alone(settings: object) -> None:
    Connection.objects.create(organisation=OrganisationFactory(), issuer="https://x.nl", client_id="x")
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    assert "0 secrets" in rotate()
    assert Connection.objects.get().secret() == ""


def test_secret_that_is_set_meanwhile_is_never_overwritten(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    made = connection()
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    seal = encryption.seal

    def seal_while_somebody_sets_a_new_one(plain: bytes, *, owner: str) -> bytes:
        Connection.objects.filter(pk=made.pk).update(sealed_secret=seal(b"nieuw", owner=owner))
        return seal(plain, owner=owner)

    monkeypatch.setattr(encryption, "seal", seal_while_somebody_sets_a_new_one)
    Connection.renew_encryption(made.pk)
    assert Connection.objects.get().secret() == "nieuw"


def test_unreadable_one_is_named_and_the_others_are_renewed(settings: object) -> None:
    lost, readable = connection(), connection()
    AuthenticatorFactory(user=UserFactory())
    Connection.objects.filter(pk=lost.pk).update(sealed_secret=b"\x01" + b"x" * 60)
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    with pytest.raises(CommandError, match=rf"1 secrets cannot be read \(single sign-on {lost.pk}\)"):
        rotate()
    assert encryption.is_current(bytes(Connection.objects.get(pk=readable.pk).sealed_secret))


# ASVS 11.3.3
def test_secret_of_another_organisation_cannot_be_read() -> None:
    mine, theirs = connection(), connection()
    Connection.objects.filter(pk=mine.pk).update(sealed_secret=bytes(theirs.sealed_secret))
    with pytest.raises(SecretUnreadableError):
        Connection.objects.get(pk=mine.pk).secret()


def test_connection_that_is_gone_meanwhile_is_no_error() -> None:
    assert Connection.renew_encryption(4711) == 0
