"""Requests by anybody at "Wachtwoord vergeten" void no link of others and do not flood the audit trail."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import limits
from accounts.audit import activity, aggregation
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry, Repetition
from accounts.audit.origin import Origin
from accounts.email_address import flows as email_address
from accounts.email_address import links as address_links
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.passwords import flows, links
from accounts.passwords.links import Purpose
from tests.clock import later
from tests.conftest import mails
from tests.factories import PASSWORD, OrganisationFactory, UserFactory
from tests.pages import SIGN_IN, at_once, browser

pytestmark = pytest.mark.django_db(transaction=True)

HERE = Origin("192.0.2.7", "Testbrowser")


def ask(person: User, times: int = 1) -> None:
    for _ in range(times):
        browser().post("/wachtwoord-vergeten/", {"email": person.email})


def token_in(body: str) -> str:
    return re.findall(r"/(?:wachtwoord-instellen|bevestigen)/(\S+)/", body)[0]


def entries(person: User) -> int:
    return AuditEntry.objects.filter(event=Event.PASSWORD_LINK_SENT, subject=person, succeeded=False).count()


@pytest.fixture
def invited() -> User:
    person = UserFactory(email="nieuw@voorbeeld.nl", password="!x", organisation=OrganisationFactory())
    flows.invite(person, actor=None, origin=HERE)
    return person


def test_asking_for_a_link_voids_no_invitation_and_sends_it_anew(invited: User) -> None:
    first = token_in(mails()[0].body)
    ask(invited, limits.RESET_MAILS + 3)
    sent = mails()
    assert len(sent) == 1 + limits.RESET_MAILS
    assert {message.subject for message in sent} == {sent[0].subject}
    assert [links.invited(token_in(message.body)) for message in sent] == [invited] * len(sent)
    assert links.invited(first) == invited


def test_newest_invitation_of_an_administrator_still_voids_the_ones_before(invited: User) -> None:
    first = token_in(mails()[0].body)
    ask(invited)
    flows.invite(invited, actor=None, origin=HERE)
    assert [links.holder(token_in(message.body)) for message in mails()] == [None, None, invited]
    assert links.holder(first) is None


def test_invitation_that_ran_out_is_not_prolonged_by_a_stranger(invited: User) -> None:
    with later(limits.INVITATION_LINK + timedelta(minutes=1)):
        ask(invited)
        token = token_in(mails()[-1].body)
        assert links.holder(token) == invited
        assert links.invited(token) is None


def test_asking_for_a_link_voids_no_confirmation_of_another_address_nor_the_other_way_round() -> None:
    person = UserFactory()
    email_address.request_change(person, "ander@voorbeeld.nl", HERE)
    token = token_in(mails()[0].body)
    ask(person)
    reset = token_in(mails()[-1].body)
    person.refresh_from_db()
    assert address_links.new_address(token, person) == "ander@voorbeeld.nl"
    email_address.request_change(person, "nog-een@voorbeeld.nl", HERE)
    assert links.holder(reset) == person
    person.refresh_from_db()
    assert address_links.new_address(token, person) is None, "only the newest of one purpose works"


def test_address_that_is_taken_voids_nothing_because_no_link_is_sent() -> None:
    person, other = UserFactory(), UserFactory()
    email_address.request_change(person, "ander@voorbeeld.nl", HERE)
    token = token_in(mails()[0].body)
    email_address.request_change(person, other.email, HERE)
    person.refresh_from_db()
    assert address_links.new_address(token, person) == "ander@voorbeeld.nl"


def test_new_address_voids_every_link() -> None:
    person = UserFactory()
    tokens = [links.make(person, purpose) for purpose in Purpose]
    email_address.request_change(person, "ander@voorbeeld.nl", HERE)
    email_address.confirm(person, token_in(mails()[0].body), HERE)
    assert [links.holder(token) for token in tokens] == [None, None]


def test_asking_on_and_on_makes_one_entry_an_hour_with_a_count() -> None:
    person = UserFactory()
    ask(person, limits.RESET_MAILS_NETWORK)
    assert entries(person) == 1
    with later(limits.RESET_MAILS_PERIOD + timedelta(minutes=1)):
        ask(person, limits.RESET_MAILS + 2)
        assert entries(person) == 3
    counted = AuditEntry.objects.get(event=Event.PASSWORD_LINK_SENT, detail__count=26)
    assert activity.result(counted) == "geweigerd: te vaak om een mail gevraagd, 26 keer"
    page, _more = activity.page(person, None)
    assert len(page) < limits.ACTIVITY_PAGE


def test_what_was_gathered_is_written_by_purge_when_the_hour_is_over_and_sealed() -> None:
    person = UserFactory()
    ask(person, limits.RESET_MAILS + 10)
    call_command("purge")
    assert Repetition.objects.get().gathered == 9, "the hour is not over"
    with later(limits.REFUSAL_ENTRIES_PERIOD + timedelta(minutes=1)):
        call_command("purge")
        assert not Repetition.objects.exists()
        assert AuditEntry.objects.get(detail__count=9).subject == person
        call_command("verify_audit_trail")
        assert aggregation.flush() == 0


def test_refusals_are_gathered_until_the_hour_is_over_and_no_longer() -> None:
    person = UserFactory()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(limits.REFUSAL_ENTRIES + 1):
            aggregation.record_aggregated(Event.SSO_REFUSED, subject=person, origin=HERE, detail={})
        clock.shift(limits.REFUSAL_ENTRIES_PERIOD)
        aggregation.record_aggregated(Event.SSO_REFUSED, subject=person, origin=HERE, detail={})
    assert (Repetition.objects.get().seen, Repetition.objects.get().gathered) == (1, 0)


# ASVS 6.3.8
def test_entries_cost_the_same_for_an_address_that_nobody_has_also_after_many_others() -> None:
    person = UserFactory()
    for _number in range(limits.RESET_MAILS + 2):
        browser().post("/wachtwoord-vergeten/", {"email": "een@voorbeeld.nl"})
    costs = []
    for address in (person.email, "niemand@voorbeeld.nl"):
        for number in range(limits.RESET_MAILS + 2):
            with CaptureQueriesContext(connection) as queries:
                browser().post("/wachtwoord-vergeten/", {"email": address})
            costs.append((number, len(queries)))
    assert costs[: len(costs) // 2] == costs[len(costs) // 2 :]


def test_addresses_that_nobody_has_make_one_entry_an_hour_too() -> None:
    for number in range(limits.RESET_MAILS_NETWORK + 20):
        browser().post("/wachtwoord-vergeten/", {"email": f"n{number}@voorbeeld.nl"})
    assert AuditEntry.objects.filter(detail__cause="too many").count() == 1


def test_asking_does_not_make_reminders_skip_the_invitation(invited: User) -> None:
    first_day = timezone.localdate() + timedelta(days=30)
    Organisation.objects.filter(pk=invited.membership.organisation_id).update(
        second_step=SecondStep.REQUIRED, required_from=first_day
    )
    with later(limits.INVITATION_LINK + timedelta(hours=1)):
        ask(invited, limits.RESET_MAILS + 2)
        before = AuditEntry.objects.filter(event=Event.INVITED).count()
        call_command("send_reminders")
        assert AuditEntry.objects.filter(event=Event.INVITED).count() == before + 1
        invited.refresh_from_db()
        assert links.invited(token_in(mails()[-1].body)) == invited


def test_refused_ways_to_a_provider_and_waits_are_few_entries_too() -> None:
    organisation, person = OrganisationFactory(), UserFactory()
    for _ in range(100):
        detail: dict[str, str | int] = {"cause": "denied", "purpose": "sign_in"}
        record_aggregated(Event.SSO_REFUSED, subject=None, organisation=organisation, origin=HERE, detail=detail)
    assert AuditEntry.objects.filter(event=Event.SSO_REFUSED).count() == limits.REFUSAL_ENTRIES
    with later(limits.REFUSAL_ENTRIES_PERIOD + timedelta(minutes=1)):
        aggregation.flush()
    gathered = AuditEntry.objects.get(event=Event.SSO_REFUSED, detail__count=100 - limits.REFUSAL_ENTRIES)
    assert gathered.organisation_id == organisation.pk
    for number in range(limits.REFUSAL_ENTRIES + 15):
        where = {"REMOTE_ADDR": f"203.0.113.{number // 20}"}
        browser().post(SIGN_IN, {"username": person.email, "password": "iets heel anders"}, **where)
    waiting = AuditEntry.objects.filter(subject=person, detail__cause="waiting")
    assert waiting.count() <= limits.REFUSAL_ENTRIES
    assert browser().post(SIGN_IN, {"username": person.email, "password": PASSWORD}).url == "/"


def test_many_at_once_are_counted_exactly() -> None:
    person = UserFactory()

    def refuse() -> None:
        record_aggregated(
            Event.PASSWORD_LINK_SENT, subject=person, origin=HERE, detail={"cause": "too many"}, single_entries=1
        )

    at_once([refuse] * 12)
    assert (entries(person), Repetition.objects.get().gathered) == (1, 11)


def test_right_password_makes_few_entries_with_codes_of_support_that_nobody_gave() -> None:
    person, client = UserFactory(with_totp=True), browser()
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    for _ in range(45):
        client.post("/inloggen/code-van-support/", {"code": "K7N3-MZDW"})
    assert AuditEntry.objects.filter(subject=person).count() <= limits.REFUSAL_ENTRIES + 5
