"""The queue in the administration: what waits and what failed, for superusers, without texts and links."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit_pages import presentation
from accounts.background import queues, running, schedule
from accounts.mail.models import OutgoingMail, State
from accounts.passwords import flows as passwords
from tests.background import run_tasks
from tests.conftest import prove
from tests.factories import UserFactory
from tests.mail_server import mail_server
from tests.pages import signed_in, text

pytestmark = pytest.mark.django_db

QUEUE = "/beheer/wachtrij/"


def test_page_says_what_failed_and_why_and_a_superuser_tries_again(settings: Settings) -> None:
    with mail_server(settings) as server:
        server.refuse("RCPT", "550 no such mailbox", "weg@x.nl")
        server.refuse("RCPT", "451 later", "druk@x.nl")
        for name in ("weg", "druk", "goed"):
            passwords.send_reset_link(UserFactory(email=f"{name}@x.nl").email, Origin())
        run_tasks()
        boss = signed_in(UserFactory(superuser=True, with_totp=True))
        page = text(boss.get(QUEUE))
        for words in (
            "weg@x.nl",
            "geweigerd",
            "550 no such mailbox",
            "druk@x.nl",
            "wacht op de mailserver",
            "451 later",
        ):
            assert words in page
        assert "goed@x.nl" not in page
        assert "Link voor een nieuw wachtwoord ·" in page
        assert "wachtwoord-instellen" not in page
        server.answers.clear()
        mail = OutgoingMail.objects.get(to="weg@x.nl")
        again = f"{QUEUE}mail/{mail.pk}/opnieuw/"
        prove(boss)
        assert "binnen enkele seconden opnieuw" in text(boss.post(again, follow=True))
        run_tasks()
        assert sorted(server.recipients) == ["goed@x.nl", "weg@x.nl"]
        mail.refresh_from_db()
        assert mail.state == State.SENT
        entry = AuditEntry.objects.get(event="queue_retried")
        assert (entry.subject_name, entry.detail) == ("weg@x.nl", {"mail": "password_link"})
        assert ("Mail", "Link voor een nieuw wachtwoord") in presentation.details_of(entry)
        assert "Het kan niet opnieuw" in text(boss.post(again, follow=True)), "it is sent by now"
        assert AuditEntry.objects.filter(event="queue_retried").count() == 1


def test_mail_that_waits_is_tried_once_however_often_the_button_is_pressed(settings: Settings) -> None:
    with mail_server(settings) as server:
        server.refuse("RCPT", "451 later")
        passwords.send_reset_link(UserFactory(email="druk@x.nl").email, Origin())
        run_tasks()
        server.answers.clear()
        boss = signed_in(UserFactory(superuser=True, with_totp=True))
        prove(boss)
        for _ in range(2):
            boss.post(f"{QUEUE}mail/{OutgoingMail.objects.get().pk}/opnieuw/")
        assert DBTaskResult.objects.ready().count() == 1
        run_tasks()
        assert server.recipients == ["druk@x.nl"]


def test_failed_job_is_shown_by_its_name_and_begun_anew(caplog: pytest.LogCaptureFixture) -> None:
    queues.enqueue(schedule.run_command, "geen_opdracht")
    run_tasks()
    boss = signed_in(UserFactory(superuser=True, with_totp=True))
    page = text(boss.get(QUEUE))
    assert "run_command geen_opdracht" in page
    assert "SuspiciousOperation" in page
    assert "Traceback" not in page
    prove(boss)
    boss.post(f"{QUEUE}taak/{DBTaskResult.objects.get().pk}/opnieuw/")
    assert DBTaskResult.objects.get().status == "READY"
    assert AuditEntry.objects.get(event="queue_retried").detail == {"task": "run_command"}


def test_page_warns_when_no_worker_runs() -> None:
    boss = signed_in(UserFactory(superuser=True, with_totp=True))
    assert "Er draait geen worker." in text(boss.get(QUEUE))
    running.heartbeat("een")
    assert "Er draait 1 worker." in text(boss.get(QUEUE))
    running.Worker.objects.update(seen_at=timezone.now() - 2 * limits.TASK_WORKER_LOST)
    assert "Er draait geen worker." in text(boss.get(QUEUE))


def test_dropped_mail_of_unknown_addresses_is_never_shown() -> None:
    passwords.send_reset_link("geen@x.nl", Origin())
    OutgoingMail.objects.update(tries=1)
    boss = signed_in(UserFactory(superuser=True, with_totp=True))
    assert "nobody@localhost" not in text(boss.get(QUEUE))
