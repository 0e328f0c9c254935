"""The page of one person: how the account stands, why attempts failed, and what should make a worker think."""

from __future__ import annotations

import base64
import html
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations.models import SecondStep
from accounts.passwords import flows as passwords
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.support.caller_check import flows as caller_check
from accounts.support.desk import account_state, flows, warnings
from accounts.support.models import HelpRequest, Kind, Report
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import Authenticator
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.accounts.support.desk_pages import HERE, WHY, act, check_caller, page_of
from tests.codes import code_of, wrong_code_of
from tests.conftest import sign_in
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import at_once, browser, half_signed_in, shown, signed_in, type_code

pytestmark = pytest.mark.django_db(transaction=True)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True, organisation=OrganisationFactory(name="Gemeente Duinstad"))


@pytest.fixture
def client(desk: User) -> Client:
    return signed_in(desk)


def warned(person: User) -> list[str]:
    return warnings.of(person, account_state.of(person))


def test_page_tells_the_state_in_facts(client: Client, person: User) -> None:
    recovery_codes.make(person, HERE)
    own = Client(headers={"user-agent": FIREFOX}, REMOTE_ADDR="192.0.2.44")
    sign_in(own, person)
    asked = HelpRequest.objects.create(user=person)
    page = shown(client, page_of(person))
    for fact in ("“Telefoon”, sinds", "laatst gebruikt op", "nog 10 over", "Firefox op Linux", "192.0.2.44"):
        assert fact in page, fact
    for fact in (person.email, "Gemeente Duinstad", asked.reference, "Er loopt geen wachttijd."):
        assert fact in page, fact


# ASVS 14.2.4, 14.2.6
def test_page_shows_no_secret(client: Client, person: User, desk: User) -> None:
    codes = recovery_codes.make(person, HERE)
    account_recovery.begin(person)
    check_caller(person, desk)
    code = act(Kind.BRIDGE_CODE, person, desk).code
    secret = Authenticator.objects.get(user=person).secret()
    page = shown(client, page_of(person)).lower()
    readable = [secret.hex(), base64.b32encode(secret).decode(), code, *codes, "argon2", "otpauth"]
    for text in readable:
        assert text.lower() not in page


def test_page_tells_until_when_and_why_somebody_waits(client: Client, person: User) -> None:
    until = timezone.now() + timedelta(minutes=40)
    AttemptCounter.objects.create(subject=f"user:{person.pk}", kind="password", waits_until=int(until.timestamp()))
    AttemptCounter.objects.create(subject=f"user:{person.pk}", kind="code", closed=True, bucket="x" * 22)
    page = shown(client, page_of(person))
    assert f"{timezone.localtime(until):%H:%M}: foute wachtwoorden in onbekende browsers" in page
    assert "geblokkeerd tot er een nieuw wachtwoord is: foute codes in één bekende browser" in page


def test_attempts_are_told_with_their_cause(client: Client, person: User) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=5)):
        signed_in(person)
    owing = half_signed_in(person)
    type_code(owing, code_of(person, -240))
    code = code_of(person)
    sign_in(browser(), person, code=code)
    type_code(owing, code)
    type_code(owing, code_of(person, 120))
    for _ in range(5):  # with the code used twice; a wrong clock counts nothing
        type_code(owing, wrong_code_of(person))
    page = shown(client, page_of(person))
    for cause in (
        "de klok van de telefoon loopt 4 minuten achter",
        "de klok van de telefoon loopt 2 minuten voor",
        "dezelfde code is twee keer gebruikt",
        "te veel foute pogingen, er liep een wachttijd",
        "klopte niet",
    ):
        assert f">{cause}</span>" in page, cause


def test_attempt_says_once_that_it_was_refused(client: Client, person: User) -> None:
    """The name of the event says it; the cause beside it, if there is one, only why."""
    record(Event.RECOVERY_CODE_REFUSED, subject=person, origin=HERE, succeeded=False)
    record(Event.CODE_REFUSED, subject=person, origin=HERE, succeeded=False, detail={"cause": "wrong"})
    record(Event.PASSWORD_TREATED_AS_STOLEN, subject=person, origin=HERE, succeeded=False)
    lines = shown(client, page_of(person)).partition("Laatste pogingen")[2].split("<li>")[1:4]
    assert [line.count("geweigerd") for line in lines] == [1, 1, 1]
    assert [">klopte niet</span>" in line for line in lines] == [False, True, False]
    assert '<strong class="desk__bad">Herstelcode geweigerd</strong>' in lines[2]


