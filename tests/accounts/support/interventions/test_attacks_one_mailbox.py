"""A thief reads the mailbox: a new password comes from there, and so does the link of a reset."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.formats import date_format

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.recording import record
from accounts.models import User
from accounts.passwords import flows as passwords
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.support import group, unverified_changes
from accounts.support.desk import account_state, warnings
from accounts.support.flows import Refusal
from accounts.support.interventions import approval, flows
from accounts.support.interventions.flows import Outcome
from accounts.support.models import DESK_KINDS, Intervention, Kind, State
from accounts.two_factor.models import Authenticator, BridgeCode
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.accounts.support.desk_pages import APPROVALS, HERE, act, check_caller, page_of
from tests.clock import later
from tests.codes import code_of
from tests.conftest import mails
from tests.factories import PASSWORD, OrganisationFactory, UserFactory
from tests.pages import at_once, browser, shown, signed_in

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(hours=24)
OLD, NEW = "oud@voorbeeld.nl", "nieuw@voorbeeld.nl"


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


@pytest.fixture
def second() -> User:
    return UserFactory(in_support=True, with_totp=True, email="tweede@voorbeeld.nl")


@pytest.fixture
def person() -> User:
    found = UserFactory(with_totp=True, email=OLD)
    with time_machine.travel(timezone.now() - timedelta(days=30), tick=True):
        signed_in(found)
    return found


def password_by_mail(person: User) -> None:
    assert passwords.set_from_link(links.make(person, Purpose.RESET), PASSWORD, HERE)
    person.refresh_from_db()


def moved(person: User, by: User | None = None) -> None:
    """An address of somebody else, whoever set it."""
    event = Event.ADDRESS_CHANGED if by else Event.ADDRESS_CHANGED_BY_PERSON
    before, person.email = person.email, f"anders{AuditEntry.objects.count()}@voorbeeld.nl"
    person.save(update_fields=["email"])
    record(event, subject=person, actor=by, origin=HERE, detail={"before": before})


def administrator(of: object, **traits: object) -> User:
    found = UserFactory(staff=True, with_totp=True, organisation=of, **traits)
    found.groups.add(Group.objects.get(name=group.ORGANISATION_ADMINISTRATORS))
    return found


def store(client: object, person: User, address: str) -> str:
    values = {"email": address, "first_name": person.first_name, "last_name": person.last_name, "language": "nl"}
    return shown(client, f"/beheer/accounts/user/{person.pk}/change/", values | {"is_active": "on"})


def is_reset(person: User) -> bool:
    return not Authenticator.objects.filter(user=person).exists()


# ASVS 6.4.4
# NIST N27
@pytest.mark.parametrize("kind", [Kind.RESET, Kind.BRIDGE_CODE])
@pytest.mark.parametrize("way", ["password", "own address", "address by an administrator"])
def test_password_or_address_by_mail_and_then_one_worker_open_nothing(
    kind: Kind, way: str, desk: User, second: User, person: User
) -> None:
    if way == "password":
        password_by_mail(person)
    else:
        moved(person, UserFactory(superuser=True) if "administrator" in way else None)
    check_caller(person, desk)
    result = act(kind, person, desk)
    assert result.outcome is Outcome.ASKED
    assert "tweede medewerker" in shown(signed_in(desk), page_of(person))
    assert flows.carry_out(result.intervention, desk, HERE).outcome is Refusal.NOT_READY
    assert not is_reset(person)
    assert not BridgeCode.objects.exists()
    assert approval.approve(result.intervention, second, HERE) is None
    assert flows.carry_out(result.intervention, desk, HERE).outcome is Outcome.DONE


def test_page_of_a_reset_asks_to_speak_to_whom_the_mailbox_may_not_be(desk: User, person: User) -> None:
    client, address = signed_in(desk), page_of(person, Kind.RESET)
    assert "leest iemand anders mee" not in shown(client, address)
    password_by_mail(person)
    assert "Misschien leest iemand anders mee in die mailbox." in shown(client, address)


def test_without_a_second_worker_it_takes_a_day_in_which_the_old_mailbox_can_cancel(desk: User, person: User) -> None:
    moved(person)
    asked = act(Kind.RESET, person, desk).intervention
    with time_machine.travel(timezone.now() + DAY - timedelta(minutes=1)):
        assert flows.carry_out(asked, desk, HERE).outcome is Refusal.NOT_READY
    letters = {mail.to[0]: mail.body for mail in mails()[-2:]}
    assert set(letters) == {OLD, person.email}
    link = re.search(r"https://mijn\.assetmaps\.nl(/hulp-van-support-intrekken/\S+)", letters[OLD])[1]
    browser().post(link, {"answer": "do"})
    with time_machine.travel(timezone.now() + DAY + timedelta(minutes=1)):
        assert flows.carry_out(asked, desk, HERE).outcome is Refusal.NOT_READY
        again = act(Kind.RESET, person, desk).intervention
    with time_machine.travel(timezone.now() + 2 * DAY + timedelta(minutes=2)):
        assert flows.carry_out(again, desk, HERE).outcome is Outcome.DONE


def test_link_of_the_reset_goes_to_the_present_mailbox_only_and_the_old_one_hears_of_it(
    desk: User, second: User, person: User
) -> None:
    moved(person)
    asked = act(Kind.RESET, person, desk).intervention
    approval.approve(asked, second, HERE)
    flows.carry_out(asked, desk, HERE)
    letters = {mail.to[0]: mail.body for mail in mails()[-2:]}
    assert "/nieuwe-telefoon/" in letters[person.email]
    assert "/nieuwe-telefoon/" not in letters[OLD]
    assert "/dit-was-ik-niet/" in letters[OLD]
    assert asked.receipt in letters[OLD]


@pytest.mark.parametrize("factor", ["app", "recovery code"])
def test_sign_in_with_the_second_factor_ends_it(factor: str, desk: User, person: User) -> None:
    with later(-2 * limits.NOT_ME_LINK):  # newer ones prove nothing yet
        codes = recovery_codes.make(person, HERE)
    password_by_mail(person)
    client = browser()
    client.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    assert unverified_changes.changes(person)
    if factor == "app":
        client.post("/inloggen/verificatie/", {"code": code_of(person)})
    else:
        client.post("/inloggen/herstelcode/", {"code": codes[0]})
    assert not unverified_changes.changes(person)
    assert act(Kind.RESET, person, desk).outcome is Outcome.DONE
    password_by_mail(person)
    assert act(Kind.RESET, person, desk).outcome is Outcome.ASKED, "anew with the next one"


def test_new_phone_by_a_link_is_no_sign_in_with_the_second_factor(desk: User, second: User, person: User) -> None:
    password_by_mail(person)
    asked = act(Kind.RESET, person, desk).intervention
    approval.approve(asked, second, HERE)
    flows.carry_out(asked, desk, HERE)
    client = browser()
    client.get(re.search(r"https://mijn\.assetmaps\.nl(/nieuwe-telefoon/\S+)", mails()[-1].body)[1])
    client.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    assert AuditEntry.objects.filter(event=Event.SIGNED_IN).latest("pk").detail["factor"] == "recovery_link"
    assert act(Kind.RESET, person, desk).outcome is Outcome.ASKED


def test_warning_stays_until_that_sign_in_however_long_it_takes(person: User) -> None:
    password_by_mail(person)
    moved(person)
    with time_machine.travel(timezone.now() + 10 * limits.WARNING_PERIOD, tick=True):
        found = warnings.of(person, account_state.of(person))
        assert ["e-mailadres" in found[0], "link uit de mail" in found[1], "tweede stap" in found[2]] == [True] * 3
        signed_in(person)
        assert warnings.of(person, account_state.of(person)) == []


def test_where_the_password_is_all_there_is_a_reset_takes_no_second_worker(desk: User) -> None:
    plain = UserFactory()
    password_by_mail(plain)
    assert act(Kind.RESET, plain, desk).outcome is Outcome.DONE
    assert any("link uit de mail" in one for one in warnings.of(plain, account_state.of(plain)))
    with time_machine.travel(timezone.now() + limits.WARNING_PERIOD + timedelta(minutes=1)):
        assert warnings.of(plain, account_state.of(plain)) == []


@pytest.mark.parametrize("approved", [False, True])
def test_what_was_asked_before_the_password_came_by_mail_is_worth_nothing(
    approved: bool, desk: User, second: User
) -> None:
    colleague = UserFactory(in_support=True, with_totp=True)
    asked = act(Kind.RESET, colleague, desk).intervention
    if approved:
        approval.approve(asked, second, HERE)
    with time_machine.travel(timezone.now() + DAY - timedelta(minutes=10)):
        password_by_mail(colleague)
    when = timedelta(hours=23, minutes=55) if approved else DAY + timedelta(minutes=1)
    with time_machine.travel(timezone.now() + when):
        assert flows.carry_out(asked, desk, HERE).outcome is Refusal.NOT_READY
        assert not is_reset(colleague)
        assert Intervention.objects.get(pk=asked.pk).state == State.CANCELLED
        assert act(Kind.RESET, colleague, desk).outcome is Outcome.ASKED


def test_who_changed_the_address_and_the_colleagues_of_that_organisation_are_one(desk: User) -> None:
    mine = OrganisationFactory()
    changer, colleague, helper = (UserFactory(staff=True, organisation=mine) for _ in range(3))
    for worker in (colleague, helper):
        worker.groups.add(Group.objects.get(name="Support eigen organisatie"))
    subject = UserFactory(with_totp=True, organisation=mine)
    moved(subject, changer)
    assert act(Kind.RESET, subject, colleague).outcome is Refusal.CHANGED_ADDRESS
    asked = act(Kind.RESET, subject, desk).intervention
    assert approval.approve(asked, helper, HERE) is Refusal.CHANGED_ADDRESS
    assert approval.approve(asked, UserFactory(in_support=True, organisation=mine), HERE) is None
    with time_machine.travel(timezone.now() + 4 * limits.WARNING_PERIOD, tick=True):
        assert act(Kind.RESET, subject, colleague).outcome is Refusal.CHANGED_ADDRESS, "until the second factor"
        signed_in(subject)
        assert act(Kind.RESET, subject, colleague).outcome is Outcome.DONE


def test_another_address_waits_and_both_mailboxes_hear_of_it(person: User) -> None:
    mine = OrganisationFactory()
    subject = UserFactory(with_totp=True, organisation=mine, email="wie@voorbeeld.nl")
    password_by_mail(subject)
    client = signed_in(administrator(mine))
    assert "nog niet gewijzigd" in store(client, subject, NEW)
    subject.refresh_from_db()
    assert subject.email == "wie@voorbeeld.nl"
    letters = {mail.to[0]: mail.body for mail in mails()[-2:]}
    assert set(letters) == {"wie@voorbeeld.nl", NEW}
    assert "/hulp-van-support-intrekken/" in letters["wie@voorbeeld.nl"]
    assert "https://mijn.assetmaps.nl/" not in letters[NEW], "whose mailbox that is, nobody has shown"
    assert all(NEW in body for body in letters.values())
    assert "nog niet gewijzigd" in store(client, subject, NEW)
    assert Intervention.objects.count() == 1


def test_stored_again_after_a_day_the_address_changes(person: User) -> None:
    boss = UserFactory(superuser=True, with_totp=True)
    password_by_mail(person)
    refused = store(signed_in(boss), person, NEW)
    assert date_format(timezone.localtime(Intervention.objects.get().asked_at + DAY), "j F H:i") in refused
    with time_machine.travel(timezone.now() + DAY + timedelta(minutes=1), tick=True):
        assert "nog niet gewijzigd" not in store(signed_in(boss), person, NEW)
    person.refresh_from_db()
    assert person.email == NEW
    assert {mail.to[0] for mail in mails()[-2:]} == {OLD, NEW}
    entry = AuditEntry.objects.get(event=Event.ADDRESS_CHANGED)
    assert entry.detail == {"before": OLD, "after": NEW, "receipt": Intervention.objects.get().receipt}


def test_second_worker_approves_an_address_and_counts_as_who_chose_it(second: User, person: User) -> None:
    boss = UserFactory(superuser=True, with_totp=True)
    password_by_mail(person)
    client = signed_in(boss)
    store(client, person, NEW)
    asked = Intervention.objects.get()
    assert NEW in shown(signed_in(second), APPROVALS)
    assert approval.approve(asked, boss, HERE) is Refusal.NOT_ONES_OWN
    assert approval.approve(asked, second, HERE) is None
    assert "Adres bewaren" in shown(client, APPROVALS)
    change = f"/beheer/accounts/user/{person.pk}/change/"
    assert client.post(f"{APPROVALS}{asked.pk}/uitvoeren/").url == change
    store(client, person, NEW)
    person.refresh_from_db()
    assert person.email == NEW
    for worker in (boss, second):
        assert act(Kind.RESET, person, worker).outcome is Refusal.CHANGED_ADDRESS


def test_colleague_of_the_same_organisation_is_no_second_for_an_address(person: User) -> None:
    mine = OrganisationFactory()
    helper = UserFactory(staff=True, organisation=mine)
    helper.groups.add(Group.objects.get(name="Support eigen organisatie"))
    subject = UserFactory(with_totp=True, organisation=mine)
    password_by_mail(subject)
    store(signed_in(administrator(mine)), subject, NEW)
    assert approval.approve(Intervention.objects.get(), helper, HERE) is Refusal.CHANGED_ADDRESS


def test_another_address_in_the_place_of_the_first_waits_anew(person: User) -> None:
    boss = UserFactory(superuser=True, with_totp=True)
    password_by_mail(person)
    store(signed_in(boss), person, NEW)
    with time_machine.travel(timezone.now() + DAY + timedelta(minutes=1), tick=True):
        client = signed_in(boss)
        assert "nog niet gewijzigd" in store(client, person, "derde@voorbeeld.nl")
        assert "nog niet gewijzigd" in store(client, person, NEW)
    person.refresh_from_db()
    assert person.email == OLD
    assert Intervention.objects.filter(state=State.CANCELLED).count() == 2


def test_address_of_somebody_who_showed_the_second_factor_changes_at_once(person: User) -> None:
    assert "nog niet gewijzigd" not in store(signed_in(UserFactory(superuser=True, with_totp=True)), person, NEW)
    person.refresh_from_db()
    assert person.email == NEW


def test_not_me_stops_an_address_that_waits(person: User) -> None:
    boss = UserFactory(superuser=True, with_totp=True)
    password_by_mail(person)
    store(signed_in(boss), person, NEW)
    (letter,) = [mail.body for mail in mails() if mail.to == [OLD] and "/hulp-van-support-intrekken/" in mail.body]
    browser().post(re.search(r"https://mijn\.assetmaps\.nl(/dit-was-ik-niet/\S+)", letter)[1], {"answer": "do"})
    assert Intervention.objects.get().state == State.CANCELLED


def test_of_many_who_ask_at_once_none_is_carried_out(person: User) -> None:
    password_by_mail(person)
    workers = [UserFactory(in_support=True) for _ in range(4)]
    results = at_once([partial(act, Kind.RESET, person, worker) for worker in workers])
    assert {result.outcome for result in results} == {Outcome.ASKED}
    assert not is_reset(person)
    assert len(DESK_KINDS) == 4


def test_what_was_asked_between_two_passwords_by_mail_is_worth_nothing_either() -> None:
    person, desk = UserFactory(with_totp=True), UserFactory(in_support=True, with_totp=True)
    password_by_mail(person)  # the owner, whom support then recognises
    with later(timedelta(hours=1)):
        assert act(Kind.RESET, person, desk).outcome is Outcome.ASKED
    with later(timedelta(hours=24)):
        password_by_mail(person)  # a thief with the mailbox
    with later(timedelta(hours=25, minutes=5)):
        assert flows.carry_out(Intervention.objects.get(), desk, HERE).outcome is not Outcome.DONE
