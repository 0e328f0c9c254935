"""The outbox: what waits for the mail server, for how long, and what is left of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts import encryption, limits, log_context
from accounts.audit.origin import Origin
from accounts.mail import delivery, retention, sending, storing
from accounts.mail.models import OutgoingMail, State
from accounts.passwords import flows as passwords
from assetmaps.mail_preview.examples import EXAMPLES
from tests.background import run_tasks
from tests.conftest import browser, mails
from tests.factories import UserFactory
from tests.mail_server import MailServer, mail_server
from tests.outbound.portal import silent_provider
from tests.statements import statements

FACTS = EXAMPLES["help_asked"][0]
pytestmark = pytest.mark.django_db(transaction=True)
FORGOTTEN = "/wachtwoord-vergeten/"


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server(settings) as running:
        yield running


def later(wait: timedelta) -> None:
    with time_machine.travel(timezone.now() + wait + timedelta(seconds=1)):
        run_tasks()


def test_greylisted_mail_is_sent_by_a_later_try(server: MailServer) -> None:  # RFC 6647
    server.refuse("RCPT", "450 4.2.0 greylisted")
    sending.send("help_asked", UserFactory(), **FACTS)
    run_tasks()
    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.tries, mail.answer) == (State.WAITING, 1, "450 4.2.0 greylisted")
    server.answers.clear()
    run_tasks()
    assert not server.recipients, "not before the wait is over"
    later(limits.MAIL_WAITS[0])
    assert server.recipients == [mail.to]
    mail.refresh_from_db()
    assert (mail.state, mail.tries, mail.answer, bytes(mail.content)) == (State.SENT, 2, "", b"")


def test_waits_grow_and_a_mail_is_given_up_after_a_day_with_an_alarm(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.refuse("RCPT", "451 later")
    sending.send("help_asked", UserFactory(), **FACTS)
    run_tasks()
    waits = []
    mail = OutgoingMail.objects.get()
    while mail.next_try_at:
        waits.append(mail.next_try_at - mail.created_at)
        with time_machine.travel(mail.next_try_at + timedelta(milliseconds=1), tick=False):
            run_tasks()
        mail.refresh_from_db()
    assert mail.state == State.GIVEN_UP
    assert waits[0] < timedelta(seconds=20)
    assert waits == sorted(waits)
    assert timedelta(hours=20) < waits[-1] < limits.MAIL_GIVEN_UP
    assert bytes(mail.content), "a superuser can try again"
    with time_machine.travel(mail.ended_at + limits.MAIL_RETRY + timedelta(minutes=1)):
        retention.purge()
    mail.refresh_from_db()
    assert bytes(mail.content) == b""
    assert [record.levelname for record in caplog.records].count("CRITICAL") == 1


def test_mail_whose_link_has_expired_is_not_sent_any_more(server: MailServer) -> None:
    server.refuse("RCPT", "451 later")
    passwords.send_reset_link(UserFactory().email, Origin())
    run_tasks()
    server.answers.clear()
    later(limits.PASSWORD_RESET_LINK)
    assert not server.recipients
    assert OutgoingMail.objects.get().state == State.EXPIRED


def test_visitors_do_not_wait_for_a_silent_mail_server(settings: Settings) -> None:
    with silent_provider() as listening:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = listening.getsockname()[:2]
        settings.EMAIL_TIMEOUT = 0.3
        people = [UserFactory() for _ in range(3)]
        answers = [browser().post(FORGOTTEN, {"email": person.email}) for person in people]
        assert {one.status_code for one in answers} == {302}
        assert OutgoingMail.objects.filter(tries=0).count() == 3, "nobody tried to send one yet"
        began = time.monotonic()
        run_tasks()
        assert time.monotonic() - began > 0.8
        assert OutgoingMail.objects.filter(state=State.WAITING, tries=1).count() == 3, "and nothing is lost"


# ASVS 6.3.8
def test_unknown_address_costs_the_same_statements_and_leaves_nothing() -> None:
    person = UserFactory()
    asked = []
    for address in (person.email, "geen@x.nl", person.email):
        with statements() as found:
            browser().post(FORGOTTEN, {"email": address})
        asked.append(found)
    assert asked[0] == asked[1] == asked[2]
    assert "INSERT mail_outgoingmail" in asked[0]
    assert [message.to for message in mails()] == [[person.email]] * 2
    assert set(OutgoingMail.objects.values_list("to", flat=True)) == {person.email}


# ASVS 11.3.3
def test_content_is_sealed_for_its_row_and_recipient() -> None:
    passwords.send_reset_link(UserFactory().email, Origin())
    mail = OutgoingMail.objects.get()
    assert b"wachtwoord-instellen" not in bytes(mail.content)
    assert "/wachtwoord-instellen/" in storing.unpack(mail).body
    mail.to = "dief@x.nl"
    with pytest.raises(encryption.SecretUnreadableError):
        storing.unpack(mail)


def test_mail_is_delivered_once_however_often_its_task_runs(server: MailServer) -> None:
    sending.send("help_asked", UserFactory(), **FACTS)
    mail = OutgoingMail.objects.get()
    for _ in range(2):
        delivery.deliver.call(mail.pk)
    run_tasks()
    assert server.recipients == [mail.to]


def test_lines_of_the_log_have_the_number_of_the_request(
    server: MailServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = []
    monkeypatch.setattr(delivery.log, "warning", lambda *_words, **_more: numbers.append(log_context.reference.get()))
    server.refuse("RCPT", "451 later")
    answer = browser().post(FORGOTTEN, {"email": UserFactory().email})
    run_tasks()
    assert numbers == [answer["X-Request-ID"]]
    assert log_context.reference.get() == ""
