"""Another address only from the new mailbox, once, by the person whose account it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.email_address import flows, links
from accounts.email_address.flows import Outcome
from accounts.models import User
from accounts.passwords import links as password_links
from accounts.passwords.links import Purpose
from tests.conftest import mails
from tests.factories import UserFactory

HERE = Origin("192.0.2.7", "Testbrowser")
NEW = "nieuw@voorbeeld.nl"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> User:
    return UserFactory(email="oud@voorbeeld.nl", first_name="Per")


def token_for(person: User, address: str = NEW) -> str:
    """Ask as the person does, and take the token out of the mail."""
    assert flows.request_change(person, address, HERE) is Outcome.REQUESTED
    link = next(line for line in mails()[-1].body.splitlines() if "/bevestigen/" in line)
    return link.split("/")[-2]


def address_of(person: User) -> str:
    return User.objects.get(pk=person.pk).email


# ASVS 6.3.7
def test_the_address_changes_after_confirmation_only_and_both_mailboxes_hear_of_it(person: User) -> None:
    token = token_for(person)
    assert address_of(person) == "oud@voorbeeld.nl"
    assert [message.to for message in mails()] == [[NEW]]
    assert flows.confirm(person, token, HERE) is Outcome.CHANGED
    assert address_of(person) == NEW
    assert sorted(message.to[0] for message in mails()[1:]) == [NEW, "oud@voorbeeld.nl"]
    events = AuditEntry.objects.filter(subject=person).order_by("id").values_list("event", "detail__after")
    assert list(events) == [(Event.ADDRESS_CHANGE_ASKED, NEW), (Event.ADDRESS_CHANGED_BY_PERSON, NEW)]


# ASVS 6.3.8
def test_an_address_that_is_taken_gets_the_same_answer_for_the_same_work(person: User) -> None:
    UserFactory(email="Bezet@voorbeeld.nl")
    statements = []
    for address in ("vrij@voorbeeld.nl", "bezet@voorbeeld.nl"):
        with CaptureQueriesContext(connection) as queries:
            assert flows.request_change(person, address, HERE) is Outcome.REQUESTED
        statements.append(len(queries))
    assert statements[0] == statements[1]


def test_the_owner_of_a_taken_address_hears_that_somebody_tried_and_nothing_else(person: User) -> None:
    owner = UserFactory(email="Bezet@voorbeeld.nl")
    flows.request_change(person, "bezet@voorbeeld.nl", HERE)
    [message] = mails()
    assert message.to == [owner.email]
    assert "/bevestigen/" not in message.body
    assert person.email not in message.body
    assert person.last_name not in message.body.replace(owner.first_name, "")


def test_the_mail_to_the_new_address_holds_nothing_that_the_asker_wrote(person: User) -> None:
    person.first_name = "Win een prijs op https://kwaad.voorbeeld.nl"
    person.save()
    token_for(person)
    assert "prijs" not in mails()[0].body
    assert person.email not in mails()[0].body


def test_a_link_works_once(person: User) -> None:
    token = token_for(person)
    assert flows.confirm(person, token, HERE) is Outcome.CHANGED
    assert flows.confirm(person, token, HERE) is Outcome.LINK_VOID
    # Not even after going back to the first address, when the account looks as it did.
    assert flows.confirm(person, token_for(User.objects.get(pk=person.pk), "oud@voorbeeld.nl"), HERE) is Outcome.CHANGED
    assert flows.confirm(person, token, HERE) is Outcome.LINK_VOID


def test_of_parallel_uses_of_one_link_one_changes_the_address(person: User) -> None:
    token = token_for(person)

    def use(_: int) -> Outcome:
        try:
            return flows.confirm(person, token, HERE)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(use, range(8))).count(Outcome.CHANGED) == 1
    assert AuditEntry.objects.filter(event=Event.ADDRESS_CHANGED_BY_PERSON).count() == 1


def test_of_two_people_who_confirm_one_address_at_once_one_gets_it() -> None:
    people = [UserFactory() for _ in range(6)]
    tokens = [links.make(person, address) for person, address in zip(people, [NEW, NEW.upper()] * 3, strict=True)]

    def use(number: int) -> Outcome:
        try:
            return flows.confirm(people[number], tokens[number], HERE)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(use, range(6)))
    assert sorted(outcome.name for outcome in outcomes) == ["CHANGED", *["LINK_VOID"] * 5]
    assert User.objects.filter(email__lower=NEW).count() == 1
    # Who came too late gets no mail about a change, and keeps a working account.
    assert AuditEntry.objects.filter(event=Event.ADDRESS_CHANGE_REFUSED).count() == 5
    assert len(mails()) == 2


def test_only_the_newest_link_works(person: User) -> None:
    older = token_for(person, "eerste@voorbeeld.nl")
    newer = token_for(person, "tweede@voorbeeld.nl")
    assert flows.confirm(person, older, HERE) is Outcome.LINK_VOID
    assert flows.confirm(person, newer, HERE) is Outcome.CHANGED


def test_a_link_ends_after_a_day(person: User) -> None:
    with time_machine.travel("2026-03-02 10:00Z", tick=False) as clock:
        token = token_for(person)
        clock.shift(limits.ADDRESS_LINK + timedelta(seconds=1))
        assert flows.confirm(person, token, HERE) is Outcome.LINK_VOID


def test_somebody_else_cannot_use_the_link(person: User) -> None:
    stranger = UserFactory()
    assert flows.confirm(stranger, token_for(person), HERE) is Outcome.LINK_VOID
    assert address_of(stranger) != NEW


@pytest.mark.parametrize("change", ["password", "email"])
def test_a_change_of_the_account_makes_the_link_void(person: User, change: str) -> None:
    token = token_for(person)
    fresh = User.objects.get(pk=person.pk)
    setattr(fresh, change, "anders@voorbeeld.nl")
    fresh.save()
    assert flows.confirm(person, token, HERE) is Outcome.LINK_VOID


def test_signing_in_again_does_not_make_the_link_void(person: User) -> None:
    token = token_for(person)
    User.objects.filter(pk=person.pk).update(last_login="2026-03-02T10:00Z")
    assert flows.confirm(person, token, HERE) is Outcome.CHANGED


def test_links_for_a_password_become_void(person: User) -> None:
    token = token_for(person)
    for_password = password_links.make(User.objects.get(pk=person.pk), Purpose.RESET)
    flows.confirm(person, token, HERE)
    assert password_links.holder(for_password) is None


def test_a_token_of_another_kind_or_a_changed_one_is_nothing(person: User) -> None:
    token = token_for(person)
    person.refresh_from_db()
    wrong = [
        "",
        "x",
        token[:-1],
        "A" + token,
        password_links.make(person, Purpose.RESET),
        signing.dumps({"user": person.pk, "address": NEW}, salt=links.SALT),
        signing.dumps(["user"], salt=links.SALT),
    ]
    assert {flows.confirm(person, bad, HERE) for bad in wrong} == {Outcome.LINK_VOID}


def test_capitals_alone_can_be_changed(person: User) -> None:
    assert flows.confirm(person, token_for(person, "Oud@Voorbeeld.nl"), HERE) is Outcome.CHANGED
    assert address_of(person) == "Oud@Voorbeeld.nl"


def test_the_present_address_is_refused_without_mail(person: User) -> None:
    assert flows.request_change(person, person.email, HERE) is Outcome.UNCHANGED
    assert mails() == []


def test_nobody_can_have_a_mailbox_filled(person: User) -> None:
    for _ in range(limits.ADDRESS_MAILS):
        token = token_for(person)
    assert flows.request_change(person, "nog.een@voorbeeld.nl", HERE) is Outcome.TOO_OFTEN
    assert flows.request_change(UserFactory(), NEW.upper(), HERE) is Outcome.TOO_OFTEN
    assert len(mails()) == limits.ADDRESS_MAILS
    # What was mailed keeps working.
    assert flows.confirm(person, token, HERE) is Outcome.CHANGED
