"""The security activity in the administration: the list, its pages, and the page of one entry."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from accounts import limits
from accounts.audit import chain
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import CONSOLE, Origin
from tests.accounts.audit.entries import sql
from tests.accounts.audit_pages.entries import CHROME, note
from tests.accounts.audit_pages.staff import PAGE, people_on, superuser, worker
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import shown, signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return superuser()


# ASVS 16.2.1
def test_line_tells_when_what_whom_by_whom_why_and_from_where(client: Client) -> None:
    colleague = UserFactory(email="balie@assetmaps.nl")
    person = UserFactory(organisation=OrganisationFactory(name="Zeist"))
    with time_machine.travel(datetime(2026, 7, 3, 21, 5, 9, tzinfo=UTC), tick=False):
        receipt = {"receipt": "S-4F7K-29QD"}
        note(person, Event.SECOND_STEP_RESET, actor=colleague, reason="Telefoon in de gracht", detail=receipt)
    page = shown(client, PAGE)
    for fact in ("3 jul 23:05", "Oud apparaat losgekoppeld door support", person.email, "192.0.2.7", "S-4F7K-29QD"):
        assert fact in page, fact
    assert colleague.email in page
    page = shown(client, f"{PAGE}{AuditEntry.objects.get(event=Event.SECOND_STEP_RESET).pk}/")
    for fact in (
        "3 juli 2026 23:05:09",
        "Telefoon in de gracht",
        "Chrome op Windows",
        "ABCDE-FGHJK",
        "Zeist",
        "gelukt",
    ):
        assert fact in page, fact


def test_run_of_one_request_is_one_line_that_opens_and_a_refusal_stands_alone(client: Client) -> None:
    colleague, people = UserFactory(email="balie@assetmaps.nl"), [UserFactory() for _ in range(4)]
    note(UserFactory(), Event.INVITED, actor=colleague, origin=Origin("192.0.2.7", "", "AAAAA-AAAAA"))
    list_of = Origin("192.0.2.7", "", "BBBBB-BBBBB")
    for person in people:
        note(person, Event.INVITED, actor=colleague, origin=list_of)
        note(person, Event.ACCESS_GIVEN, actor=colleague, origin=list_of)
    note(people[0], Event.ACCESS_GIVEN, actor=colleague, origin=list_of, succeeded=False)
    page = shown(client, PAGE)
    before, run = page.split('<tr class="audit__run">')
    assert before.count('data-label="Persoon"') >= 1
    assert 'class="audit__refused"' in before
    summary = " ".join(run.split("</summary>")[0].split())
    assert '4 keer "Toegang tot een omgeving gegeven"' in summary
    assert '4 keer "Uitgenodigd"' in summary
    assert "door balie@assetmaps.nl" in summary
    inside, after = run.split("</details>")
    assert inside.count('data-label="Persoon"') == 8
    assert after.count('data-label="Wat er gebeurde">Uitgenodigd') == 1


def test_page_that_ends_within_a_list_of_people_leads_past_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUDIT_PAGE", 3)
    colleague, list_of = UserFactory(), Origin("192.0.2.7", "", "BBBBB-BBBBB")
    earlier = note(UserFactory(email="eerder@x.nl"), Event.DEACTIVATED)
    begun = note(None, Event.PEOPLE_IMPORTED, actor=colleague, origin=list_of)
    for _ in range(8):
        note(UserFactory(), Event.INVITED, actor=colleague, origin=list_of)
    for query in ("", "?event=invited&event=deactivated"):
        link = re.search(r'href="([^"]*voor=\d+)">Ouder dan deze lijst', shown(client, PAGE + query))[1]
        assert link.endswith(f"voor={begun.pk}")
        assert "eerder@x.nl" in shown(client, PAGE + link)
    assert "Ouder dan deze lijst" not in shown(client, f"{PAGE}?voor={earlier.pk + 1}")
    for _ in range(4):
        note(UserFactory(), Event.DEACTIVATED, actor=colleague, origin=Origin("192.0.2.7", "", "CCCCC-CCCCC"))
    assert "Ouder dan deze lijst" not in shown(client, PAGE)


def test_other_fields_are_folded_until_one_is_used(client: Client) -> None:
    assert '<details class="more">' in shown(client, PAGE)
    for query in ("result=refused", "event=invited", "worker=x", "result=onzin"):
        assert '<details class="more" open>' in shown(client, f"{PAGE}?{query}"), query


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"cause": "clock_off", "minutes_off": -4}, "de klok van de telefoon loopt 4 minuten achter"),
        ({"cause": "clock_off", "minutes_off": 1}, "de klok van de telefoon loopt 1 minuut voor"),
        ({"cause": "used"}, "de code was al gebruikt"),
        ({"cause": "reported"}, "de persoon meldde “dit was ik niet”"),
        ({"cause": "iets dat later komt"}, "Inloggen geweigerd: code"),
        ({}, "Inloggen geweigerd: code"),
    ],
)
def test_refusal_tells_its_cause_in_words(client: Client, detail: dict, words: str) -> None:
    note(UserFactory(), Event.CODE_REFUSED, succeeded=False, detail=detail)
    assert f'class="audit__refused">{words}<' in shown(client, PAGE)


def test_line_distinguishes_the_person_the_command_line_and_nobody(client: Client) -> None:
    note(UserFactory())
    note(UserFactory(), origin=CONSOLE)
    note(None, Event.PASSWORD_REFUSED, succeeded=False)
    told = re.findall(r'<td data-label="Door">([^<]*)', shown(client, PAGE))
    assert told[:3] == ["–", "Assetmaps (opdrachtregel)", "de persoon zelf"]


@pytest.mark.parametrize("number", ["-1", "x", "", "9" * 18, "9" * 19, "9" * 400, "%D9%A1", "0", "%00", "1.5"])
@pytest.mark.parametrize("side", ["voor", "na"])
def test_malformed_page_position_is_ignored(client: Client, side: str, number: str) -> None:
    assert client.get(f"{PAGE}?{side}={number}").status_code == 200


def test_pages_follow_each_other_with_their_filters(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUDIT_PAGE", 2)
    person = UserFactory()
    entries = [note(person, Event.WAIT_LIFTED) for _ in range(5)]
    seen, address = [], f"{PAGE}?event=wait_lifted&result=succeeded"
    while address:
        page = shown(client, address)
        seen += re.findall(r'href="/beheer/activiteit/(\d+)/"', page)
        note(person, Event.WAIT_LIFTED)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = PAGE + following[1] if following else ""
    assert seen == [str(entry.pk) for entry in entries[::-1]]
    back = re.search(r'rel="prev" href="([^"]+)"', page)[1]
    assert "event=wait_lifted" in back
    assert re.findall(r"/beheer/activiteit/(\d+)/", shown(client, PAGE + back)) == [
        str(entries[2].pk),
        str(entries[1].pk),
    ]


def test_page_takes_as_few_statements_for_many_lines(client: Client, django_assert_max_num_queries: object) -> None:
    for _ in range(limits.AUDIT_PAGE):
        note(UserFactory(organisation=OrganisationFactory()))
    client.get(PAGE)
    with django_assert_max_num_queries(8):
        client.get(PAGE)


def test_page_of_an_entry_shows_everything_and_the_state_of_its_seal(client: Client) -> None:
    person = UserFactory()
    entry = note(person, Event.CODE_REFUSED, succeeded=False, detail={"factor": "totp", "cause": "used", "later": "x"})
    address = f"{PAGE}{entry.pk}/"
    assert "Nog niet verzegeld." in shown(client, address)
    chain.seal()
    page = shown(client, address)
    position = AuditEntry.objects.filter(pk__lte=entry.pk).count()
    assert f"Verzegeld op plaats {position}, en sindsdien niet veranderd." in page
    assert CHROME in page
    for fact in ("Middel", "totp", "later", "ABCDE-FGHJK", f"/beheer/accounts/user/{person.pk}/change/"):
        assert fact in page, fact
    sql("UPDATE audit_auditentry SET reason = 'anders' WHERE id = %s", entry.pk)
    assert "Dit klopt niet" in shown(client, address)


def test_entry_after_a_removed_seal_or_with_a_lost_key_is_not_shown_as_unchanged(
    client: Client, settings: object
) -> None:
    note(UserFactory())
    entry = note(UserFactory())
    chain.seal()
    address, keys = f"{PAGE}{entry.pk}/", settings.ENCRYPTION_KEYS
    sql("UPDATE audit_auditseal SET key_id = %s WHERE entry_id = %s", "0" * 16, entry.pk)
    assert "met een sleutel die hier niet meer is ingesteld" in shown(client, address)
    assert keys == settings.ENCRYPTION_KEYS
    seal = chain.seal_state_of(entry)[1]
    sql("UPDATE audit_auditseal SET key_id = %s WHERE entry_id = %s", chain.encryption.key_in_use(), entry.pk)
    assert chain.seal_state_of(entry)[0] is chain.SealState.INTACT
    sql("DELETE FROM audit_auditseal WHERE position = %s", seal.position - 1)
    assert "Dit klopt niet" in shown(client, address)


def test_entry_outlives_its_person_and_its_organisation(client: Client) -> None:
    organisation = OrganisationFactory()
    person = UserFactory(organisation=organisation)
    entry, email = note(person), person.email
    person.delete()
    organisation.delete()
    assert email in shown(client, f"{PAGE}{entry.pk}/")
    assert email in people_on(client)


@pytest.mark.parametrize("number", ["0", "99999999", "99999999999999999999"])
def test_entry_that_is_not_there_is_not_found(client: Client, number: str) -> None:
    assert client.get(f"{PAGE}{number}/").status_code == 404


def test_input_of_visitors_is_escaped(client: Client) -> None:  # ASVS 3.2.2
    entry = note(None, Event.PASSWORD_REFUSED, origin=Origin("192.0.2.7", "<script>alert(1)</script>"), reason="<b>x")
    for address in (PAGE, f"{PAGE}{entry.pk}/", f"{PAGE}?person=<script>alert(1)</script>"):
        content = client.get(address).content
        assert b"<script>alert" not in content
        assert b"<b>x" not in content


# ASVS 8.2.1
def test_page_is_for_whoever_has_the_right_and_linked_for_them_only() -> None:
    entry = note(UserFactory())
    for person, status in ((worker(), 200), (worker(right="view_user"), 403)):
        client = signed_in(person)
        for address in (PAGE, f"{PAGE}exporteren/"):
            assert client.get(address).status_code == status, address
        assert client.get(f"{PAGE}{entry.pk}/").status_code == (404 if status == 200 else 403)
        assert (PAGE in text(client.get("/beheer/"))) is (status == 200)


def test_pages_take_no_post() -> None:
    client, entry = superuser(), note(UserFactory())
    assert client.post(PAGE).status_code == 405
    assert client.post(f"{PAGE}{entry.pk}/").status_code == 405
