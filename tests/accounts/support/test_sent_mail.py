"""The last mails of a person, on the person's page in the administration and at the support desk: what became of each,
for who may see the person, and never a text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts import limits
from accounts.audit.origin import Origin
from accounts.mail import history, sending
from accounts.mail.models import OutgoingMail, State
from accounts.models import User
from accounts.passwords import flows as passwords
from assetmaps.mail_preview.examples import EXAMPLES
from tests.background import run_tasks
from tests.environments.people.staff import administrator, page_of
from tests.factories import OrganisationFactory, UserFactory
from tests.mail_server import mail_server
from tests.pages import signed_in, text

pytestmark = pytest.mark.django_db


def section(page: str) -> str:
    """The list of mails on a page; empty when it has none."""
    return page.partition('id="mails"')[2].partition("</section>")[0]


def pages_of(person: User, *workers: User) -> list[str]:
    """Both pages, each as a worker sees it."""
    addresses = (page_of(person), f"/beheer/support/{person.pk}/")
    return [section(text(client.get(address))) for client in map(signed_in, workers) for address in addresses]


def stored(person: User, template: str = "help_asked", **values: object) -> OutgoingMail:
    now = timezone.now()
    known = {"to": person.email, "state": State.SENT, "ended_at": now, "tries": 1, "message_id": "<a@x>"}
    return OutgoingMail.objects.create(person=person, template=template, **known | values)


def test_both_pages_say_what_the_mail_server_answered_and_show_no_text(settings: Settings) -> None:
    town = OrganisationFactory()
    person = UserFactory(email="jan@x.nl", organisation=town)
    clerk = administrator(town)
    clerk.groups.add(Group.objects.get(name="Support eigen organisatie"))
    workers = [UserFactory(superuser=True, with_totp=True), clerk]
    with mail_server(settings) as server:
        passwords.send_reset_link(person.email, Origin())
        run_tasks()
        server.refuse("RCPT", "451 come back later")
        sending.send("help_asked", person, **EXAMPLES["help_asked"][0])
        run_tasks()
        server.answers.clear()
        server.refuse("RCPT", "550 5.1.1 no such mailbox")
        sending.send("second_step_reminder", person, **EXAMPLES["second_step_reminder"][0])
        run_tasks()
    sent, waiting, _refused = OutgoingMail.objects.order_by("pk")
    for page in pages_of(person, *workers):
        assert "Link voor een nieuw wachtwoord" in page
        assert f"verstuurd {history.moment(sent.ended_at)}" in page
        assert f"wacht, volgende poging {history.moment(waiting.next_try_at)}: 451 come back later" in page
        assert "geweigerd: 550 5.1.1 no such mailbox" in page
        assert "wachtwoord-instellen" not in page
        assert "jan@x.nl" not in page, "the page says that already"
        assert page.index("Herinnering") < page.index("Link voor"), "the newest first"


def test_nobody_sees_mails_of_people_out_of_scope() -> None:
    person = UserFactory(organisation=OrganisationFactory())
    stored(person)
    assert pages_of(person, administrator(OrganisationFactory())) == ["", ""]


def test_who_works_for_one_organisation_sees_no_alarms_and_no_address_of_another_one() -> None:
    town = OrganisationFactory()
    person = UserFactory(email="jan@x.nl", organisation=town)
    former = "jan@elders.nl"
    stored(person, to=former, state=State.REFUSED, answer="550 <JAN@elders.nl> unknown")
    stored(person, "worker_stopped")
    stored(person, deliver=False, template="password_link")
    everything, *_ = pages_of(person, UserFactory(superuser=True, with_totp=True))
    assert f"aan {former}" in everything
    assert "te veel acties" in everything
    assert "Link voor een nieuw wachtwoord" not in everything, "it was never to be sent"
    own, *_ = pages_of(person, administrator(town))
    assert "aan een ander adres" in own
    assert "elders.nl" not in own.lower()
    assert "geweigerd" in own
    assert "550" not in own, "the answer may name the other address"
    assert "te veel acties" not in own


def test_list_is_bounded_and_costs_one_query() -> None:
    person = UserFactory()
    boss = signed_in(UserFactory(superuser=True, with_totp=True))

    def look() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as asked:
            page = text(boss.get(page_of(person)))
        about = [query["sql"] for query in asked if "mail_outgoingmail" in query["sql"]]
        assert len(about) == 1
        assert '"content"' not in about[0], "what waits is sealed and long"
        return len(asked), section(page).count("<li>")

    look()  # the first request of a process asks what later ones know
    none, lines = look()
    assert lines == 0
    for number in range(limits.MAILS_SHOWN + 5):
        stored(person, created_at=timezone.now() - timedelta(minutes=number))
    assert look() == (none, limits.MAILS_SHOWN)


def test_moment_has_its_day_unless_that_is_today() -> None:
    now = timezone.localtime()
    assert history.moment(now) == f"{now:%H:%M}"
    assert history.moment(now - timedelta(days=1)).endswith(f" {now:%H:%M}")
    assert len(history.moment(now - timedelta(days=1))) > 5
