"""Every encrypted column moves to a new key, mails that wait among them; what a lost key leaves unreadable is ended."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import BinaryField
from pytest_django import Settings

from accounts import encryption
from accounts.key_rotation.flows import KINDS, count_by_key
from accounts.mail import delivery, sending
from accounts.mail.models import OutgoingMail, State
from accounts.sealed_rows import SealedRow
from assetmaps.mail_preview.examples import EXAMPLES
from tests.background import run_tasks
from tests.factories import UserFactory
from tests.mail_server import MailServer, mail_server

NEW = base64.urlsafe_b64encode(b"another key, another key, 32 by!").decode()
NOT_SECRET = {"salt", "webp", "credential_id", "handle", "order_key"}
FACTS = EXAMPLES["help_asked"][0]


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server(settings) as running:
        yield running


@pytest.fixture
def mail(server: MailServer, transactional_db: None) -> OutgoingMail:
    """Waits, after a first try."""
    server.refuse("RCPT", "450 4.2.0 later")
    sending.send("help_asked", UserFactory(), **FACTS)
    run_tasks()
    server.answers.clear()
    return OutgoingMail.objects.get()


def command(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def send_at_once(mail: OutgoingMail) -> None:
    delivery.deliver.func(mail.pk)


def test_every_column_of_bytes_is_renewed_or_no_secret() -> None:
    models = {model for model in apps.get_models() if issubclass(model, SealedRow)}
    assert models == {model for model, _kind in KINDS}
    for model in apps.get_models():
        columns = {field.name for field in model._meta.local_fields if isinstance(field, BinaryField)}
        assert columns - NOT_SECRET == set(getattr(model, "SEALED", ())), model


def test_mail_that_waits_is_sent_after_the_earlier_key_is_gone(
    server: MailServer, mail: OutgoingMail, settings: Settings
) -> None:
    old = encryption.key_in_use()
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    assert "1 secrets are encrypted" in command("rotate_encryption_keys")
    assert old not in count_by_key()
    settings.ENCRYPTION_KEYS = [NEW]
    send_at_once(mail)
    assert server.recipients == [mail.to]
    assert bytes(OutgoingMail.objects.get().content) == b""
    assert "0 secrets are encrypted" in command("rotate_encryption_keys")


def test_keys_name_the_key_that_a_mail_waits_for(mail: OutgoingMail, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="Keys are missing"):
        command("keys")


def test_try_that_ends_during_the_rotation_does_not_put_the_earlier_key_back(
    server: MailServer, mail: OutgoingMail, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    server.refuse("RCPT", "550 5.1.1 unknown")
    refused = delivery._is_final

    def after_rotation(refusal: Exception) -> bool:
        command("rotate_encryption_keys")
        return refused(refusal)

    monkeypatch.setattr(delivery, "_is_final", after_rotation)
    send_at_once(mail)
    mail.refresh_from_db()
    assert mail.state == State.REFUSED
    assert encryption.is_current(bytes(mail.content))


def test_mail_whose_key_is_lost_is_given_up(
    server: MailServer, mail: OutgoingMail, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match=rf"mail {mail.pk}"):
        command("rotate_encryption_keys")
    assert "1 mails in the outbox" in command("void_unreadable_secrets")
    mail.refresh_from_db()
    assert mail.state == State.WAITING
    command("void_unreadable_secrets", "--reason", "lost")
    mail.refresh_from_db()
    assert (mail.state, bytes(mail.content)) == (State.GIVEN_UP, b"")
    assert "is given up" in caplog.text
    assert not mail.can_be_tried
    command("rotate_encryption_keys")
    run_tasks()
    assert not server.recipients