def test_one_minute_is_one_minute(client: Client, person: User) -> None:
    detail = {"factor": "totp", "cause": "clock_off", "minutes_off": -1}
    record(Event.CODE_REFUSED, subject=person, origin=HERE, succeeded=False, detail=detail)
    assert "loopt 1 minuut achter" in shown(client, page_of(person))


def test_page_shows_the_newest_twenty_attempts_of_this_person_only(client: Client, person: User) -> None:
    for number in range(limits.ATTEMPTS_SHOWN + 5):
        record(Event.SIGNED_IN, subject=person, origin=Origin(f"198.51.100.{number}", FIREFOX))
    record(Event.SIGNED_IN, subject=UserFactory(), origin=Origin("203.0.113.99", FIREFOX))
    page = shown(client, page_of(person))
    assert page.count("198.51.100.") == limits.ATTEMPTS_SHOWN
    assert "203.0.113.99" not in page


def test_earlier_help_stands_there_with_its_receipt(client: Client, person: User, desk: User) -> None:
    done = act(Kind.END_SESSIONS, person, desk, ticket="T-99").intervention
    page = shown(client, page_of(person))
    for fact in (done.receipt, WHY, "T-99", desk.email, "uitgevoerd"):
        assert fact in page, fact


# ASVS 16.2.1
def test_looking_somebody_up_is_recorded_once_in_a_quarter_of_an_hour(client: Client, person: User, desk: User) -> None:
    looked = AuditEntry.objects.filter(event=Event.PERSON_LOOKED_UP, actor=desk)
    for _ in range(3):
        client.get(page_of(person))
    client.get(page_of(UserFactory()))
    assert looked.filter(subject=person).count() == 1
    assert looked.count() == 2
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        flows.look_up(person, desk, HERE)
    assert looked.filter(subject=person).count() == 2


def test_looking_up_at_once_is_recorded_once(person: User, desk: User) -> None:
    at_once([partial(flows.look_up, person, desk, HERE)] * 6)
    assert AuditEntry.objects.filter(event=Event.PERSON_LOOKED_UP).count() == 1


def test_ordinary_account_warns_of_nothing(person: User) -> None:
    sign_in(browser(), person)
    assert warned(person) == []


def test_lost_phone_that_was_used_after_the_loss_warns(client: Client, person: User) -> None:
    asked = HelpRequest.objects.create(user=person)
    Authenticator.objects.filter(user=person).update(last_used_at=timezone.now() - timedelta(days=1))
    assert warned(person) == []
    used = timezone.now() + timedelta(minutes=2)
    Authenticator.objects.filter(user=person).update(last_used_at=used)
    (warning,) = warned(person)
    assert asked.reference in warning
    assert f"om {timezone.localtime(used):%H:%M}" in html.unescape(warning)
    assert warning in shown(client, page_of(person))


def test_phone_that_was_found_again_weeks_ago_does_not_warn(person: User) -> None:
    asked = HelpRequest.objects.create(user=person)
    HelpRequest.objects.filter(pk=asked.pk).update(asked_at=timezone.now() - timedelta(days=30))
    sign_in(browser(), person)
    assert warned(person) == []


@pytest.mark.parametrize("event", [Event.ADDRESS_CHANGED, Event.ADDRESS_CHANGED_BY_PERSON])
def test_new_address_warns_until_the_second_step_is_shown_and_without_one_for_a_week(
    event: Event, person: User
) -> None:
    plain = UserFactory()
    for moved in (person, plain):
        for _ in range(2):
            record(event, subject=moved, origin=HERE)
        assert "e-mail" in warned(moved)[0]
        assert len(set(warned(moved))) == len(warned(moved)), "of two changes the newest"
    with time_machine.travel(timezone.now() + limits.WARNING_PERIOD + timedelta(minutes=1), tick=True):
        assert warned(plain) == []
        assert "e-mail" in warned(person)[0]
        sign_in(browser(), person)
        assert warned(person) == []


