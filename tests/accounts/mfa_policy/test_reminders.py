"""Reminders: on the right days, to the right people, once."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import CONSOLE
from accounts.mfa_policy.models import Reminder
from accounts.mfa_policy.reminders import flows
from accounts.mfa_policy.reminders.flows import Sent
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.passwords import flows as passwords
from accounts.passwords import links
from tests.conftest import mails
from tests.factories import AuthenticatorFactory, OrganisationFactory, UserFactory
from tests.pages import at_once

FIRST_DAY = date(2027, 3, 3)


def days_before(number: int) -> time_machine.travel:
    noon = datetime.combine(FIRST_DAY - timedelta(days=number), time(12), tzinfo=timezone.get_default_timezone())
    return time_machine.travel(noon, tick=False)


@pytest.fixture
def organisation(db: None) -> Organisation:
    return OrganisationFactory(name="Gemeente Voorbeeld", second_step=SecondStep.REQUIRED, required_from=FIRST_DAY)


def newcomer(organisation: Organisation) -> User:
    person = UserFactory(organisation=organisation)
    person.set_unusable_password()
    person.save()
    return person


@pytest.mark.parametrize(
    ("left", "day"),
    [
        (31, None),
        (30, 30),
        (29, 30),
        (15, 30),
        (14, 14),
        (8, 14),
        (7, 7),
        (2, 7),
        (1, 1),
        (0, 0),
        (-1, 0),
        (-3, 0),
        (-4, None),
        (-400, None),
    ],
)
def test_day_that_was_missed_is_made_up_for_by_one_mail(left: int, day: int | None) -> None:
    assert flows.due(left) == day


def test_person_hears_of_it_five_times_and_not_once_more(organisation: Organisation) -> None:
    UserFactory(organisation=organisation)
    told = []
    for number in range(40, -10, -1):
        with days_before(number):
            for _ in range(2):  # again on the same day
                if flows.send_all().reminded:
                    told.append(number)
    assert told == [30, 14, 7, 1, 0]
    assert AuditEntry.objects.filter(event="reminded").count() == Reminder.objects.count() == 5


def test_command_that_did_not_run_for_three_weeks_sends_one_mail(organisation: Organisation) -> None:
    UserFactory(organisation=organisation)
    with days_before(5):
        assert flows.send_all() == Sent(reminded=1)
    with days_before(4):
        assert flows.send_all() == Sent()


def test_only_people_whom_the_demand_will_stop_are_reminded(organisation: Organisation) -> None:
    wanted = UserFactory(organisation=organisation)
    unfinished = UserFactory(organisation=organisation)
    AuthenticatorFactory(user=unfinished, confirmed=False)
    UserFactory(organisation=organisation, with_totp=True)
    UserFactory(organisation=organisation, is_active=False)
    UserFactory(organisation=organisation, staff=True)
    UserFactory(organisation=OrganisationFactory())
    UserFactory()
    with days_before(14):
        assert flows.send_all() == Sent(reminded=2)
    assert set(Reminder.objects.values_list("user", flat=True)) == {wanted.pk, unfinished.pk}
    assert {entry.organisation_id for entry in AuditEntry.objects.filter(event="reminded")} == {organisation.pk}


def test_who_sets_it_up_hears_no_more(organisation: Organisation) -> None:
    person = UserFactory(organisation=organisation)
    with days_before(30):
        flows.send_all()
    AuthenticatorFactory(user=person)
    with days_before(14):
        assert flows.send_all() == Sent()


def test_demand_that_is_withdrawn_or_moved_is_followed(organisation: Organisation) -> None:
    UserFactory(organisation=organisation)
    with days_before(14):
        flows.send_all()
        Organisation.objects.update(second_step=SecondStep.OPTIONAL, required_from=None)
    with days_before(7):
        assert flows.send_all() == Sent()
        Organisation.objects.update(second_step=SecondStep.REQUIRED, required_from=FIRST_DAY + timedelta(days=7))
        assert flows.send_all() == Sent(reminded=1)  # fourteen days before another first day


def test_mail_has_one_link_and_the_words_of_the_reader(
    organisation: Organisation, django_capture_on_commit_callbacks: object
) -> None:
    dutch = UserFactory(organisation=organisation, first_name="Jan")
    english = UserFactory(organisation=organisation, language="en")
    with days_before(14), django_capture_on_commit_callbacks(execute=True):
        flows.send_all()
    sent = {message.to[0]: message for message in mails()}
    assert sent[dutch.email].subject == "Stel vóór 3 maart twee-staps-authenticatie in"
    assert "Vanaf woensdag 3 maart 2027 vraagt Gemeente Voorbeeld bij het inloggen" in sent[dutch.email].body
    assert sent[english.email].subject == "Set up two-step authentication before 3 March"
    link = "https://mijn.assetmaps.nl/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/"
    for message in sent.values():
        assert link in message.body
        assert message.body.count("https://") == 2  # and the portal's own below the name


def test_mail_of_the_day_itself_says_that_it_holds_now(
    organisation: Organisation, django_capture_on_commit_callbacks: object
) -> None:
    UserFactory(organisation=organisation)
    with days_before(0), django_capture_on_commit_callbacks(execute=True):
        flows.send_all()
    (message,) = mails()
    assert message.subject == "Gemeente Voorbeeld vraagt nu om twee-staps-authenticatie"
    assert "Gemeente Voorbeeld vraagt nu bij het inloggen om een tweede stap" in message.body


def test_name_of_an_organisation_is_text_and_one_line_in_a_subject(
    organisation: Organisation, django_capture_on_commit_callbacks: object
) -> None:
    Organisation.objects.update(name="Jansen & Zn <b>\r\nBcc: iedereen@voorbeeld.nl")
    UserFactory(organisation=organisation)
    with days_before(0), django_capture_on_commit_callbacks(execute=True):
        flows.send_all()
    (message,) = mails()
    assert message.subject.startswith("Jansen & Zn <b> Bcc:")
    assert message.recipients() == message.to


class TestWhoNeverChoseAPassword:
    """There is nothing to add a second step to, so they are invited again; but never so that a good link dies."""

    def test_is_invited_again_twice(self, organisation: Organisation) -> None:
        newcomer(organisation)
        invited = []
        for number in range(35, -5, -1):
            with days_before(number):
                if flows.send_all() != Sent():
                    invited.append(number)
        assert invited == list(limits.REMINDER_INVITATION_DAYS)
        assert not AuditEntry.objects.filter(event="reminded").exists()
        assert AuditEntry.objects.filter(event="invited").count() == 2

    def test_new_link_works_and_no_good_one_is_made_void(
        self, organisation: Organisation, django_capture_on_commit_callbacks: object
    ) -> None:
        person = newcomer(organisation)
        with days_before(30):
            with django_capture_on_commit_callbacks(execute=True):
                passwords.invite(person, actor=None, origin=CONSOLE)
            with django_capture_on_commit_callbacks(execute=True):
                assert flows.send_all() == Sent()
            (first,) = mails()
            assert links.holder(first.body.split("/wachtwoord-instellen/")[1].split("/")[0]) == person
        with days_before(22), django_capture_on_commit_callbacks(execute=True):
            assert flows.send_all() == Sent(invited=1)
        with days_before(22):
            second = mails()[-1]
            assert links.holder(second.body.split("/wachtwoord-instellen/")[1].split("/")[0]) == person

    def test_link_that_anybody_may_ask_for_stops_no_invitation_and_still_works(
        self, organisation: Organisation, django_capture_on_commit_callbacks: object
    ) -> None:
        person = newcomer(organisation)
        with days_before(30):
            with django_capture_on_commit_callbacks(execute=True):
                passwords.send_reset_link(person.email, CONSOLE)
                assert flows.send_all() == Sent(invited=1)
            tokens = [mail.body.split("/wachtwoord-instellen/")[1].split("/")[0] for mail in mails()]
            assert [links.holder(token) for token in tokens] == [person, person]


def test_batches_reach_everybody_once(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMINDER_BATCH", 3)
    for number in range(8):
        UserFactory(organisation=organisation, with_totp=number == 4)
        OrganisationFactory()
    newcomer(organisation)
    with days_before(7):
        assert flows.send_all() == Sent(reminded=7, invited=1)
        assert flows.send_all() == Sent()


def test_notes_are_purged_long_after_the_first_day(organisation: Organisation) -> None:
    UserFactory(organisation=organisation)
    with days_before(7):
        flows.send_all()
    with days_before(-90):
        assert flows.purge() == 0
    with days_before(-91):
        call_command("purge", verbosity=0)
    assert not Reminder.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_four_runs_at_once_send_each_mail_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMINDER_BATCH", 4)
    organisation = OrganisationFactory(
        second_step=SecondStep.REQUIRED, required_from=timezone.localdate() + timedelta(days=7)
    )
    people = UserFactory.create_batch(18, organisation=organisation)
    waiting = [newcomer(organisation) for _ in range(3)]
    found = at_once([flows.send_all] * 4)
    assert sum(found, Sent()) == Sent(reminded=18, invited=3)
    sent = sorted(message.to[0] for message in mails())
    assert sent == sorted(person.email for person in [*people, *waiting])
    assert AuditEntry.objects.filter(event="reminded").count() == 18
    assert AuditEntry.objects.filter(event="invited").count() == 3
