"""What support does to an account: all of it, once, with a receipt, a record and one mail."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations.models import SecondStep
from accounts.support.flows import Refusal
from accounts.support.interventions import approval, flows
from accounts.support.interventions.flows import Outcome
from accounts.support.models import DESK_KINDS, Intervention, Kind, State
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import AccountRecovery, Authenticator, BridgeCode
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.accounts.support.desk_pages import HERE, RECEIPT, WHY, act, check_caller, check_caller_on_page, page_of
from tests.codes import wrong_code_of
from tests.conftest import mails, outlive_proof, sign_in
from tests.factories import PASSWORD, AuthenticatorFactory, OrganisationFactory, UserFactory
from tests.pages import browser, half_signed_in, is_signed_in, shown, signed_in, type_code

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


# ASVS 6.5.6
def test_reset_removes_devices_set_ups_sessions_and_waits(desk: User, person: User) -> None:
    AuthenticatorFactory(user=person, confirmed=False)
    recovery_codes.make(person, HERE)
    client, owing = signed_in(person), half_signed_in(person)
    for _ in range(5):
        type_code(owing, wrong_code_of(person))
    support = signed_in(desk)
    assert "Gedaan, met ontvangstnummer S-" in shown(support, page_of(person, Kind.RESET), {"reason": WHY})
    assert not Authenticator.objects.filter(user=person).exists()
    assert not Session.objects.filter(user=person).exists()
    counter = AttemptCounter.objects.get(subject=f"user:{person.pk}", kind="code", bucket="")
    assert (counter.waits_until, counter.failures) == (0, 5), "no wait runs, and no guess is given back"
    assert not is_signed_in(client)
    epoch = person.known_browsers_epoch
    person.refresh_from_db()
    assert person.known_browsers_epoch > epoch
    assert is_signed_in(support)


# ASVS 6.4.4
# NIST N31
def test_after_a_reset_the_password_alone_opens_nothing(desk: User, person: User) -> None:
    act(Kind.RESET, person, desk)
    client = browser()
    assert sign_in(client, person).url == "/inloggen/nieuwe-telefoon/"
    assert not is_signed_in(client)
    link = re.search(r"https://mijn\.assetmaps\.nl(/nieuwe-telefoon/\S+)", mails()[-1].body)
    assert link
    client = browser()
    client.get(link[1])
    assert sign_in(client, person).url == "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/"


# ASVS 6.3.7
def test_person_is_told_by_mail_what_happened_and_why(desk: User, person: User) -> None:
    result = act(Kind.RESET, person, desk, ticket="T-123")
    (message,) = mails()
    assert message.to == [person.email]
    assert message.subject == "Support heeft je oude apparaat losgekoppeld"
    assert RECEIPT.search(message.body)[0] == result.intervention.receipt
    for part in (WHY, "https://mijn.assetmaps.nl/nieuwe-telefoon/", "https://mijn.assetmaps.nl/dit-was-ik-niet/"):
        assert part in message.body, part
    assert "24 uur" in message.body


@pytest.mark.parametrize("kind", DESK_KINDS)
def test_every_action_leaves_one_row_one_entry_and_one_mail_with_the_same_receipt(
    kind: Kind, desk: User, person: User
) -> None:
    owing = half_signed_in(person)
    for _ in range(5):
        type_code(owing, wrong_code_of(person))
    check_caller(person, desk)
    before = len(mails())
    result = act(kind, person, desk, ticket="T-123")
    assert result.outcome is Outcome.DONE
    row = Intervention.objects.get()
    assert (row.kind, row.subject, row.worker, row.state) == (kind, person, desk, State.DONE)
    assert (row.reason, row.ticket) == (WHY, "T-123")
    entry = AuditEntry.objects.filter(subject=person, detail__receipt=row.receipt).get()
    assert (entry.actor, entry.reason, entry.detail["ticket"]) == (desk, WHY, "T-123")
    (message,) = mails()[before:]
    assert message.to == [person.email]
    assert row.receipt in message.body
    assert WHY in message.body
    assert "/dit-was-ik-niet/" in message.body


# ASVS 16.2.1
def test_reset_is_recorded_with_who_whom_why_and_where(desk: User, person: User) -> None:
    signed_in(desk).post(page_of(person, Kind.RESET), {"reason": f"{WHY}\r\nVervalst: regel"})
    entry = AuditEntry.objects.get(event="second_step_reset")
    assert (entry.actor, entry.subject, entry.succeeded) == (desk, person, True)
    assert (entry.actor_name, entry.subject_name) == (desk.email, person.email)
    assert (entry.address, entry.browser) == ("127.0.0.1", "Testbrowser")
    assert entry.reason.startswith(WHY)
    assert "\n" not in entry.reason


@pytest.mark.parametrize("kind", DESK_KINDS)
def test_action_asks_for_a_reason_and_takes_a_post(kind: Kind, desk: User, person: User) -> None:  # ASVS 3.5.3
    owing = half_signed_in(person)
    for _ in range(5):
        type_code(owing, wrong_code_of(person))
    client = signed_in(desk)
    check_caller_on_page(client, person)
    client.get(page_of(person, kind), {"reason": WHY})
    page = shown(client, page_of(person, kind), {"reason": "   "})
    assert "Schrijf op waarom" in page
    assert person.email in page
    assert not Intervention.objects.exists()


# ASVS 7.5.3
@pytest.mark.parametrize("kind", DESK_KINDS)
def test_action_asks_for_fresh_proof(kind: Kind, desk: User, person: User) -> None:
    client = signed_in(desk)
    outlive_proof(client)
    for answer in (client.get(page_of(person, kind)), client.post(page_of(person, kind), {"reason": WHY})):
        assert answer.url.startswith("/bevestig-identiteit/?next=%2Fbeheer%2Fsupport")
    assert not Intervention.objects.exists()


def test_reset_of_somebody_without_a_second_step_frees_the_account_and_opens_no_way(desk: User) -> None:
    plain = UserFactory()
    client = signed_in(plain)
    act(Kind.RESET, plain, desk)
    assert not is_signed_in(client)
    assert not AccountRecovery.objects.exists()
    assert "/nieuwe-telefoon/" not in mails()[-1].body
    assert "Log in met je wachtwoord, net als eerst." in mails()[-1].body
    assert sign_in(browser(), plain).url == "/"


def test_reset_where_a_second_step_is_demanded_needs_the_link_even_from_somebody_who_had_none(desk: User) -> None:
    strict = OrganisationFactory(second_step=SecondStep.REQUIRED, required_from=timezone.localdate())
    plain = UserFactory(organisation=strict)
    act(Kind.RESET, plain, desk)
    assert AccountRecovery.objects.filter(user=plain).exists()
    assert sign_in(browser(), plain).url == "/inloggen/nieuwe-telefoon/"


def test_second_reset_gives_a_new_link_and_the_one_before_is_void(desk: User, person: User) -> None:
    links = []
    for _ in range(2):
        act(Kind.RESET, person, desk)
        links.append(re.search(r"https://mijn\.assetmaps\.nl(/nieuwe-telefoon/\S+)", mails()[-1].body)[1])
    assert browser().get(links[0]).url == "/nieuwe-telefoon/"
    assert browser().get(links[1]).url == "/inloggen/"


def test_lifted_wait_lets_the_owner_in_at_once(desk: User, person: User) -> None:
    owing = half_signed_in(person)
    for _ in range(5):
        type_code(owing, wrong_code_of(person))
    assert act(Kind.LIFT_WAIT, person, desk).outcome is Outcome.DONE
    assert sign_in(browser(), person).url == "/"
    assert act(Kind.LIFT_WAIT, person, desk).outcome is Refusal.NOTHING_TO_LIFT


def test_closed_door_opens_after_a_second_worker_and_keeps_the_second_step(desk: User, person: User) -> None:
    AttemptCounter.objects.create(subject=f"user:{person.pk}", kind="code", failures=10, closed=True)
    asked = act(Kind.LIFT_WAIT, person, desk).intervention
    assert approval.approve(asked, UserFactory(in_support=True), HERE) is None
    assert flows.carry_out(asked, desk, HERE).outcome is Outcome.DONE
    assert sign_in(browser(), person).url == "/"
    assert Authenticator.objects.filter(user=person).exists()


def test_ended_sessions_are_gone_and_the_second_step_stays(desk: User, person: User) -> None:
    client = signed_in(person)
    act(Kind.END_SESSIONS, person, desk)
    assert not is_signed_in(client)
    assert Authenticator.objects.filter(user=person).exists()


# ASVS 6.4.4
# NIST N31
def test_code_needs_a_checked_caller_of_the_same_worker_and_not_long_ago(desk: User, person: User) -> None:
    colleague = UserFactory(in_support=True, with_totp=True)
    check_caller(person, colleague)
    client, code = signed_in(desk), page_of(person, Kind.BRIDGE_CODE)
    assert client.post(code, {"reason": WHY}).url == f"{page_of(person)}beller/"
    check_caller(person, desk)
    assert 'name="reason"' in shown(client, code)
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert act(Kind.BRIDGE_CODE, person, desk).outcome is Refusal.NOT_CHECKED
    assert not BridgeCode.objects.exists()
    assert act(Kind.BRIDGE_CODE, person, desk).code
    refused = AuditEntry.objects.filter(event="bridge_code_issued", succeeded=False)
    assert {entry.detail["cause"] for entry in refused} == {"not_checked"}


def test_code_is_for_people_with_a_second_step_and_an_active_account(desk: User) -> None:
    plain, gone = UserFactory(), UserFactory(with_totp=True, is_active=False)
    assert act(Kind.BRIDGE_CODE, plain, desk).outcome is Refusal.NO_SECOND_STEP
    assert act(Kind.BRIDGE_CODE, gone, desk).outcome is Refusal.INACTIVE
    assert act(Kind.RESET, gone, desk).outcome is Refusal.INACTIVE
    assert not BridgeCode.objects.exists()


def give_code(desk: Client, person: User) -> str:
    check_caller_on_page(desk, person)
    answer = desk.post(page_of(person, Kind.BRIDGE_CODE), {"reason": WHY})
    assert answer.url == f"{page_of(person)}code/eenmalig/"
    return answer.url


def test_code_is_shown_once_and_never_again(desk: User, person: User) -> None:
    client = signed_in(desk)
    address = give_code(client, person)
    assert client.head(address).status_code == 405
    shown_code = re.search(r'<code translate="no">([2-9A-Z]{4}-[2-9A-Z]{4})</code>', shown(client, address))
    assert shown_code
    again = shown(client, address)
    assert shown_code[1] not in again
    assert "Je hebt de code al gezien" in again
    owing = half_signed_in(person)
    answer = owing.post("/inloggen/code-van-support/", {"code": shown_code[1]})
    assert answer.url == "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/"


def test_code_is_shown_once_even_when_an_older_copy_of_the_session_comes_back(desk: User, person: User) -> None:
    client = signed_in(desk)
    address = give_code(client, person)
    carried = dict(client.session)["code_of_support"]
    client.get(address)
    session = client.session  # as a second tab would have read it at the same moment
    session["code_of_support"] = carried
    session.save()
    assert "Je hebt de code al gezien" in shown(client, address)


def test_code_lies_readable_nowhere(desk: User, person: User) -> None:
    client = signed_in(desk)
    address = give_code(client, person)
    kept = str(dict(client.session))
    code = re.search(r'<code translate="no">([2-9A-Z]{4}-[2-9A-Z]{4})</code>', shown(client, address))[1]
    for text in (kept, str(list(AuditEntry.objects.values())), str(list(Intervention.objects.values()))):
        assert code not in text
        assert code.replace("-", "") not in text
    assert code not in "".join(message.body for message in mails())


def test_code_of_one_person_is_not_shown_on_the_page_of_another(desk: User, person: User) -> None:
    client, other = signed_in(desk), UserFactory(with_totp=True)
    give_code(client, person)
    assert "Je hebt de code al gezien" in shown(client, f"{page_of(other)}code/eenmalig/")
    assert "Je hebt de code al gezien" in shown(client, f"{page_of(person)}code/eenmalig/"), "it is gone, not kept"


def test_copied_session_of_a_worker_shows_no_code_to_a_colleague(desk: User, person: User) -> None:
    client, colleague = signed_in(desk), signed_in(UserFactory(in_support=True, with_totp=True))
    address = give_code(client, person)
    session = colleague.session
    session["code_of_support"] = client.session["code_of_support"]
    session.save()
    assert "Je hebt de code al gezien" in shown(colleague, address)


def test_not_me_in_the_mail_about_a_code_makes_the_code_void(desk: User, person: User) -> None:
    client = signed_in(desk)
    address = give_code(client, person)
    code = re.search(r'<code translate="no">([2-9A-Z]{4}-[2-9A-Z]{4})</code>', shown(client, address))[1]
    link = re.search(r"https://mijn\.assetmaps\.nl(/dit-was-ik-niet/\S+)", mails()[-1].body)[1]
    browser().post(link, {"answer": "do"})
    owing = half_signed_in(person)
    assert "klopt niet" in shown(owing, "/inloggen/code-van-support/", {"code": code})


def test_receipt_has_no_sign_that_sounds_like_another(desk: User, person: User) -> None:
    for _ in range(20):
        receipt = act(Kind.END_SESSIONS, person, desk).intervention.receipt
        assert re.fullmatch(r"S-[2-9ABCDEFGHKMNPRSTVWXYZ]{4}-[2-9ABCDEFGHKMNPRSTVWXYZ]{4}", receipt)


def test_half_signed_in_person_keeps_no_open_door_after_a_reset(desk: User, person: User) -> None:
    owing = browser()
    owing.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    act(Kind.RESET, person, desk)
    assert owing.get("/inloggen/verificatie/").status_code == 302


def test_code_that_our_side_cannot_read_is_our_fault_and_not_seen_already(
    desk: User, person: User, caplog: pytest.LogCaptureFixture
) -> None:
    client = signed_in(desk)
    address = give_code(client, person)
    session = client.session
    session["code_of_support"] = "rommel"
    session.save()
    assert "We kunnen de code niet tonen. Dat is onze fout" in shown(client, address)
    assert [one.levelname for one in caplog.records if "cannot be read" in one.getMessage()] == ["ERROR"]