def test_password_from_a_mailed_link_warns_and_a_changed_one_does_not(person: User) -> None:
    passwords.change(person, "zeven lange gele banden", HERE)
    assert warned(person) == []
    assert passwords.set_from_link(links.make(person, Purpose.RESET), "acht korte rode banden", HERE)
    warning, consequence = warned(person)
    assert "link uit de mail" in warning
    assert "tweede medewerker" in consequence


def test_many_requests_in_a_day_warn(person: User) -> None:
    for _ in range(limits.WARNING_REQUESTS):
        assert warned(person) == []
        HelpRequest.objects.create(user=person, cancelled_at=timezone.now())
    assert "3 keer om hulp" in warned(person)[0]


def test_report_comes_first(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    person.refresh_from_db()
    Report.objects.create(user=person, entry=record(Event.SIGNED_IN, subject=person, origin=HERE))
    assert "dit was ik niet" in warned(person)[0]
    assert "rechten" in warned(person)[-1]


def test_ways_that_are_open_already_warn(person: User, desk: User) -> None:
    account_recovery.begin(person)
    check_caller(person, desk)
    act(Kind.BRIDGE_CODE, person, desk)
    first, second = warned(person)
    assert "nog geen nieuw apparaat" in first
    assert "al een code gegeven" in second
    with time_machine.travel(timezone.now() + limits.BRIDGE_CODE + timedelta(seconds=1)):
        assert len(warned(person)) == 1


def test_stolen_password_closed_account_and_business_account_warn(person: User) -> None:
    record(Event.PASSWORD_TREATED_AS_STOLEN, subject=person, origin=HERE, succeeded=False)
    person.membership.organisation.second_step = SecondStep.BUSINESS_ACCOUNT
    person.membership.organisation.save()
    person.is_active = False
    assert ["gestolen" in warned(person)[0], "niet actief" in warned(person)[1], "zakelijk" in warned(person)[2]] == [
        True,
        True,
        True,
    ]


def test_page_offers_only_what_holds_for_this_person(client: Client, person: User, desk: User) -> None:
    plain, boss = UserFactory(), UserFactory(superuser=True)
    page = shown(client, page_of(plain))
    assert "Nu nergens ingelogd." in page
    assert page_of(plain, Kind.RESET) not in page
    assert "tweede medewerker" not in shown(client, page_of(boss))
    assert caller_check.send(person, desk, HERE) is caller_check.Outcome.SENT
    caller_check.answer(person, desk, "fout fout", HERE)
    page = shown(client, page_of(person))
    assert "1 keer foute woorden" in page
    assert page_of(person, Kind.RESET) in page


def test_page_of_a_stranger_to_everything_is_empty_but_whole(client: Client) -> None:
    nobody = UserFactory(first_name="", last_name="")
    page = shown(client, page_of(nobody))
    assert f"<h1>{nobody.email}</h1>" in page
    assert "geen organisatie" in page


def test_names_are_escaped(client: Client) -> None:  # ASVS 3.2.2
    mischief = UserFactory(first_name="<script>alert(1)</script>", last_name="<b>")
    assert b"<script>alert" not in client.get(page_of(mischief)).content


def test_page_costs_a_bounded_number_of_statements(
    client: Client, person: User, desk: User, django_assert_max_num_queries: object
) -> None:
    for _ in range(5):
        act(Kind.END_SESSIONS, person, desk)
        sign_in(browser(), UserFactory())
        HelpRequest.objects.create(user=person)
    client.get(page_of(person))
    with django_assert_max_num_queries(59):
        client.get(page_of(person))


def test_secret_that_our_side_cannot_read_is_told_to_support(client: Client, person: User) -> None:
    assert "Onze kant kan het geheim" not in shown(client, page_of(person))
    Authenticator.objects.filter(user=person).update(sealed_secret=b"\x01" + bytes(60))
    type_code(half_signed_in(person), "123456")
    page = shown(client, page_of(person))
    assert "Onze kant kan het geheim van “Telefoon” niet lezen" in page
    assert "niet gecontroleerd: onze kant kan het geheim van het apparaat niet lezen" in page
