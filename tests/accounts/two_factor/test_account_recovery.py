"""Account recovery after a lost phone: a mailed link or a bridge code, each with the password, each once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords import flows as passwords
from accounts.passwords import links
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows
from accounts.two_factor.account_recovery.flows import Outcome
from accounts.two_factor.models import AccountRecovery, Authenticator, BridgeCode, RecoveryCodeSet
from tests.codes import phone
from tests.conftest import browser, mails, sign_in
from tests.factories import PASSWORD, AuthenticatorFactory, UserFactory
from tests.pages import ACTIVATE, CODE, CONFIRM, SIGN_IN, at_once, half_signed_in, is_signed_in, shown

pytestmark = pytest.mark.django_db
HERE = Origin(address="192.0.2.7", browser="Testbrowser")
NEW_PHONE = "/inloggen/nieuwe-telefoon/"
BRIDGE = "/inloggen/code-van-support/"


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


@pytest.fixture
def lost(person: User) -> User:
    """Somebody whose second step support has reset."""
    devices.remove_all(person)
    return person


def path_of(link: str) -> str:
    return link.removeprefix("https://testserver")


def begin(person: User) -> str:
    return "/nieuwe-telefoon/" + flows.begin(person).rstrip("/").rpartition("/")[2] + "/"


def link_a_new_phone(client: Client, person: User) -> object:
    client.post(ACTIVATE)
    code = phone(Authenticator.objects.get(user=person, confirmed=False)).now()
    return client.post(CONFIRM, {"code": code})


# ASVS 6.4.4
# NIST N27
def test_password_alone_opens_nothing_after_a_reset(client: Client, lost: User) -> None:
    begin(lost)
    answer = sign_in(client, lost)
    assert answer.url == NEW_PHONE
    assert "Open de link in de mail" in shown(client, NEW_PHONE)
    assert not is_signed_in(client)
    assert client.get(CODE).url == NEW_PHONE


# ASVS 6.4.4
def test_link_and_password_lead_to_the_set_up_and_nothing_else(client: Client, lost: User) -> None:
    assert "Log nu in. Daarna koppel je je nieuwe telefoon of apparaat." in shown(client, begin(lost))
    assert sign_in(client, lost).url == CONFIRM
    for address in ("/", "/persoonlijke-gegevens/", "/persoonlijke-gegevens/wachtwoord/", "/beheer/"):
        assert client.get(address).url == CONFIRM, address
    assert client.post("/persoonlijke-gegevens/", {"first_name": "Dief"}).url == CONFIRM
    link_a_new_phone(client, lost)
    assert is_signed_in(client)
    assert not AccountRecovery.objects.exists()
    assert browser().post(SIGN_IN, {"username": lost.email, "password": PASSWORD}).url == CODE


def test_link_works_once(lost: User) -> None:
    link = begin(lost)
    first, second = browser(), browser()
    first.get(link)
    second.get(link)
    assert sign_in(first, lost).url == CONFIRM
    assert sign_in(second, lost).url == NEW_PHONE
    assert "werkt niet meer" in shown(browser(), link)


def test_only_the_newest_link_works(lost: User) -> None:
    old, new = begin(lost), begin(lost)
    assert browser().get(old).url == "/nieuwe-telefoon/"
    assert browser().get(new).url == SIGN_IN


def test_link_works_for_a_day(client: Client, lost: User) -> None:
    link = begin(lost)
    with time_machine.travel(timezone.now() + limits.RECOVERY_LINK + timedelta(minutes=1)):
        assert client.get(link).url == "/nieuwe-telefoon/"
        assert client.get("/nieuwe-telefoon/").status_code == 410


def test_link_that_expires_between_opening_and_password_opens_nothing(client: Client, lost: User) -> None:
    client.get(begin(lost))
    AccountRecovery.objects.update(links_issued=99)
    assert sign_in(client, lost).url == NEW_PHONE


def test_link_of_somebody_else_opens_nothing(client: Client, lost: User) -> None:
    other = UserFactory()
    begin(lost)
    client.get(begin(other))
    assert sign_in(client, lost).url == NEW_PHONE
    assert not is_signed_in(client)


def test_forged_link_opens_nothing(client: Client, lost: User) -> None:
    assert client.get(begin(lost)[:-3] + "x/").url == "/nieuwe-telefoon/"


@pytest.mark.django_db(transaction=True)
def test_link_used_at_once_in_two_browsers_opens_one(lost: User) -> None:
    link = begin(lost)
    browsers = [browser() for _ in range(4)]
    for client in browsers:
        client.get(link)
    answers = at_once([lambda client=client: sign_in(client, lost).url for client in browsers])
    assert sorted(answers) == sorted([CONFIRM] + 3 * [NEW_PHONE])


@pytest.mark.django_db(transaction=True)
def test_new_link_is_mailed_after_the_password_a_few_times_an_hour(client: Client, lost: User) -> None:
    begin(lost)
    sign_in(client, lost)
    for _ in range(limits.RECOVERY_LINK_MAILS):
        assert "De link is onderweg" in shown(client, NEW_PHONE, {})
    assert "Je hebt al een paar keer om een link gevraagd" in shown(client, NEW_PHONE, {})
    sent = mails()
    assert [mail.to for mail in sent] == limits.RECOVERY_LINK_MAILS * [[lost.email]]
    link = next(line for line in sent[-1].body.splitlines() if "/nieuwe-telefoon/" in line)
    fresh = browser()
    fresh.get("/nieuwe-telefoon/" + link.rpartition("/nieuwe-telefoon/")[2])
    assert sign_in(fresh, lost).url == CONFIRM


# NIST N27
@pytest.mark.django_db(transaction=True)
def test_password_set_by_mail_after_the_reset_does_not_go_with_a_link_from_the_same_mailbox(lost: User) -> None:
    link = begin(lost)
    passwords.change(lost, PASSWORD + " die nieuw is", HERE)
    client = browser()
    client.get(link)
    answer = client.post(SIGN_IN, {"username": lost.email, "password": PASSWORD + " die nieuw is"})
    assert answer.url == NEW_PHONE
    assert "vraag support om een code" in shown(client, NEW_PHONE)
    shown(client, NEW_PHONE, {})
    assert not mails()[1:]  # only the notice of the changed password


def test_link_ends_the_session_of_whoever_was_signed_in_by_its_button_and_not_by_being_opened(lost: User) -> None:
    client = browser()
    sign_in(client, UserFactory())
    client.get(begin(lost))
    assert is_signed_in(client)
    client.post("/nieuwe-telefoon/")
    assert not is_signed_in(client)


# ASVS 6.4.4
def test_code_of_support_and_password_lead_to_linking_a_new_phone(client: Client, person: User) -> None:
    old = devices.authenticator_of(person)
    code = flows.issue_bridge_code(person)
    client = half_signed_in(person)
    assert client.post(BRIDGE, {"code": f" {code.lower().replace('-', ' ')} "}).url == CONFIRM
    assert client.get("/").url == CONFIRM
    link_a_new_phone(client, person)
    assert is_signed_in(client)
    assert devices.authenticator_of(person).pk != old.pk
    assert not Authenticator.objects.filter(pk=old.pk).exists()
    assert AuditEntry.objects.filter(event="signed_in", detail__factor="bridge_code", subject=person).exists()
    assert AuditEntry.objects.filter(event="authenticator_replaced", subject=person).exists()


def test_old_phone_works_until_the_new_one_is_linked(person: User) -> None:
    client = half_signed_in(person)
    client.post(BRIDGE, {"code": flows.issue_bridge_code(person)})
    client.post(ACTIVATE)
    other = browser()
    sign_in(other, person)
    assert is_signed_in(other)


def test_new_recovery_codes_take_the_place_of_the_old(person: User) -> None:
    old = RecoveryCodeSet.objects.create(user=person, name="Herstelcodes", salt=b"0" * 16)
    client = half_signed_in(person)
    client.post(BRIDGE, {"code": flows.issue_bridge_code(person)})
    link_a_new_phone(client, person)
    assert RecoveryCodeSet.objects.get(user=person).pk != old.pk


def test_somebody_with_the_most_devices_can_link_a_new_phone_all_the_same(person: User) -> None:
    for _ in range(limits.AUTHENTICATORS - 1):
        AuthenticatorFactory(user=person)
    client = half_signed_in(person)
    client.post(BRIDGE, {"code": flows.issue_bridge_code(person)})
    link_a_new_phone(client, person)
    assert len(devices.authenticators_of(person)) == 1


def test_code_of_support_works_once(person: User) -> None:
    code = flows.issue_bridge_code(person)
    assert flows.use_bridge_code(person, code, HERE) is Outcome.ACCEPTED
    assert flows.use_bridge_code(person, code, HERE) is Outcome.WRONG


@pytest.mark.django_db(transaction=True)
def test_code_of_support_typed_at_once_in_many_browsers_opens_one(person: User) -> None:
    code = flows.issue_bridge_code(person)
    answers = at_once([lambda: flows.use_bridge_code(person, code, HERE)] * 6)
    assert answers.count(Outcome.ACCEPTED) == 1


def test_code_of_support_works_for_a_quarter_of_an_hour(person: User) -> None:
    code = flows.issue_bridge_code(person)
    with time_machine.travel(timezone.now() + limits.BRIDGE_CODE + timedelta(seconds=1)):
        assert flows.use_bridge_code(person, code, HERE) is Outcome.WRONG
        assert flows.purge() == 1


def test_only_the_newest_code_of_support_works(person: User) -> None:
    old, new = flows.issue_bridge_code(person), flows.issue_bridge_code(person)
    assert flows.use_bridge_code(person, old, HERE) is Outcome.WRONG
    assert flows.use_bridge_code(person, new, HERE) is Outcome.ACCEPTED


def test_code_of_support_is_void_after_five_wrong_ones(person: User) -> None:
    code = flows.issue_bridge_code(person)
    wrong = "AAAA-AAAA" if code != "AAAA-AAAA" else "BBBB-BBBB"
    answers = [flows.use_bridge_code(person, wrong, HERE) for _ in range(limits.BRIDGE_CODE_TRIES)]
    assert answers == [*[Outcome.WRONG] * (limits.BRIDGE_CODE_TRIES - 1), Outcome.VOID]
    assert flows.use_bridge_code(person, code, HERE) is Outcome.WRONG
    assert AuditEntry.objects.filter(event="code_refused").count() == limits.BRIDGE_CODE_TRIES + 1


@pytest.mark.django_db(transaction=True)
def test_wrong_codes_of_support_at_once_are_all_counted(person: User) -> None:
    flows.issue_bridge_code(person)
    at_once([lambda: flows.use_bridge_code(person, "AAAA-AAAA", HERE)] * limits.BRIDGE_CODE_TRIES)
    assert not BridgeCode.objects.exists()


def test_what_is_no_code_of_support_costs_nothing(person: User) -> None:
    code = flows.issue_bridge_code(person)
    for typed, told in (
        ("K7Q3-MZD", "De code van support heeft 8 letters en cijfers"),
        ("123 456", "Dat is een code uit de authenticator-app."),
        ("ABCD-1234-EFGH-5678", "Dat is een herstelcode."),
    ):
        assert told in shown(half_signed_in(person), BRIDGE, {"code": typed})
    assert flows.use_bridge_code(person, code, HERE) is Outcome.ACCEPTED


def test_code_of_support_is_not_stored_readable(person: User) -> None:
    code = flows.issue_bridge_code(person)
    stored = BridgeCode.objects.get()
    assert code.replace("-", "") not in f"{stored.digest} {bytes(stored.salt)!r}"
    assert len(stored.digest) == 64


# NIST N27
def test_code_of_support_without_a_password_opens_nothing(client: Client, person: User) -> None:
    code = flows.issue_bridge_code(person)
    assert client.post(BRIDGE, {"code": code}).url == CODE
    assert flows.use_bridge_code(person, code, HERE) is Outcome.ACCEPTED


def test_code_of_support_of_somebody_else_opens_nothing(person: User) -> None:
    code = flows.issue_bridge_code(UserFactory())
    client = half_signed_in(person)
    client.post(BRIDGE, {"code": code})
    assert not is_signed_in(client)


def test_code_of_support_helps_who_cannot_reach_the_mailbox_after_a_reset(client: Client, lost: User) -> None:
    begin(lost)
    code = flows.issue_bridge_code(lost)
    sign_in(client, lost)
    assert client.post(BRIDGE, {"code": code}).url == CONFIRM
    link_a_new_phone(client, lost)
    assert not AccountRecovery.objects.exists()


def test_link_that_went_to_an_earlier_address_opens_nothing(client: Client, lost: User) -> None:
    link = begin(lost)
    client.get(link)
    User.objects.filter(pk=lost.pk).update(email="nieuw@voorbeeld.nl")
    lost.refresh_from_db()
    assert sign_in(client, lost).url == NEW_PHONE
    assert browser().get(link).url == "/nieuwe-telefoon/"


# NIST SP 800-63B-4 section 4.2.2
def test_code_of_support_is_void_when_the_password_is_set_by_mail_afterwards(person: User) -> None:
    code = flows.issue_bridge_code(person)
    person.refresh_from_db()
    token = links.make(person, links.Purpose.RESET)
    passwords.set_from_link(token, "een heel ander wachtwoord 7", HERE)
    person.refresh_from_db()
    assert flows.use_bridge_code(person, code, HERE) is Outcome.WRONG
    assert flows.use_bridge_code(person, flows.issue_bridge_code(person), HERE) is Outcome.ACCEPTED


def test_proof_of_identity_in_such_a_session_asks_for_the_password_only(person: User) -> None:
    client = half_signed_in(person)
    client.post(BRIDGE, {"code": flows.issue_bridge_code(person)})
    with time_machine.travel(timezone.now() + limits.FRESH_PROOF + timedelta(seconds=1)):
        answer = client.post(ACTIVATE)
        assert answer.url.startswith("/bevestig-identiteit/")
        assert 'name="code"' not in shown(client, answer.url)
        client.post(answer.url, {"password": PASSWORD})
        link_a_new_phone(client, person)
        assert is_signed_in(client)


def test_wrong_codes_of_support_lift_no_waiting_time(person: User) -> None:
    AttemptCounter.objects.create(subject=f"user:{person.pk}", kind="code", failures=4)
    flows.use_bridge_code(person, "AAAA-AAAA", HERE)
    assert AttemptCounter.objects.get(kind="code").failures == 4
