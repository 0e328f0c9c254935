"""The choice of language at the foot of every page."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from tests.conftest import sign_in
from tests.factories import PASSWORD, UserFactory
from tests.pages import CODE, DETAILS, SIGN_IN, browser, half_signed_in, shown, signed_in

pytestmark = pytest.mark.django_db

VISITORS, OWN = "/taal/", "/persoonlijke-gegevens/taal/"
ENGLISH, DUTCH = '<html lang="en">', '<html lang="nl">'


def test_visitor_begins_in_dutch_whatever_the_browser_asks_because_the_organisations_are() -> None:
    assert DUTCH in shown(browser(), SIGN_IN)
    client = browser()
    assert '<html lang="nl">' in client.get(SIGN_IN, headers={"accept-language": "en"}).content.decode()


def test_visitor_chooses_english_stays_on_the_page_and_keeps_it() -> None:
    client = browser()
    answer = client.post(VISITORS, {"language": "en", "next": f"{SIGN_IN}?next=/x/"})
    assert answer.url == f"{SIGN_IN}?next=/x/"
    assert ENGLISH in shown(client, answer.url)
    assert "Forgot your password?" in shown(client, SIGN_IN)
    cookie = client.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"


def test_choice_of_the_person_is_kept_with_the_account_and_recorded() -> None:
    person = UserFactory()
    client = signed_in(person)
    assert client.post(OWN, {"language": "en", "next": "/"}).url == "/"
    person.refresh_from_db()
    assert person.language == "en"
    assert AuditEntry.objects.get(event="details_changed").detail == {"language": "en"}
    assert "My Environments" in shown(client, "/")


def test_same_choice_again_is_no_change() -> None:
    person = UserFactory()
    signed_in(person).post(OWN, {"language": "nl", "next": "/"})
    assert not AuditEntry.objects.filter(event="details_changed").exists()


def test_language_of_the_account_stays_in_the_browser_after_signing_out() -> None:
    client = signed_in(UserFactory(language="en"))
    shown(client, "/")
    client.post("/uitloggen/")
    assert ENGLISH in shown(client, SIGN_IN)
    sign_in(client, UserFactory())
    shown(client, "/")
    client.post("/uitloggen/")
    assert DUTCH in shown(client, SIGN_IN), "a colleague who reads Dutch came after"


def test_code_is_asked_in_the_language_of_the_account_unless_another_was_chosen() -> None:
    client = half_signed_in(UserFactory(language="en", with_totp=True))
    assert ENGLISH in shown(client, CODE)
    client.post(VISITORS, {"language": "nl", "next": CODE})
    client.post(VISITORS, {"language": "en", "next": CODE})
    assert ENGLISH in shown(client, CODE)


def test_language_pressed_just_before_signing_in_becomes_that_of_the_account() -> None:
    person, client = UserFactory(with_totp=True), browser()
    client.post(VISITORS, {"language": "en"})
    sign_in(client, person)
    assert ENGLISH in shown(client, DETAILS)
    person.refresh_from_db()
    assert person.language == "en"
    assert AuditEntry.objects.get(event="details_changed").detail == {"language": "en"}


def test_language_that_a_colleague_left_behind_changes_no_account() -> None:
    client, person = browser(), UserFactory()
    with time_machine.travel(timezone.now() - limits.LANGUAGE_JUST_CHOSEN - timedelta(seconds=5)):
        client.post(VISITORS, {"language": "en"})
    assert ENGLISH in shown(client, SIGN_IN)
    sign_in(client, person)
    assert DUTCH in shown(client, DETAILS)
    client = signed_in(UserFactory(language="en"))
    shown(client, "/")
    client.post("/uitloggen/")
    sign_in(client, person)
    assert DUTCH in shown(client, DETAILS), "kept of an account, pressed by nobody"


def test_language_pressed_by_one_person_is_not_that_of_the_next_to_sign_in() -> None:
    client, colleague = browser(), UserFactory()
    client.post(VISITORS, {"language": "en"})
    sign_in(client, UserFactory())
    client.post("/uitloggen/")
    sign_in(client, colleague)
    colleague.refresh_from_db()
    assert colleague.language == "nl"


@pytest.mark.parametrize("moment", ["", "x", "-1", "9" * 13, "9" * 4000, "²", "1e9", "99999999999"])
def test_moment_that_no_clock_gave_counts_for_nothing(moment: str) -> None:
    client, person = browser(), UserFactory()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = f"en.{moment}"
    sign_in(client, person)
    person.refresh_from_db()
    assert person.language == "nl"


def test_right_password_alone_changes_no_language() -> None:
    person, client = UserFactory(with_totp=True), browser()
    client.post(VISITORS, {"language": "en"})
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    person.refresh_from_db()
    assert person.language == "nl"


@pytest.mark.parametrize("language", ["", "xx", "EN", "nl'--", "n" * 5000])
def test_language_that_does_not_exist_changes_nothing(language: str) -> None:
    client, person = browser(), UserFactory(language="en")
    assert client.post(VISITORS, {"language": language}).url == "/"
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language[:100]
    assert DUTCH in shown(client, SIGN_IN)
    client = signed_in(person)
    client.post(OWN, {"language": language})
    person.refresh_from_db()
    assert person.language == "en"


@pytest.mark.parametrize("target", ["https://elders.example/", "//elders.example", "javascript:alert(1)"])
def test_choice_leads_to_no_other_site(target: str) -> None:  # ASVS 3.7.2
    assert browser().post(VISITORS, {"language": "en", "next": target}).url == "/"


def test_visitor_changes_nobodys_account() -> None:
    person = UserFactory(with_totp=True)
    client = half_signed_in(person)
    client.post(VISITORS, {"language": "en"})
    assert client.post(OWN, {"language": "en"}).url.startswith(SIGN_IN)
    person.refresh_from_db()
    assert person.language == "nl"


def test_codes_are_still_there_after_another_language_was_chosen_beside_them() -> None:
    client = signed_in(UserFactory(with_totp=True))
    page = shown(client, "/persoonlijke-gegevens/herstelcodes/nieuw/", {})
    assert "Je herstelcodes" in page
    assert 'name="language" value=' in page
    client.post(OWN, {"language": "en"})
    assert "Your recovery codes" in shown(client, "/persoonlijke-gegevens/herstelcodes/")


def test_form_after_the_session_ended_leads_back_to_its_page() -> None:
    page = "https://testserver/persoonlijke-gegevens/?x=1"
    answer = browser().post(OWN, {"language": "en"}, headers={"referer": page})
    assert answer.url == f"{SIGN_IN}?next=/persoonlijke-gegevens/%3Fx%3D1"
    for elsewhere in ("https://elders.example/", "", "https://[", "data:,x"):
        answer = browser().post(OWN, {"language": "en"}, headers={"referer": elsewhere})
        assert answer.url == f"{SIGN_IN}?next=/"
