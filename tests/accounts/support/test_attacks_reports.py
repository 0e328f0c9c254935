""" "Dit was ik niet" takes from a thief what the mail was about, and gives a thief with the mailbox no way in."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit import report_links
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.email_address import flows as email_address
from accounts.email_address import links as address_links
from accounts.models import User
from accounts.passwords import flows as passwords
from accounts.passwords import links as password_links
from accounts.passwords.links import Purpose
from accounts.support import help_requests, reports
from accounts.support.flows import Refusal
from accounts.support.interventions.flows import Outcome
from accounts.support.models import Check, HelpRequest, Kind, Report
from accounts.two_factor import devices
from accounts.two_factor.authenticators import flows as authenticators
from accounts.two_factor.models import Authenticator, FormerAuthenticator, RecoveryCodeSet
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.totp import flows as totp
from tests.accounts.support.desk_pages import act
from tests.clock import later
from tests.codes import code_of, phone
from tests.conftest import browser, mails, sign_in
from tests.factories import PASSWORD, AuthenticatorFactory, UserFactory
from tests.pages import CODE, at_once, is_signed_in, shown, signed_in, then_pause

pytestmark = pytest.mark.django_db(transaction=True)

HERE = Origin("192.0.2.9")
NEW = "zeven lange gele banden"
THIEF = "dief@elders.nl"
STEP = timedelta(seconds=60)


def last(event: Event, person: User) -> AuditEntry:
    found = AuditEntry.objects.filter(event=event, subject=person).order_by("-pk").first()
    assert found
    return found


def press(entry: AuditEntry) -> str:
    """Open the link of the mail in a strange browser, say that it was somebody else, and read the page."""
    return shown(browser(), f"/dit-was-ik-niet/{report_links.make_token(entry)}/", {"answer": "do"})


def replaced_by_a_thief(person: User) -> tuple[Authenticator, AuditEntry]:
    old = devices.authenticator_of(person)
    pending = totp.begin(person, replaces=old)
    totp.activate(person, phone(pending).now(), "Van de dief", HERE)
    return Authenticator.objects.get(pk=pending.pk), last(Event.AUTHENTICATOR_REPLACED, person)


def activated_by_a_thief(person: User) -> tuple[Authenticator, AuditEntry]:
    pending = totp.begin(person)
    totp.activate(person, phone(pending).now(), "Van de dief", HERE)
    recovery_codes.make(person, HERE, mailed=False)
    return Authenticator.objects.get(pk=pending.pk), last(Event.SECOND_STEP_ACTIVATED, person)


def moved_to(person: User, address: str) -> AuditEntry:
    email_address.request_change(person, address, HERE)
    person.refresh_from_db()
    assert email_address.confirm(person, address_links.make(person, address), HERE) is email_address.Outcome.CHANGED
    person.refresh_from_db()
    return last(Event.ADDRESS_CHANGED_BY_PERSON, person)


def by_mail(person: User) -> None:
    """What whoever reads the mailbox does."""
    passwords.send_reset_link(person.email, HERE)
    person.refresh_from_db()
    passwords.set_from_link(password_links.make(person, Purpose.RESET), NEW, HERE)
    person.refresh_from_db()


def opens(person: User, password: str = PASSWORD, code: str = "") -> bool:
    client = browser()
    answer = client.post("/inloggen/", {"username": person.email, "password": password})
    if code and getattr(answer, "url", "") == CODE:
        client.post(CODE, {"code": code})
    return is_signed_in(client)


# --- the password


@pytest.mark.parametrize("event", reports.PASSWORD_KNOWN)
def test_password_that_somebody_else_knows_opens_nothing_until_its_owner_sets_one(event: Event) -> None:
    person = UserFactory()
    passwords.change(person, NEW, HERE)
    entry = record(event, subject=person, origin=HERE)
    page = press(entry)
    assert "Je wachtwoord werkt niet meer." in page
    assert "Kies een nieuw wachtwoord" in page
    assert not opens(person, NEW)
    assert not opens(person)
    by_mail(person)
    assert opens(person, NEW), "the owner reads the mailbox, so the report locks nobody out"


def test_password_by_mail_that_was_not_the_owner_s_is_not_set_again_from_the_same_mailbox() -> None:
    person = UserFactory()
    by_mail(person)
    page = press(last(Event.PASSWORD_CHANGED, person))
    assert "Misschien leest iemand mee in je mailbox" in page
    assert "/wachtwoord-vergeten/" not in page
    sent = len(mails())
    browser().post("/wachtwoord-vergeten/", {"email": person.email})
    assert "wachtwoord-instellen" not in mails()[sent].body
    assert "support" in mails()[sent].body
    person.refresh_from_db()
    assert passwords.set_from_link(password_links.make(person, Purpose.RESET), NEW, HERE) is None
    # Support has spoken to the owner on the telephone: from then on the way by mail is open.
    assert reports.close(Report.objects.get(), UserFactory(superuser=True), HERE, check=Check.CALLED_BACK)
    by_mail(person)
    assert opens(person, NEW)


def test_with_a_second_step_the_way_by_mail_stays_open_because_the_mailbox_alone_opens_nothing() -> None:
    person = UserFactory(with_totp=True)
    by_mail(person)
    press(last(Event.PASSWORD_CHANGED, person))
    by_mail(person)
    assert not opens(person, NEW)
    assert opens(person, NEW, code_of(person))


# --- the second step


def test_replaced_phone_counts_again_and_the_new_one_does_not() -> None:
    person = UserFactory(with_totp=True)
    old = phone(devices.authenticator_of(person))
    recovery_codes.make(person, HERE)
    new, entry = replaced_by_a_thief(person)
    page = press(entry)
    assert "Waarmee je eerder inlogde werkt weer" in page
    assert "Je herstelcodes werken niet meer." in page
    with later(STEP):
        assert not opens(person, code=phone(new).now())
        assert opens(person, code=old.now())
    assert not RecoveryCodeSet.objects.exists()


def test_code_that_was_used_before_does_not_work_again_on_the_app_that_came_back() -> None:
    person = UserFactory(with_totp=True)
    old = devices.authenticator_of(person)
    code = phone(old).now()
    assert opens(person, code=code)
    _new, entry = replaced_by_a_thief(person)
    press(entry)
    assert not opens(person, code=code)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_second_replacement_by_the_thief_goes_too_in_whichever_order_the_mails_are_read(order: tuple[int, int]) -> None:
    person = UserFactory(with_totp=True)
    own = phone(devices.authenticator_of(person))
    first, first_entry = replaced_by_a_thief(person)
    with later(STEP):
        second, second_entry = replaced_by_a_thief(person)
    for number in order:
        press([first_entry, second_entry][number])
    with later(3 * STEP):
        for device in (first, second):
            assert not opens(person, code=phone(device).now())
        assert opens(person, code=own.now())


def test_thief_cannot_push_the_owner_s_phone_out_of_what_is_kept() -> None:
    person = UserFactory(with_totp=True)
    own = phone(devices.authenticator_of(person))
    _device, entry = replaced_by_a_thief(person)
    for number in range(2 * limits.FORMER_AUTHENTICATORS):
        with later(STEP * (number + 1)):
            replaced_by_a_thief(person)
    for _ in range(2 * limits.FORMER_AUTHENTICATORS):
        totp.begin(person, begun_in=str(_))
    press(entry)
    with later(STEP):
        assert opens(person, code=own.now())
    assert Authenticator.objects.get(user=person, confirmed=True).name == "Telefoon"


@pytest.mark.parametrize("gone", ["switched off", "removed"])
def test_phone_that_a_thief_removed_counts_again(gone: str) -> None:
    person = UserFactory(with_totp=True)
    own = devices.authenticator_of(person)
    if gone == "removed":
        AuthenticatorFactory(user=person, name="Tablet")
        authenticators.remove(person, own, HERE)
        entry = last(Event.AUTHENTICATOR_REMOVED, person)
    else:
        authenticators.switch_off(person, own, code_of(person), HERE, reports.known_browsers.UNKNOWN_BROWSER)
        entry = last(Event.SECOND_STEP_SWITCHED_OFF, person)
    press(entry)
    back = Authenticator.objects.get(user=person, name="Telefoon")
    assert back.confirmed
    assert back.secret() == own.secret()
    assert not opens(person)


def test_reset_that_a_thief_talked_support_into_is_undone_with_what_was_linked_by_it() -> None:
    person, desk = UserFactory(with_totp=True), UserFactory(in_support=True, with_totp=True)
    own = devices.authenticator_of(person)
    act(Kind.RESET, person, desk)
    thief, entry = activated_by_a_thief(person)
    press(entry)
    with later(STEP):
        assert not opens(person, code=phone(thief).now())
        assert opens(person, code=phone(own).now())


def test_activation_by_a_thief_goes_and_the_password_alone_does_not_open_the_account_meanwhile() -> None:
    """The thief knows the password; the owner also reads the mailbox, and gets in by both together."""
    person = UserFactory()
    thief, entry = activated_by_a_thief(person)
    page = press(entry)
    assert "Log in met je eigen wachtwoord" in page
    assert "Kies een nieuw wachtwoord dat" not in page
    assert not opens(person)
    assert not opens(person, code=phone(thief).now())
    owner = browser()
    assert sign_in(owner, person).url == "/inloggen/nieuwe-telefoon/"
    owner.post("/inloggen/nieuwe-telefoon/")
    link = re.search(r"https://mijn\.assetmaps\.nl(/nieuwe-telefoon/\S+)", mails()[-1].body)
    assert link
    owner.get(link[1])
    assert sign_in(owner, person).url == "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/"


def test_thief_with_the_mailbox_cannot_switch_the_second_step_off_by_reporting_the_owner_s_own_activation() -> None:
    person = UserFactory()
    _own, entry = activated_by_a_thief(person)  # by the owner, this time
    press(entry)
    by_mail(person)
    thief = browser()
    answer = thief.post("/inloggen/", {"username": person.email, "password": NEW})
    assert answer.url == "/inloggen/nieuwe-telefoon/"
    sent = len(mails())
    thief.post("/inloggen/nieuwe-telefoon/")
    assert len(mails()) == sent
    assert not is_signed_in(thief)


@pytest.mark.parametrize("event", [Event.RECOVERY_CODES_MADE, Event.RECOVERY_CODE_USED])
def test_recovery_codes_that_somebody_else_has_are_void(event: Event) -> None:
    person = UserFactory(with_totp=True)
    codes = recovery_codes.make(person, HERE)
    page = press(record(event, subject=person, origin=HERE, detail={"left": 9}))
    assert "Je herstelcodes werken niet meer." in page
    client = browser()
    client.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    client.post("/inloggen/herstelcode/", {"code": codes[1]})
    assert not is_signed_in(client)
    assert opens(person, code=code_of(person)), "the own phone was not what the mail was about"


# --- the address


def test_old_address_comes_back_and_links_to_the_new_one_are_void() -> None:
    person = UserFactory(email="eigenaar@voorbeeld.nl")
    entry = moved_to(person, THIEF)
    passwords.send_reset_link(THIEF, HERE)
    person.refresh_from_db()
    link = password_links.make(person, Purpose.RESET)
    page = press(entry)
    assert "Je e-mailadres is weer wat het was." in page
    person.refresh_from_db()
    assert person.email == "eigenaar@voorbeeld.nl"
    assert passwords.set_from_link(link, NEW, HERE) is None
    told = {message.to[0] for message in mails() if "teruggezet" in message.subject}
    assert told == {THIEF}, "it may be the owner who reads there, and a thief who reads the old mailbox"
    assert last(Event.ADDRESS_RESTORED, person).detail["after"] == person.email
    by_mail(person)
    assert opens(person, NEW)


def test_every_address_that_the_thief_went_on_to_is_left_behind() -> None:
    person = UserFactory(email="eigenaar@voorbeeld.nl")
    first = moved_to(person, THIEF)
    second = moved_to(person, "dief2@elders.nl")
    press(first)
    press(second)
    person.refresh_from_db()
    assert person.email == "eigenaar@voorbeeld.nl", "the mails after the first change went to the thief"
    assert Report.objects.count() == 1


def test_mails_that_went_to_the_thief_take_nothing_from_the_owner() -> None:
    person = UserFactory(email="eigenaar@voorbeeld.nl")
    moved = moved_to(person, THIEF)
    passwords.change(person, NEW, HERE)
    to_the_thief = last(Event.PASSWORD_CHANGED, person)
    press(moved)
    by_mail(person)
    client = browser()
    client.post("/inloggen/", {"username": person.email, "password": NEW})
    press(to_the_thief)
    assert is_signed_in(client)
    assert opens(person, NEW)


def test_page_promises_no_reset_to_an_address_that_is_the_owner_s_no_more() -> None:
    person = UserFactory(email="eigenaar@voorbeeld.nl")
    passwords.change(person, NEW, HERE)
    entry = last(Event.PASSWORD_CHANGED, person)
    moved = moved_to(person, THIEF)
    page = press(entry)
    assert "/wachtwoord-vergeten/" not in page
    assert "Vraag geen nieuw wachtwoord aan" in page
    sent = len(mails())
    passwords.send_reset_link(THIEF, HERE)
    assert "wachtwoord-instellen" not in mails()[sent].body
    assert "wachtwoord-vergeten" not in next(
        m.body for m in mails() if m.to == ["eigenaar@voorbeeld.nl"] and "gemeld" in m.subject
    )
    press(moved)
    person.refresh_from_db()
    assert (person.email, person.links_withheld) == ("eigenaar@voorbeeld.nl", False)
    by_mail(person)
    assert opens(person, NEW)


def test_mail_to_a_mailbox_that_the_account_left_leads_to_no_reset_that_goes_to_the_other_one() -> None:
    """A reset is mailed to the earlier mailbox too, as long as the new one is not proved."""
    person, desk = UserFactory(email="eigenaar@voorbeeld.nl", with_totp=True), UserFactory(superuser=True)
    moved = moved_to(person, THIEF)
    entry = record(Event.SECOND_STEP_RESET, subject=person, actor=desk, origin=HERE)
    link = f"/dit-was-ik-niet/{report_links.make_token(entry, 'eigenaar@voorbeeld.nl')}/"
    assert "eigenaar" not in link
    page = shown(browser(), link, {"answer": "do"})
    assert "/wachtwoord-vergeten/" not in page
    assert "Vraag geen nieuw wachtwoord aan" in page
    person.refresh_from_db()
    assert person.links_withheld
    press(moved)
    person.refresh_from_db()
    assert (person.email, person.links_withheld) == ("eigenaar@voorbeeld.nl", False)


def test_what_was_mailed_to_the_owner_s_earlier_mailbox_still_undoes_after_the_address_came_back() -> None:
    person = UserFactory(email="eigenaar@voorbeeld.nl", with_totp=True)
    own = phone(devices.authenticator_of(person))
    moved = moved_to(person, THIEF)
    _new, entry = replaced_by_a_thief(person)
    press(moved)
    person.refresh_from_db()
    assert not reports.report(report_links.make_token(entry, THIEF), HERE)
    assert reports.report(report_links.make_token(entry, person.email), HERE)
    with later(STEP):
        assert opens(person, code=own.now())


def test_link_of_the_earlier_version_still_works() -> None:
    person = UserFactory()
    passwords.change(person, NEW, HERE)
    assert reports.report(signing.dumps(last(Event.PASSWORD_CHANGED, person).pk, salt=report_links.SALT), HERE)
    person.refresh_from_db()
    assert not person.links_withheld


def test_address_that_somebody_else_has_by_now_is_not_taken_back_and_no_link_goes_to_the_thief() -> None:
    person = UserFactory(email="eigenaar@voorbeeld.nl")
    entry = moved_to(person, THIEF)
    UserFactory(email="Eigenaar@voorbeeld.nl")
    page = press(entry)
    assert "weer wat het was" not in page
    assert "/wachtwoord-vergeten/" not in page
    person.refresh_from_db()
    assert (person.email, person.links_withheld) == (THIEF, True)


# --- always


def test_requests_interventions_and_links_end_whatever_the_mail_was_about(client: Client) -> None:
    person = UserFactory(with_totp=True, staff=True)
    desk = UserFactory(superuser=True, with_totp=True)
    help_requests.ask(person, HERE)
    act(Kind.RESET, person, desk)
    email_address.request_change(person, THIEF, HERE)
    passwords.send_reset_link(person.email, HERE)
    person.refresh_from_db()
    to_address, to_password = address_links.make(person, THIEF), password_links.make(person, Purpose.RESET)
    client = signed_in(person)
    press(record(Event.WAIT_LIFTED, subject=person, origin=HERE))
    assert not is_signed_in(client)
    assert HelpRequest.objects.get().cancelled_at is not None
    assert not person.interventions.filter(state__in=("waiting", "approved")).exists()
    person.refresh_from_db()
    assert address_links.new_address(to_address, person) is None
    assert password_links.holder(to_password) is None


def test_parallel_presses_undo_once() -> None:
    person = UserFactory(with_totp=True)
    _new, entry = replaced_by_a_thief(person)
    token = report_links.make_token(entry)
    done = at_once([lambda: reports.report(token, HERE) for _ in range(6)])
    assert done.count(True) == 1
    assert Authenticator.objects.filter(user=person).count() == 1
    assert not FormerAuthenticator.objects.filter(user=person).exclude(why="disowned").exists()


def test_report_and_another_replacement_at_once_leave_the_owner_s_phone_or_a_report_that_still_works() -> None:
    person = UserFactory(with_totp=True)
    own = phone(devices.authenticator_of(person))
    _new, entry = replaced_by_a_thief(person)
    pending = totp.begin(person, replaces=devices.authenticator_of(person))
    token, code = report_links.make_token(entry), phone(pending).now()
    at_once([lambda: reports.report(token, HERE), lambda: totp.activate(person, code, "Nog een", HERE)])
    with later(STEP):
        assert opens(person, code=own.now())
    assert [device.name for device in Authenticator.objects.filter(user=person)] == ["Telefoon"]


# --- who looks at it


def test_who_changed_the_address_does_not_close_the_report_about_it() -> None:
    person, worker = UserFactory(), UserFactory(superuser=True)
    entry = record(Event.ADDRESS_CHANGED, subject=person, actor=worker, origin=HERE, detail={"before": person.email})
    report = Report.objects.create(user=person, entry=entry)
    assert not reports.close(report, worker, HERE, check=Check.IN_PERSON)
    assert reports.close(report, UserFactory(superuser=True), HERE, check=Check.IN_PERSON)
    assert last(Event.REPORT_LOOKED_AT, person).detail == {"check": "in_person"}
    assert "Support heeft naar je melding gekeken" in mails()[-1].subject


def test_links_are_mailed_again_when_two_reports_are_closed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    person, worker = UserFactory(links_withheld=True), UserFactory(superuser=True)
    entries = [record(Event.PASSWORD_CHANGED, subject=person, origin=HERE) for _ in range(2)]
    undone = {"doubt": reports.MAILBOX}
    both = [Report.objects.create(user=person, entry=entry, undone=undone) for entry in entries]
    monkeypatch.setattr(reports, "_withhold_links", then_pause(reports._withhold_links))
    closed = at_once([partial(reports.close, one, worker, HERE, check=Check.CALLED_BACK) for one in both])
    assert closed == [True, True]
    person.refresh_from_db()
    assert not person.links_withheld


def test_after_a_report_words_in_the_mailbox_and_one_worker_do_not_open_the_account() -> None:
    """Until the owner shows the second factor again: a thief with the mailbox reads the words and the link as well."""
    person, worker = UserFactory(with_totp=True), UserFactory(in_support=True, with_totp=True)
    passwords.change(person, NEW, HERE)
    press(last(Event.PASSWORD_CHANGED, person))
    assert act(Kind.RESET, person, worker).outcome is Refusal.REPORTED
    assert reports.close(Report.objects.get(), UserFactory(superuser=True), HERE, check=Check.CALLED_BACK)
    for kind in (Kind.RESET, Kind.BRIDGE_CODE):
        assert act(kind, person, worker).outcome is Outcome.ASKED, kind
    by_mail(person)
    assert opens(person, NEW, code_of(person))
    assert act(Kind.RESET, person, UserFactory(in_support=True, with_totp=True)).outcome is Outcome.DONE


def test_old_reports_of_an_account_end_with_their_links() -> None:
    person = UserFactory()
    passwords.change(person, NEW, HERE)
    entry = last(Event.PASSWORD_CHANGED, person)
    token = report_links.make_token(entry)
    with later(limits.NOT_ME_LINK + timedelta(minutes=1)):
        assert not reports.report(token, HERE)
        assert timezone.now() - entry.at > limits.NOT_ME_LINK


def test_thief_with_phone_and_mailbox_does_not_undo_the_reset_that_ended_the_phone() -> None:
    person, desk = UserFactory(with_totp=True), UserFactory(in_support=True, with_totp=True)
    act(Kind.RESET, person, desk)
    activated_by_a_thief(person)  # by the owner here: the new phone
    press(last(Event.SECOND_STEP_RESET, person))
    person.refresh_from_db()
    assert person.links_withheld
