"""Mail that the mail server refuses, at each command: shown to who may know it, never to strangers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.mail import outcomes, sending
from accounts.mail.models import OutgoingMail, State
from assetmaps.mail_preview.examples import EXAMPLES
from tests.background import run_tasks
from tests.conftest import browser
from tests.factories import UserFactory
from tests.mail_server import MailServer, mail_server
from tests.outbound.portal import silent_provider

pytestmark = pytest.mark.django_db(transaction=True)

FACTS = EXAMPLES["help_asked"][0]


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server(settings) as running:
        yield running
        run_tasks()


def sent_to(*addresses: str) -> outcomes.Outcomes:
    with outcomes.collect() as found:
        for address in addresses:
            sending.send("help_asked", UserFactory(email=address), **FACTS)
    assert found.wait(20) == 0
    return found


@pytest.mark.parametrize(
    ("command", "answer", "is_final"),
    [
        ("MAIL", "550 sender unknown", False),  # about us, and somebody may mend it
        ("RCPT", "451 try again later", False),
        ("RCPT", "550 5.1.1 no such mailbox", True),
        ("DATA", "554 no mail today", True),
        (".", "451 busy", False),
        (".", "552 message too large", True),
    ],
)
def test_answer_of_the_server_is_the_refusal_for_that_recipient(
    server: MailServer, command: str, answer: str, is_final: bool
) -> None:
    server.refuse(command, answer, "weg@x.nl" if command == "RCPT" else "")
    found = sent_to("weg@x.nl")
    assert found.refused == [outcomes.Outcome("weg@x.nl", answer, is_final)]
    assert OutgoingMail.objects.get().state == (State.REFUSED if is_final else State.WAITING)


def test_the_other_recipients_get_their_mail(server: MailServer) -> None:
    server.refuse("RCPT", "550 no such mailbox", "weg@x.nl")
    found = sent_to("een@x.nl", "weg@x.nl", "twee@x.nl")
    assert [outcome.to for outcome in found.refused] == ["weg@x.nl"]
    assert sorted(server.recipients) == ["een@x.nl", "twee@x.nl"]


def test_server_without_encryption_is_a_refusal(server: MailServer, settings: Settings) -> None:
    settings.EMAIL_USE_TLS = True
    assert sent_to("een@x.nl").refused[0].refusal == "STARTTLS extension not supported by server."
    assert not server.recipients


def test_server_that_is_down_or_silent_is_a_refusal(server: MailServer, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.EMAIL_PORT = closed.getsockname()[1]
    assert "refused" in sent_to("een@x.nl").refused[0].refusal
    with silent_provider() as mute:
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = mute.getsockname()[1], 0.3
        assert "timed out" in sent_to("twee@x.nl").refused[0].refusal


def test_answer_is_one_line_without_links_and_tokens(server: MailServer) -> None:
    token = "MTI:1abcdefghijklmnopqrstuvwxyz0123456789"
    server.refuse(".", f"550-no\r\n550 https://x.nl/wachtwoord-instellen/{token}/ or {token} \x1b[31m{'lang ' * 90}")
    refusal = sent_to("een@x.nl").refused[0].refusal
    assert refusal.isprintable()
    assert token not in refusal
    assert "://" not in refusal
    assert len(refusal) <= outcomes.LONGEST_REFUSAL


def test_command_exits_with_1_and_names_the_recipient_and_the_reason(server: MailServer) -> None:
    UserFactory(email="weg@x.nl", with_totp=True)
    server.refuse("RCPT", "550 no such mailbox", "weg@x.nl")
    said = StringIO()
    with pytest.raises(CommandError, match=r"mails? could not be sent: weg@x\.nl \(550 no such mailbox\)") as refusal:
        call_command("reset_two_factor", "weg@x.nl", reason="telefoon kwijt", stdout=said)
    assert refusal.value.returncode == 1
    assert "is reset" in said.getvalue(), "what was done is told all the same"
    assert "a mail is sent" not in said.getvalue()


def test_stranger_gets_the_same_answer_whatever_the_server_says(server: MailServer) -> None:
    server.refuse("RCPT", "550 no such mailbox")
    UserFactory(email="bekend@x.nl")
    answers = [browser().post("/wachtwoord-vergeten/", {"email": email}) for email in ("bekend@x.nl", "geen@x.nl")]
    assert len({(answer.status_code, answer.url) for answer in answers}) == 1
