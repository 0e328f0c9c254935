"""Invitations that the mail server refuses: told for each person, on every page that sends them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.audit.origin import Origin
from environments.people import import_processing, imports
from environments.people.list_reader import read
from environments.people.models import PeopleImport
from tests.background import run_tasks
from tests.conftest import prove
from tests.environments.people.staff import page_of, superuser
from tests.factories import OrganisationFactory, UserFactory
from tests.mail_server import MailServer, mail_server
from tests.pages import signed_in, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server(settings) as running:
        running.refuse("RCPT", "550 no such mailbox", "weg")
        yield running
        run_tasks()


@pytest.fixture
def boss() -> Client:
    client = signed_in(superuser())
    prove(client)
    return client


def confirmed(client: Client) -> PeopleImport:
    worker = UserFactory._meta.model.objects.get(is_superuser=True)
    batch = imports.create(read("een@x.nl\nweg@x.nl\ngeen adres"), OrganisationFactory(), worker)
    assert imports.confirm(batch, worker, Origin("127.0.0.1", "Testbrowser", "NUMMER"))
    return batch


def page(client: Client, batch: PeopleImport) -> str:
    return text(client.get(f"/beheer/mensen/uitnodigen/{batch.pk}/?toon=alles"))


def test_list_tells_for_each_person_and_sends_again_to_whom_got_none(server: MailServer, boss: Client) -> None:
    batch = confirmed(boss)
    import_processing.carry_out(batch.pk)
    run_tasks()
    shown = page(boss, batch)
    assert "<strong>uitgenodigd</strong>" in shown
    assert "<strong>mail geweigerd: 550 no such mailbox</strong>" in shown
    assert "<li><strong>1</strong> uitgenodigd</li>" in shown
    assert "<li><strong>1</strong> mail geweigerd</li>" in shown
    assert "Stuur 1 uitnodiging opnieuw" in shown
    server.answers.clear()
    again = f"/beheer/mensen/uitnodigen/{batch.pk}/opnieuw/"
    assert "Er is 1 uitnodiging verstuurd." in text(boss.post(again, follow=True))
    run_tasks()
    shown = page(boss, batch)
    assert "<li><strong>2</strong> uitgenodigd</li>" in shown
    assert "geweigerd" not in shown
    assert "opnieuw</" not in shown
    assert server.recipients == ["een@x.nl", "weg@x.nl"]


def test_page_of_a_person_says_sent_only_when_it_is(server: MailServer, boss: Client) -> None:
    for name, told in (
        ("een", "Er is 1 uitnodiging verstuurd."),
        ("weg", "De mailserver weigert de uitnodiging voor weg@x.nl: 550 no such mailbox"),
    ):
        person = UserFactory(email=f"{name}@x.nl", password="!x")
        shown = text(boss.post(f"/beheer/mensen/{person.pk}/uitnodigen/", follow=True))
        assert told in shown
        assert ("verstuurd." in shown) == (name == "een")
        assert person.email in text(boss.get(page_of(person)))


def test_many_at_once_are_told_apart(server: MailServer, boss: Client) -> None:
    people = [UserFactory(email=f"{name}@x.nl", password="!x") for name in ("een", "twee", "weg")]
    ids = "-".join(str(person.pk) for person in people)
    shown = text(boss.post("/beheer/mensen/opnieuw-uitnodigen/", {"ids": ids}, follow=True))
    assert "Er zijn 2 uitnodigingen verstuurd." in shown
    assert "weg@x.nl: 550 no such mailbox" in shown
