""" "Dit was ik niet" and "Telefoon kwijt?"."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.support import flows, reports
from accounts.support.flows import Refusal
from accounts.support.models import Check, HelpRequest, Kind, Report
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from tests.accounts.support.desk_pages import act
from tests.clock import later
from tests.codes import phone
from tests.conftest import browser, mails, sign_in
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

NEW_PHONE = "/inloggen/nieuwe-telefoon/"
BASE = "/persoonlijke-gegevens/twee-staps-authenticatie"


def link_in_last_mail(part: str) -> str:
    found = re.search(rf"https://mijn\.assetmaps\.nl(/{part}/\S+)", mails()[-1].body)
    assert found, mails()[-1].body
    return found[1]


def changed_password(client: Client) -> object:
    person = UserFactory()
    sign_in(client, person)
    new = "zeven lange gele banden"
    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    client.post("/persoonlijke-gegevens/wachtwoord/", typed)
    return person


# NIST N29, N31
def test_link_in_a_security_mail_ends_all_and_blocks_support(client: Client) -> None:
    person = changed_password(client)
    link = link_in_last_mail("dit-was-ik-niet")
    stranger = browser()
    page = stranger.get(link).content.decode()
    assert "Wachtwoord gewijzigd" in page
    assert client.get("/").status_code == 200, "a mail scanner that follows the link changes nothing"
    done = stranger.post(link, {"answer": "do"})
    assert "Doe nu dit" in stranger.get(done.url).content.decode()
    assert client.get("/").status_code == 302
    epoch = person.known_browsers_epoch
    person.refresh_from_db()
    assert person.known_browsers_epoch == epoch + 1
    desk = UserFactory(in_support=True, with_totp=True)
    assert flows.may_reset(desk, person) is Refusal.REPORTED
    here, check = Origin("192.0.2.9"), Check.CALLED_BACK
    assert not reports.close(Report.objects.get(), person, here, check=check)
    assert reports.close(Report.objects.get(), UserFactory(superuser=True), here, check=check)
    assert AuditEntry.objects.filter(event=Event.REPORT_LOOKED_AT, subject=person, succeeded=True).count() == 1
    assert flows.may_reset(desk, person) is None


def test_link_works_once_and_for_seven_days(client: Client) -> None:
    changed_password(client)
    link = link_in_last_mail("dit-was-ik-niet")
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1), tick=True):
        assert "te oud" in browser().get(link).content.decode()
        browser().post(link, {"answer": "do"})
        assert not Report.objects.exists()
    browser().post(link, {"answer": "do"})
    browser().post(link, {"answer": "do"})
    assert Report.objects.count() == 1


def test_link_that_is_too_old_thanks_nobody_for_what_did_not_happen(client: Client) -> None:
    changed_password(client)
    link = link_in_last_mail("dit-was-ik-niet")
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1), tick=True):
        answer = Client().post(link, {"answer": "do"})
        assert answer.url == link
        assert "te oud" in Client().get(answer.url).content.decode()


def test_forged_link_reports_nothing() -> None:
    for token in ("abc", "MQ:1abc:xyz", "%00"):
        assert browser().post(f"/dit-was-ik-niet/{token}/", {"answer": "do"}).status_code == 302
    assert not Report.objects.exists()


# NIST N31
def test_lost_phone_gives_a_reference_to_read_out_and_a_mail_that_cancels_it() -> None:
    person = UserFactory(with_totp=True)
    client = browser()
    client.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    page = client.get("/inloggen/telefoon-kwijt/").content.decode()
    assert page.index("Gebruik een herstelcode") < page.index("Vraag support om hulp")
    client.post("/inloggen/telefoon-kwijt/")
    client.post("/inloggen/telefoon-kwijt/")
    asked = HelpRequest.objects.get()
    assert asked.reference in client.get("/inloggen/telefoon-kwijt/").content.decode()
    assert asked.reference in mails()[-1].body
    link = link_in_last_mail("hulpvraag-intrekken")
    assert browser().get(link).status_code == 200
    asked.refresh_from_db()
    assert asked.cancelled_at is None
    browser().post(link, {"answer": "do"})
    asked.refresh_from_db()
    assert asked.cancelled_at is not None


def test_lost_phone_asks_the_password_first() -> None:
    client = browser()
    assert client.post("/inloggen/telefoon-kwijt/").status_code == 302
    assert not HelpRequest.objects.exists()


def test_help_request_opens_nothing(client: Client) -> None:
    person = UserFactory(with_totp=True)
    client.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    client.post("/inloggen/telefoon-kwijt/")
    assert client.get("/").status_code == 302
    assert devices.has_confirmed_device(person)


def test_cancelled_request_makes_a_code_of_support_void_because_a_thief_may_have_asked() -> None:
    person = UserFactory(with_totp=True)
    client = browser()
    client.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    client.post("/inloggen/telefoon-kwijt/")
    code = account_recovery.issue_bridge_code(person)
    browser().post(link_in_last_mail("hulpvraag-intrekken"), {"answer": "do"})
    client.post("/inloggen/code-van-support/", {"code": code})
    assert client.get("/persoonlijke-gegevens/").status_code == 302


def test_not_me_in_the_mail_about_a_reset_makes_its_link_void_and_the_old_phone_counts_again(client: Client) -> None:
    person, desk = UserFactory(with_totp=True), UserFactory(in_support=True, with_totp=True)
    own = phone(devices.authenticator_of(person))
    act(Kind.RESET, person, desk)
    link, not_me = link_in_last_mail("nieuwe-telefoon"), link_in_last_mail("dit-was-ik-niet")
    browser().post(not_me, {"answer": "do"})
    assert client.get(link).url == "/nieuwe-telefoon/"
    with later(timedelta(minutes=1)):
        assert sign_in(client, person, code=own.now()).url == "/"


def test_not_me_about_a_reset_of_who_had_no_phone_makes_its_link_void_and_mails_no_other(client: Client) -> None:
    person, desk = UserFactory(staff=True), UserFactory(superuser=True, with_totp=True)
    act(Kind.RESET, person, None)
    link, not_me = link_in_last_mail("nieuwe-telefoon"), link_in_last_mail("dit-was-ik-niet")
    browser().post(not_me, {"answer": "do"})
    client.get(link)
    assert sign_in(client, person).url == NEW_PHONE
    told = len(mails())
    assert "vraag support om een code" in client.get(NEW_PHONE).content.decode()
    client.post(NEW_PHONE)
    assert len(mails()) == told
    reports.close(Report.objects.get(), desk, Origin("192.0.2.9"), check=Check.IN_PERSON)
    act(Kind.RESET, person, None)
    client.get(link_in_last_mail("nieuwe-telefoon"))
    assert sign_in(client, person).url == f"{BASE}/bevestigen/"
