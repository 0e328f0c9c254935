"""A stranger with a script cannot keep the owner out, and the wait still bounds every guess."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.sso.models import Connection
from accounts.support.models import Kind as SupportKind
from accounts.throttling import network
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind
from accounts.two_factor.challenge import combined
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.accounts.support.desk_pages import act, check_caller
from tests.clock import later
from tests.codes import code_of, wrong_code_of
from tests.conftest import mails, sign_in
from tests.factories import PASSWORD, OrganisationFactory, UserFactory
from tests.pages import CODE, SIGN_IN, browser, is_signed_in, shown, text

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "vier ezels lopen weg"
VARYING = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w{64}(?=")|(?<=data-over-in=")\d+(?=")')
NO_FIT = "E-mailadres, wachtwoord en code passen niet bij elkaar."
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


def wrong_passwords(person: User, times: int, **where: str) -> None:
    for _ in range(times):
        browser().post(SIGN_IN, {"username": person.email, "password": "iets heel anders"}, **where)


def owner_gets_in(person: User, **where: str) -> bool:
    client = browser()
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD}, **where)
    client.post(CODE, {"code": code_of(person)}, **where)
    return is_signed_in(client)


def test_stranger_with_one_try_an_hour_for_two_days_never_keeps_the_owner_out() -> None:
    person = UserFactory(with_totp=True)
    wrong_passwords(person, 12)
    for hour in range(1, 49):
        with later(timedelta(hours=hour, minutes=2)):
            wrong_passwords(person, 1)
            if hour % 6 == 0:
                assert owner_gets_in(person), hour


def test_owner_without_a_second_step_does_not_wait_in_another_network() -> None:
    person = UserFactory()
    wrong_passwords(person, 6, **ELSEWHERE)
    assert sign_in(browser(), person).url == "/"
    assert AttemptCounter.objects.get(kind=Kind.PASSWORD).networks, "the stranger waits on"


def test_owner_without_a_second_step_gets_in_with_a_mailed_proof_from_the_network_of_the_stranger() -> None:
    person, client = UserFactory(), browser()
    wrong_passwords(person, 8)
    client.post("/wachtwoord-vergeten/", {"email": person.email})
    client.get(re.findall(r"https://mijn\.assetmaps\.nl(/wachtwoord-instellen/\S+)", mails()[-1].body)[0])
    client.post("/wachtwoord-instellen/", {"new_password1": NEW, "new_password2": NEW})
    wrong_passwords(person, 8)
    for _ in range(limits.NETWORK_FAILURES + 1):
        network.admit(Origin("127.0.0.1"))
    assert client.post(SIGN_IN, {"username": person.email, "password": NEW}).url == "/"


def test_mailed_proof_makes_no_browser_known_for_codes() -> None:
    person, client = UserFactory(with_totp=True), browser()
    client.post("/wachtwoord-vergeten/", {"email": person.email})
    client.get(re.findall(r"https://mijn\.assetmaps\.nl(/wachtwoord-instellen/\S+)", mails()[-1].body)[0])
    client.post("/wachtwoord-instellen/", {"new_password1": NEW, "new_password2": NEW})
    client.post(SIGN_IN, {"username": person.email, "password": NEW})
    client.post(CODE, {"code": wrong_code_of(person)})
    assert AttemptCounter.objects.get(kind=Kind.CODE).bucket == AttemptCounter.UNKNOWN_BROWSERS


def test_recovery_code_passes_the_wait_too() -> None:
    person, client = UserFactory(with_totp=True), browser()
    code = recovery_codes.make(person, Origin("127.0.0.1"))[0]
    wrong_passwords(person, 6)
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    assert client.post(CODE, {"code": code}).url == "/inloggen/herstelcode/gebruikt/"
    assert is_signed_in(client)


def test_recovery_code_passes_the_wait_after_wrong_recovery_codes() -> None:
    person, client = UserFactory(with_totp=True), browser()
    code = recovery_codes.make(person, Origin("127.0.0.1"))[0]
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    for _ in range(6):
        client.post("/inloggen/herstelcode/", {"code": "ABCD-1234-EFGH-5678"})
    assert client.post("/inloggen/herstelcode/", {"code": code}).url == "/inloggen/herstelcode/gebruikt/"


def test_wait_after_wrong_codes_is_of_their_network_and_the_month_of_all_together() -> None:
    person, thief = UserFactory(with_totp=True), browser()
    thief.post(SIGN_IN, {"username": person.email, "password": PASSWORD}, **ELSEWHERE)
    for _ in range(6):
        thief.post(CODE, {"code": wrong_code_of(person)}, **ELSEWHERE)
    counter = AttemptCounter.objects.get(kind=Kind.CODE)
    assert counter.failures == limits.CODE_FREE_FAILURES
    assert owner_gets_in(person)
    AttemptCounter.objects.filter(kind=Kind.CODE).delete()
    judged = 0
    for number in range(30):
        AttemptCounter.objects.filter(closed=True).update(closed=False, failures=0)
        where = {"REMOTE_ADDR": f"203.0.113.{number}"}
        guest = browser()
        guest.post(SIGN_IN, {"username": person.email, "password": PASSWORD}, **where)
        before = AuditEntry.objects.filter(event=Event.CODE_REFUSED, detail__cause="wrong").count()
        guest.post(CODE, {"code": wrong_code_of(person)}, **where)
        judged += AuditEntry.objects.filter(event=Event.CODE_REFUSED, detail__cause="wrong").count() - before
    assert judged == limits.CODE_CAP


def answers_while_waiting(address: str, password: str, code: str) -> list[object]:
    client = browser()
    first = client.post(SIGN_IN, {"username": address, "password": password})
    page = VARYING.sub("", text(client.get(first.url)))
    second = client.post(CODE, {"code": code})
    return [first.status_code, first.url, page, second.status_code, second.url, VARYING.sub("", text(client.get(CODE)))]


# ASVS 6.3.8
def test_while_waiting_nobody_learns_whether_the_password_was_right_or_the_address_known() -> None:
    person, plain = UserFactory(with_totp=True), UserFactory()
    for address in (person.email, plain.email, "niemand@voorbeeld.nl"):
        for _ in range(6):
            browser().post(SIGN_IN, {"username": address, "password": "iets heel anders"})
    wrong = wrong_code_of(person)
    seen = [
        answers_while_waiting(person.email, PASSWORD, wrong),
        answers_while_waiting(person.email, "iets heel anders", wrong),
        answers_while_waiting(person.email, "iets heel anders", code_of(person)),
        answers_while_waiting(plain.email, PASSWORD, wrong),
        answers_while_waiting("niemand@voorbeeld.nl", PASSWORD, wrong),
    ]
    assert all(one == seen[0] for one in seen)
    assert NO_FIT in seen[0][-1]


def test_wrong_codes_while_waiting_count_after_the_right_password_only() -> None:
    person = UserFactory(with_totp=True)
    wrong_passwords(person, 6)
    thief, stranger = browser(), browser()
    thief.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    stranger.post(SIGN_IN, {"username": person.email, "password": "iets heel anders"})
    for _ in range(3):
        stranger.post(CODE, {"code": wrong_code_of(person)})
    mine = AttemptCounter.objects.filter(subject=f"user:{person.pk}", kind=Kind.CODE)
    assert not mine.exists()
    for _ in range(5):
        thief.post(CODE, {"code": wrong_code_of(person)})
    assert mine.get().failures == limits.CODE_FREE_FAILURES
    assert "Foute codes na je juiste wachtwoord" in [message.subject for message in mails()]


def test_thief_with_the_phone_learns_no_more_passwords_while_waiting_than_may_be_wrong_in_a_row() -> None:
    person = UserFactory(with_totp=True)
    wrong_passwords(person, 6)
    thief = browser()
    thief.post(SIGN_IN, {"username": person.email, "password": "iets heel anders"})
    before = AttemptCounter.objects.get(subject=f"user:{person.pk}").failures
    thief.post(CODE, {"code": code_of(person)})
    assert AttemptCounter.objects.get(subject=f"user:{person.pk}").failures == before + 1
    assert NO_FIT in shown(thief, CODE)


# ASVS 6.3.8
def test_refusals_take_the_same_time_whatever_was_right(monkeypatch: pytest.MonkeyPatch) -> None:
    person, slept = UserFactory(with_totp=True), []
    wrong_passwords(person, 6)
    monkeypatch.setattr(combined.time, "sleep", slept.append)
    monkeypatch.setattr(combined.time, "monotonic", lambda: 7.0)
    for password in (PASSWORD, "iets heel anders"):
        visitor = browser()
        visitor.post(SIGN_IN, {"username": person.email, "password": password})
        visitor.post(CODE, {"code": wrong_code_of(person)})
    assert slept == [limits.PASSWORD_WITH_CODE_ANSWER.total_seconds()] * 2
    assert owner_gets_in(person)
    assert len(slept) == 2


def test_after_five_wrong_pairs_the_password_is_asked_anew() -> None:
    person, visitor = UserFactory(with_totp=True), browser()
    wrong_passwords(person, 6)
    visitor.post(SIGN_IN, {"username": person.email, "password": "iets heel anders"})
    for _ in range(limits.PASSWORD_WITH_CODE_TRIES):
        visitor.post(CODE, {"code": wrong_code_of(person)})
    assert NO_FIT in shown(visitor, SIGN_IN)
    assert visitor.get(CODE).url.startswith(SIGN_IN)


def test_what_was_held_is_void_after_five_minutes_and_after_a_change_of_the_password() -> None:
    person, client, other = UserFactory(with_totp=True), browser(), browser()
    wrong_passwords(person, 6)
    for visitor in (client, other):
        visitor.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    with later(limits.PENDING_SIGN_IN + timedelta(seconds=2)):
        assert client.get(CODE).url.startswith(SIGN_IN)
    person.set_password(NEW)
    person.save()
    other.post(CODE, {"code": code_of(person)})
    assert not is_signed_in(other)


def test_very_many_networks_together_have_no_free_passwords_left() -> None:
    person = UserFactory()
    for number in range(limits.PASSWORD_FAILURES_OF_ALL):
        wrong_passwords(person, 1, REMOTE_ADDR=f"203.0.113.{number}")
    counter = AttemptCounter.objects.get(kind=Kind.PASSWORD)
    wrong_passwords(person, 5, REMOTE_ADDR="198.51.100.1")
    assert AttemptCounter.objects.get(pk=counter.pk).failures == limits.PASSWORD_FAILURES_OF_ALL
    assert browser().post(SIGN_IN, {"username": person.email, "password": PASSWORD}).url == CODE, "asks for a code"


# ASVS 6.3.5
def test_owner_hears_of_the_first_wait_after_the_right_password_once_a_day() -> None:
    person = UserFactory(with_totp=True)

    def guess(times: int, **where: str) -> None:
        client = browser()
        client.post(SIGN_IN, {"username": person.email, "password": PASSWORD}, **where)
        for _ in range(times):
            client.post(CODE, {"code": wrong_code_of(person)}, **where)

    guess(4)
    told = AuditEntry.objects.filter(event=Event.WRONG_CODES)
    assert not told.exists()
    guess(1)
    assert told.count() == 1
    (message,) = [one for one in mails() if one.subject == "Foute codes na je juiste wachtwoord"]
    assert message.to == [person.email]
    assert owner_gets_in(person, **ELSEWHERE)
    with later(timedelta(hours=2)):
        guess(5)
        assert told.count() == 1
        assert owner_gets_in(person, REMOTE_ADDR="203.0.113.10")
    with later(timedelta(hours=26)):
        guess(5)
    assert told.count() == 2


@pytest.fixture
def emergency() -> User:
    organisation = OrganisationFactory(second_step="business_account")
    person = UserFactory(organisation=organisation, with_totp=True)
    Connection.objects.create(organisation=organisation, break_glass=person, issuer="https://idp.voorbeeld.nl")
    UserFactory(superuser=True, email="wij@voorbeeld.nl")
    return person


def test_somebody_else_hears_when_the_door_of_the_emergency_account_waits_an_hour(emergency: User) -> None:
    for minutes in range(0, 130, 9):
        with later(timedelta(minutes=minutes)):
            wrong_passwords(emergency, 3)
    heard = [message for message in mails() if message.subject == "Veel foute pogingen bij het noodaccount"]
    assert [message.to for message in heard] == [["wij@voorbeeld.nl"]]
    with later(timedelta(minutes=130)):
        assert owner_gets_in(emergency)
    assert AuditEntry.objects.filter(event=Event.EMERGENCY_SIGN_IN).count() == 1


def test_what_waits_of_passwords_is_shown_and_lifted_for_every_network(client: Client) -> None:
    from accounts.support.interventions import rules
    from accounts.throttling import flows as throttling

    person = UserFactory()
    wrong_passwords(person, 5, **ELSEWHERE)
    assert [door.kind for door in rules.blocking_counters(person)] == [Kind.PASSWORD]
    throttling.lift_waits(person)
    assert rules.blocking_counters(person) == []


def test_code_of_support_is_taken_although_strangers_typed_wrong_passwords() -> None:
    person, desk = UserFactory(with_totp=True), UserFactory(in_support=True, with_totp=True)
    wrong_passwords(person, 8)
    check_caller(person, desk)
    code = act(SupportKind.BRIDGE_CODE, person, desk).code
    client = browser()
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    client.post("/inloggen/code-van-support/", {"code": code})
    assert client.get("/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/").status_code == 200
