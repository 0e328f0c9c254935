"""The page on which people see their own events."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import Enum

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from accounts import limits
from accounts.audit import activity
from accounts.audit.activity import CAUSES
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import CONSOLE, Origin, browser_in_words
from accounts.audit.recording import record
from accounts.support.caller_check.flows import Outcome as CallerCheck
from accounts.support.flows import Refusal
from accounts.two_factor.verification import Outcome as Verification
from tests.codes import wrong_code_of
from tests.conftest import sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PAGE = "/persoonlijke-gegevens/activiteit/"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


def text_of(client: Client, address: str = PAGE) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_page_tells_what_when_where_and_how_it_ended(client: Client) -> None:
    person = UserFactory()
    with time_machine.travel(datetime(2026, 7, 3, 21, 5, tzinfo=UTC), tick=False):
        sign_in(client, person)
        origin = Origin("192.0.2.7", CHROME)
        record(
            Event.CODE_REFUSED,
            subject=person,
            origin=origin,
            succeeded=False,
            detail={"cause": "used", "factor": "totp"},
        )
        text = text_of(client)
    assert "<h1>Beveiligingsactiviteit</h1>" in text
    assert ">vandaag 23:05</time>" in text  # in Amsterdam
    for fact in ("Chrome op Windows", "192.0.2.7", "geweigerd: de code was al gebruikt", "Ingelogd", "gelukt"):
        assert fact in text, fact


@pytest.mark.parametrize(
    ("language", "at", "words"),
    [
        ("nl", datetime(2026, 7, 3, 22, 0, tzinfo=UTC), "vandaag 00:00"),  # in Amsterdam
        ("nl", datetime(2026, 7, 3, 21, 59, tzinfo=UTC), "gisteren 23:59"),
        ("nl", datetime(2026, 7, 2, 21, 59, tzinfo=UTC), "2 juli 2026 23:59"),
        ("en", datetime(2026, 7, 3, 22, 0, tzinfo=UTC), "today 00:00"),
        ("en", datetime(2026, 7, 3, 21, 59, tzinfo=UTC), "yesterday 23:59"),
        ("en", datetime(2026, 7, 2, 21, 59, tzinfo=UTC), "2 July 2026 23:59"),
        ("en", datetime(2026, 7, 4, 22, 0, tzinfo=UTC), "5 July 2026 00:00"),  # another machine's clock
    ],
)
def test_day_is_named_when_it_was_today_or_yesterday(language: str, at: datetime, words: str) -> None:
    with time_machine.travel(datetime(2026, 7, 4, 8, 0, tzinfo=UTC), tick=False), translation.override(language):
        assert activity.day_and_time(at) == words


def test_page_is_linked_from_personal_details_and_needs_no_fresh_proof(client: Client) -> None:
    person = UserFactory()
    with time_machine.travel(datetime(2026, 7, 3, 10, 0, tzinfo=UTC)) as clock:
        sign_in(client, person)
        clock.shift(limits.FRESH_PROOF * 2)
        assert f'href="{PAGE}"' in text_of(client, "/persoonlijke-gegevens/")
        assert "Beveiligingsactiviteit" in text_of(client)


def test_page_shows_only_the_own_events(client: Client) -> None:
    # ASVS 8.2.2
    record(Event.SIGNED_IN, subject=UserFactory(), origin=Origin("198.51.100.99", CHROME))
    sign_in(client, UserFactory())
    text = text_of(client)
    assert "198.51.100.99" not in text
    assert text.count("<h2>") == 1


# ASVS 16.3.1
def test_attempts_of_a_thief_are_on_the_page(client: Client) -> None:
    person = UserFactory(with_totp=True)
    thief = Client(headers={"user-agent": "curl/8"})
    thief.post(
        "/inloggen/", {"username": person.email, "password": "geraden geraden geraden"}, REMOTE_ADDR="203.0.113.5"
    )
    sign_in(thief, person, code=wrong_code_of(person))
    sign_in(client, person)
    text = text_of(client)
    assert "203.0.113.5" in text
    assert "onbekende browser" in text
    assert text.count("geweigerd: klopte niet") == 2


def test_network_address_of_a_support_worker_is_not_shown(client: Client) -> None:
    person = UserFactory()
    desk = Origin("198.51.100.20", "Firefox op Linux van support")
    record(Event.SECOND_STEP_RESET, subject=person, actor=UserFactory(), origin=desk)
    record(Event.SECOND_STEP_RESET, subject=person, origin=CONSOLE)
    sign_in(client, person)
    text = text_of(client)
    assert text.count("Assetmaps: support of een beheerder") == 2
    assert "198.51.100.20" not in text
    assert "manage.py" not in text


def test_older_events_are_on_following_pages_without_gap_or_repeat(client: Client) -> None:
    person = UserFactory()
    sign_in(client, person)
    for n in range(2 * limits.ACTIVITY_PAGE):
        record(Event.DETAILS_CHANGED, subject=person, origin=Origin("192.0.2.1", f"b{n}"))
    shown, address = 0, PAGE
    while address:
        text = text_of(client, address)
        shown += text.count("<h2>")
        following = re.search(r'href="(\?voor=\d+)"', text)
        address = PAGE + following[1] if following else ""
    assert shown == 2 * limits.ACTIVITY_PAGE + 1


@pytest.mark.parametrize("number", ["-1", "x", "", "9" * 18, "9" * 19, "9" * 400, "%D9%A1", "0", "%00", "1.5"])
def test_malformed_page_number_is_ignored(client: Client, number: str) -> None:
    sign_in(client, UserFactory())
    assert client.get(f"{PAGE}?voor={number}").status_code == 200


def test_page_takes_few_statements(client: Client, django_assert_max_num_queries: object) -> None:
    sign_in(client, UserFactory(with_totp=True))
    for _ in range(3):
        text_of(client)
    with django_assert_max_num_queries(6):
        text_of(client)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (CHROME, "Chrome op Windows"),
        (CHROME + " Edg/126.0", "Edge op Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox op Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1", "Safari op iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36", "Chrome op Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/17.5 Safari/605.1", "Safari op macOS"),
        ("Mozilla/5.0 (iPad; CPU OS 17_5) CriOS/126.0 Mobile Safari/604.1", "Chrome op iPad"),
        ("Firefox", "Firefox"),
        ("curl/8", "onbekende browser"),
        ("", "onbekende browser"),
        ("<script>alert(1)</script>", "onbekende browser"),
    ],
)
def test_browser_is_named_in_words_and_never_by_its_user_agent(user_agent: str, words: str) -> None:
    assert browser_in_words(user_agent) == words


def test_every_cause_of_a_refused_code_has_a_text() -> None:
    from accounts.two_factor.verification import NOT_CODES, Outcome

    causes = {outcome.name.lower() for outcome in set(Outcome) - NOT_CODES} - {"accepted"}
    assert causes <= set(CAUSES)


@pytest.mark.parametrize(("language", "word"), [("nl", "geweigerd"), ("en", "refused")])
def test_result_beside_the_name_of_an_event_says_refused_once(language: str, word: str) -> None:
    refusals = [event for event in Event if event.endswith("_refused")]
    with translation.override(language):
        for event in refusals:
            assert event.label.count(word) == 1, event
            for cause in ["", *CAUSES]:
                entry = AuditEntry(event=event, succeeded=False, detail={"cause": cause})
                for words in (activity.result(entry), activity.result_for_support(entry)):
                    beside = activity.cause(entry, words)
                    assert word not in beside, words
                    assert beside in words  # and nothing else is lost
        other = AuditEntry(event=Event.SIGNED_IN, succeeded=False, detail={"cause": "wrong"})
        assert activity.cause(other, activity.result(other)).startswith(word)


def test_entry_holds_the_number_that_is_on_the_answer(client: Client) -> None:
    # ASVS 16.2.1
    person = UserFactory()
    response = client.post("/inloggen/", {"username": person.email, "password": "verkeerd verkeerd"})
    assert AuditEntry.objects.get().reference == response["X-Request-ID"]


@pytest.mark.parametrize(
    ("members", "stored"),
    [
        (
            Verification,
            "accepted not_a_code recovery_code several_codes support_code expired wrong used clock_off other_device "
            "linked_already unfinished replaced removed unknown_passkey count_fell unreadable waiting too_many "
            "inactive not_yet_alone business_account demanded closed",
        ),
        (
            Refusal,
            "not_allowed out_of_scope oneself outranked opens_elsewhere reported inactive no_second_step "
            "nothing_to_lift no_code month_is_full lifted_often password_closed not_checked changed_address stopped "
            "already_asked not_ready not_ones_own",
        ),
        (CallerCheck, "sent too_many passed wrong used_up guessed worker_guesses not_sent"),
    ],
)
def test_members_whose_names_are_stored_as_causes_keep_their_names(members: type[Enum], stored: str) -> None:
    assert [one.name.lower() for one in members] == stored.split()
