"""Wachtwoord vergeten and the invitation: the mailed link, from asking to the new password."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import limits
from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords import flows, links
from accounts.passwords.links import Purpose
from tests.codes import code_of
from tests.conftest import mails, sign_in
from tests.factories import PASSWORD, UserFactory
from tests.pages import CODE, SIGN_IN, browser, half_signed_in, is_signed_in, session_key, shown, signed_in, text

pytestmark = pytest.mark.django_db

FORGOTTEN = "/wachtwoord-vergeten/"
SENT = "/wachtwoord-vergeten/verstuurd/"
SET_NEW = "/wachtwoord-instellen/"
NO_LONGER = "<h1>Deze link werkt niet meer</h1>"
NEW = "een heel nieuwe lange zin"

Ask = Callable[..., str]


@pytest.fixture
def person() -> User:
    return UserFactory()


@pytest.fixture
def ask(django_capture_on_commit_callbacks: object) -> Ask:
    """Ask for a link and return the address in the mail."""

    def asked(person: User, **headers: str) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            browser().post(FORGOTTEN, {"email": person.email}, **headers)
        return link_in(mails()[-1].body)

    return asked


def link_in(body: str) -> str:
    """The link of a mail, without scheme and host."""
    found = re.findall(r"https://mijn\.assetmaps\.nl(/wachtwoord-instellen/\S+)", body)
    assert len(found) == 1
    return found[0]


def set_password(client: Client, link: str, password: str = NEW) -> str:
    client.get(link)
    return shown(client, SET_NEW, {"new_password1": password, "new_password2": password})


def signs_in(person: User, password: str) -> bool:
    return browser().post(SIGN_IN, {"username": person.email, "password": password}).url != SIGN_IN


def asked(address: str) -> tuple:
    with CaptureQueriesContext(connection) as queries:
        answer = browser().post(FORGOTTEN, {"email": address})
    statements = [query["sql"].split()[0] for query in queries.captured_queries]
    return answer.status_code, answer.url, sorted(answer.headers), text(answer), statements


def test_known_unknown_and_inactive_address_get_the_same_answer(person: User) -> None:  # ASVS 6.3.8
    inactive = UserFactory(is_active=False)
    answers = [asked(address) for address in (person.email, "niemand@voorbeeld.nl", inactive.email)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][1] == SENT


def test_unknown_and_inactive_address_get_no_mail(django_capture_on_commit_callbacks: object) -> None:
    inactive = UserFactory(is_active=False)
    with django_capture_on_commit_callbacks(execute=True):
        for address in ("niemand@voorbeeld.nl", inactive.email):
            browser().post(FORGOTTEN, {"email": address})
    assert mails() == []


def test_link_sets_the_password(person: User, ask: Ask) -> None:
    page = set_password(browser(), ask(person))
    assert "Je wachtwoord is ingesteld." in page
    assert signs_in(person, NEW)
    assert not signs_in(person, PASSWORD)


def test_address_is_found_without_regard_to_case(django_capture_on_commit_callbacks: object) -> None:
    UserFactory(email="Anna.deVries@voorbeeld.nl")
    with django_capture_on_commit_callbacks(execute=True):
        browser().post(FORGOTTEN, {"email": " anna.DEVRIES@voorbeeld.nl "})
    assert mails()[0].to == ["Anna.deVries@voorbeeld.nl"]


def test_link_leads_to_the_public_address_whatever_host_was_asked(person: User, ask: Ask, settings: object) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    ask(person, headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    assert "evil.example" not in mails()[-1].body + mails()[-1].subject


def test_unknown_host_is_refused(client: Client) -> None:
    assert client.get(SIGN_IN, headers={"host": "evil.example"}).status_code == 400


def test_link_works_once(person: User, ask: Ask) -> None:  # ASVS 6.4.1
    link = ask(person)
    set_password(browser(), link)
    assert NO_LONGER in browser().get(link).content.decode()
    assert signs_in(person, NEW)


def test_link_open_in_two_browsers_works_in_one(person: User, ask: Ask) -> None:
    link = ask(person)
    first, second = browser(), browser()
    first.get(link)
    second.get(link)
    set_password(first, link)
    values = {"new_password1": "nog een andere lange zin", "new_password2": "nog een andere lange zin"}
    assert NO_LONGER in shown(second, SET_NEW, values)
    assert signs_in(person, NEW)


def test_only_the_newest_link_works(person: User, ask: Ask) -> None:
    older, newer = ask(person), ask(person)
    assert NO_LONGER in shown(browser(), older)
    assert NO_LONGER not in shown(browser(), newer)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_link_ends_after_its_time(person: User, purpose: Purpose) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        token = links.make(person, purpose)
        clock.shift(purpose.lifetime - timedelta(seconds=1))
        assert links.holder(token) == person
        clock.shift(timedelta(seconds=2))
        assert links.holder(token) is None


# ASVS 6.4.1
# NIST N26
def test_reset_lasts_an_hour_and_an_invitation_a_week() -> None:
    assert Purpose.RESET.lifetime == limits.PASSWORD_RESET_LINK == timedelta(minutes=60)
    assert Purpose.INVITATION.lifetime == limits.INVITATION_LINK == timedelta(days=7)


def test_link_that_expires_while_the_page_is_open_sets_nothing(person: User, ask: Ask) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = browser()
        client.get(link := ask(person))
        clock.shift(timedelta(minutes=29))
        assert client.get(SET_NEW).status_code == 200
        clock.shift(timedelta(minutes=32))
        shown(client, SET_NEW, {"new_password1": NEW, "new_password2": NEW})
        page = text(client.get(link))
    assert NO_LONGER in page
    assert signs_in(person, PASSWORD)


@pytest.mark.parametrize(
    "change", [{"email": "nieuw@voorbeeld.nl"}, {"is_active": False}, {"last_login": timezone.now()}]
)
def test_link_ends_when_the_account_changes(person: User, change: dict[str, object]) -> None:
    token = links.make(person, Purpose.INVITATION)
    User.objects.filter(pk=person.pk).update(**change)
    assert links.holder(token) is None


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "é", "\x00", "x" * 5000, "eyJ1c2VyIjoxfQ:1abcde:" + "A" * 43])
def test_forged_link_is_told_to_work_no_longer(token: str) -> None:
    assert links.holder(token) is None
    if token:
        answer = browser().get(f"{SET_NEW}{token}/", follow=True)
        assert (answer.status_code, NO_LONGER in text(answer)) == (410, True)


def test_token_signed_for_another_purpose_is_no_link(person: User) -> None:
    assert links.holder(signing.dumps({"user": person.pk, "purpose": "other"}, salt=links.SALT)) is None
    assert links.holder(signing.dumps({"user": person.pk, "purpose": "reset", "account": ""}, salt=links.SALT)) is None
    assert links.holder(signing.dumps({"user": person.pk}, salt=links.SALT)) is None
    assert links.holder(signing.dumps([1], salt=links.SALT)) is None


def test_token_leaves_the_address_bar(person: User, ask: Ask) -> None:  # ASVS 14.2.1
    client, link = browser(), ask(person)
    answer = client.get(link)
    assert (answer.status_code, answer.url) == (302, SET_NEW)
    page = client.get(SET_NEW)
    assert link.split("/")[2] not in text(page)
    assert person.email in text(page)
    assert "no-store" in page["Cache-Control"]


def test_link_that_was_opened_in_another_browser_is_to_be_opened_here_once_more(person: User, ask: Ask) -> None:
    link = ask(person)
    browser().get(link)
    client = browser()
    assert client.get(SET_NEW).status_code == 410
    assert "Open de link nog een keer" in shown(client, SET_NEW, {"new_password1": NEW, "new_password2": NEW})
    set_password(client, link)
    assert signs_in(person, NEW)


@pytest.mark.parametrize("behind", [".", ",", ")", ">", "%20", "%22", "%E2%80%9D", "/.", "%0A", "/%20/"])
def test_link_works_with_what_came_to_stand_behind_it(person: User, ask: Ask, behind: str) -> None:
    client = browser()
    assert client.get(ask(person).rstrip("/") + behind, follow=True).status_code == 200
    assert client.get(SET_NEW).status_code == 200


def test_link_in_capitals_leads_to_a_new_one(person: User, ask: Ask) -> None:
    answer = browser().get(ask(person).upper(), follow=True)
    assert answer.status_code == 410
    assert "Nieuwe link aanvragen" in text(answer)


# ASVS 7.6.2
# NIST N33
def test_link_does_not_sign_in(person: User, ask: Ask) -> None:  # ASVS 6.3.6
    client = browser()
    set_password(client, ask(person))
    assert not is_signed_in(client)
    assert client.get(SET_NEW).status_code == 410


# NIST N33
def test_second_step_stays_in_force_after_a_reset(ask: Ask) -> None:  # ASVS 6.4.3
    person = UserFactory(with_totp=True)
    client = browser()
    set_password(client, ask(person))
    assert client.post(SIGN_IN, {"username": person.email, "password": NEW}).url == CODE
    assert not is_signed_in(client)
    assert client.post(CODE, {"code": code_of(person)}).url == "/"


def test_every_session_ends_after_a_reset(ask: Ask) -> None:  # ASVS 7.4.3
    person = UserFactory(with_totp=True)
    full, owing = signed_in(person), half_signed_in(person)
    set_password(browser(), ask(person))
    assert not Session.objects.filter(user=person).exists()
    assert not is_signed_in(full)
    assert owing.get(CODE).url == SIGN_IN


def test_session_key_changes_when_a_link_is_followed(person: User, ask: Ask) -> None:
    client = browser()
    client.get(ask(person))
    before = session_key(client)
    client.get(ask(person))
    assert session_key(client) != before


def test_unequal_passwords_change_nothing_and_the_link_still_works(person: User, ask: Ask) -> None:
    client = browser()
    client.get(ask(person))
    page = shown(client, SET_NEW, {"new_password1": NEW, "new_password2": NEW + "!"})
    assert "De twee wachtwoorden zijn niet gelijk." in page
    assert NEW not in page
    assert "Je wachtwoord is ingesteld." in shown(client, SET_NEW, {"new_password1": NEW, "new_password2": NEW})


def test_reset_is_recorded_and_mailed(person: User, ask: Ask, django_capture_on_commit_callbacks: object) -> None:
    link = ask(person)
    with django_capture_on_commit_callbacks(execute=True):
        set_password(browser(), link)
    events = list(AuditEntry.objects.order_by("id").values_list("event", flat=True))
    assert events == ["password_link_sent", "password_changed"]
    assert mails()[-1].subject == "Je wachtwoord voor Assetmaps is gewijzigd"
    assert mails()[-1].to == [person.email]


def test_asking_for_an_unknown_address_is_recorded_without_the_address() -> None:
    browser().post(FORGOTTEN, {"email": "niemand@voorbeeld.nl"})
    entry = AuditEntry.objects.get()
    assert (entry.event, entry.succeeded, entry.subject, entry.subject_name) == ("password_link_sent", False, None, "")


def test_invited_person_chooses_the_first_password(django_capture_on_commit_callbacks: object) -> None:
    person = User.objects.create_user("nieuw@voorbeeld.nl", first_name="Nina")
    with django_capture_on_commit_callbacks(execute=True):
        flows.invite(person, actor=None, origin=Origin("127.0.0.1"))
    (message,) = mails()
    assert "7 dagen" in message.body
    assert "Hallo Nina," in message.body
    with django_capture_on_commit_callbacks(execute=True):
        set_password(browser(), link_in(message.body))
    told = mails()[-1]
    assert told.subject == "Je account voor Assetmaps is klaar"
    assert "een wachtwoord gekozen" in told.body
    assert "gewijzigd" not in told.body
    assert "/dit-was-ik-niet/" in told.body
    assert signs_in(person, NEW)


@pytest.mark.parametrize("has_password", [True, False])
@pytest.mark.parametrize("purpose", Purpose)
def test_only_an_invitation_of_somebody_without_a_password_counts_as_one(purpose: Purpose, has_password: bool) -> None:
    person = UserFactory() if has_password else UserFactory(password="!")
    is_invited = links.invited(links.make(person, purpose)) is not None
    assert is_invited is (purpose is Purpose.INVITATION and not has_password)


def test_invited_person_may_also_ask_for_a_link(ask: Ask) -> None:
    person = User.objects.create_user("nieuw@voorbeeld.nl")
    set_password(browser(), ask(person))
    assert signs_in(person, NEW)


def test_refused_address_form_is_shown_again() -> None:
    client = browser()
    answer = client.post(FORGOTTEN, {"email": "x" * 255})
    assert answer.url == FORGOTTEN
    assert 'aria-invalid="true"' in shown(client, FORGOTTEN)


def test_person_who_is_signed_in_may_follow_a_link_too(person: User, ask: Ask) -> None:
    link = ask(person)
    client = browser()
    sign_in(client, UserFactory())
    assert "Je wachtwoord is ingesteld." in set_password(client, link)
    assert not is_signed_in(client)
