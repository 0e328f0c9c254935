"""The worker as the program that it is: killed, doubled and told to stop, with a real mail server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event

import pytest
from django.conf import settings as program
from django.db import connection
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.audit.models import AuditEntry, AuditSeal
from accounts.audit.origin import Origin
from accounts.background import schedule
from accounts.background.models import PeriodicJob, Worker
from accounts.mail import sending
from accounts.mail.models import OutgoingMail, State
from assetmaps.mail_preview.examples import EXAMPLES
from environments.people import imports
from environments.people.list_reader import read
from environments.people.models import PeopleImport
from tests.environments.people.staff import superuser
from tests.factories import OrganisationFactory, UserFactory
from tests.mail_server import MailServer, mail_server

pytestmark = pytest.mark.django_db(transaction=True)

FACTS = EXAMPLES["help_asked"][0]
PATIENCE = 60  # seconds, on a busy machine


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server(settings) as running:
        yield running


def database_url() -> str:
    """Of the database of this test."""
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    return f"postgres://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"


@contextmanager
def worker(server: MailServer) -> Iterator[subprocess.Popen]:
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.accounts.background.worker_settings",
        "SECRET_KEY": program.SECRET_KEY,
        "ENCRYPTION_KEYS": ",".join(program.ENCRYPTION_KEYS),
        "ALLOWED_HOSTS": "testserver",
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{server.server_address[1]}",
    }
    command = [sys.executable, "manage.py", "worker"]
    process = subprocess.Popen(command, cwd=program.BASE_DIR, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_mail_in_hand_of_a_killed_worker_is_sent_by_the_next_and_a_stopped_one_finishes_its_own(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_hand, go_on, answer = Event(), Event(), server.answer

    def slow(command: str, line: str) -> str:
        if command == "RCPT":
            in_hand.set()
            go_on.wait(PATIENCE)
        return answer(command, line)

    monkeypatch.setattr(server, "answer", slow)
    sending.send("help_asked", UserFactory(email="een@x.nl"), **FACTS)
    with worker(server) as first:
        assert in_hand.wait(PATIENCE)
        first.send_signal(signal.SIGKILL)
        first.wait()
    go_on.set()
    assert OutgoingMail.objects.get().state == State.WAITING
    with worker(server) as second:
        wait_for(lambda: OutgoingMail.objects.get().state == State.SENT)
        assert "een@x.nl" in server.recipients
        server.recipients.clear()
        go_on.clear()
        in_hand.clear()
        sending.send("help_asked", UserFactory(email="twee@x.nl"), **FACTS)
        assert in_hand.wait(PATIENCE)
        second.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert second.poll() is None, "not in the middle of a mail"
        go_on.set()
        assert second.wait(PATIENCE) == 0
    assert server.recipients == ["twee@x.nl"]
    assert not OutgoingMail.objects.exclude(state=State.SENT).exists()
    assert not Worker.objects.exists(), "who ends in good order says so"


def test_two_workers_send_each_mail_once_seal_and_run_each_job_once(server: MailServer) -> None:
    people = [UserFactory(email=f"p{number}@x.nl") for number in range(25)]
    for number, person in enumerate(people):
        sending.send("help_asked", person, in_bulk=number % 2 == 1, **FACTS)
    server.refuse("RCPT", "550 no such mailbox", "p3@x.nl")
    AuditEntry.objects.create(event="signed_out")
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(worker(server))
        wait_for(lambda: not OutgoingMail.objects.filter(state=State.WAITING).exists())
        wait_for(lambda: Worker.objects.count() == 2)
        wait_for(AuditSeal.objects.exists)
        wait_for(lambda: PeriodicJob.objects.count() == len(schedule.JOBS))
    assert Counter(server.recipients) == Counter(person.email for person in people if person.email != "p3@x.nl")
    refused = OutgoingMail.objects.get(state=State.REFUSED)
    assert (refused.to, refused.answer, refused.tries) == ("p3@x.nl", "550 no such mailbox", 1)
    jobs = DBTaskResult.objects.filter(task_path__endswith="run_command")
    names = [job.args_kwargs["args"][0] for job in jobs]
    assert Counter(names) == Counter(PeriodicJob.objects.values_list("name", flat=True))


def test_list_of_a_killed_worker_is_finished_by_the_next_with_nobody_invited_twice(server: MailServer) -> None:
    boss = superuser()
    batch = imports.create(read("\n".join(f"p{number}@x.nl" for number in range(24))), OrganisationFactory(), boss)
    assert imports.confirm(batch, boss, Origin("127.0.0.1", "Testbrowser", "NUMMER"))
    with worker(server) as first:
        wait_for(lambda: batch.lines.filter(state="done").exists())
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert PeopleImport.objects.get().finished_at is None, "it was killed in the middle"
    with worker(server):
        wait_for(lambda: PeopleImport.objects.get().finished_at)
        wait_for(lambda: not OutgoingMail.objects.filter(state=State.WAITING).exists())
    assert AuditEntry.objects.filter(event="invited").count() == 24
    assert len(set(server.recipients)) == 24
    assert sum(Counter(server.recipients).values()) <= 25, "one mail could have been in hand"
    assert not batch.lines.exclude(mail="sent").exists()
