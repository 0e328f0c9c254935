"""Whoever works for one organisation learns nothing about another: not by a page, a number, a file or an answer."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.organisations.models import Membership, Organisation
from tests.accounts.audit_pages.staff import EXPORT, PAGE, administrator_of, people_on, worker
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import shown, signed_in, text

pytestmark = pytest.mark.django_db

ORIGIN = Origin("192.0.2.7", "Testbrowser")
OURS, THEIRS = "ons@voorbeeld.nl", "hunne@geheim.example"


@pytest.fixture
def ours() -> Organisation:
    return OrganisationFactory(name="Utrecht", slug="utrecht")


@pytest.fixture
def client(ours: Organisation) -> Client:
    return administrator_of(ours)


@pytest.fixture
def entries(ours: Organisation) -> dict[str, AuditEntry]:
    theirs = OrganisationFactory(name="Zeist", slug="zeist")
    people = {
        OURS: UserFactory(email=OURS, organisation=ours),
        THEIRS: UserFactory(email=THEIRS, organisation=theirs),
        "nergens@voorbeeld.nl": UserFactory(email="nergens@voorbeeld.nl"),
    }
    made = {name: record(Event.WAIT_LIFTED, subject=person, origin=ORIGIN) for name, person in people.items()}
    record(Event.PASSWORD_REFUSED, subject=None, origin=ORIGIN, succeeded=False)
    return made


# ASVS 8.4.1
@pytest.mark.parametrize(
    "query",
    [
        "event=wait_lifted",
        "event=wait_lifted&organisation=zeist",
        "event=wait_lifted&organisation=",
        "event=wait_lifted&result=succeeded",
        "event=wait_lifted&since=2020-01-01",
        f"event=wait_lifted&person={OURS}",
        f"event=wait_lifted&voor={10**15}",
        "event=wait_lifted&na=0",
    ],
)
def test_list_shows_the_own_organisation_whatever_is_asked(
    client: Client, entries: dict[str, AuditEntry], query: str
) -> None:
    assert people_on(client, query) == [OURS]
    assert THEIRS not in shown(client, f"{PAGE}?{query}")


def test_without_filters_too_only_the_own_organisation(client: Client, entries: dict[str, AuditEntry]) -> None:
    assert set(people_on(client)) == {OURS, "beheer@utrecht.nl"}


@pytest.mark.parametrize(
    "query", [f"person={THEIRS}", f"worker={THEIRS}", "person=hunne", "worker=hunne", "result=refused"]
)
def test_what_is_elsewhere_is_not_found(client: Client, entries: dict[str, AuditEntry], query: str) -> None:
    assert people_on(client, query) == []


def test_entry_of_another_organisation_is_exactly_like_one_that_is_not_there(
    client: Client, entries: dict[str, AuditEntry]
) -> None:
    assert client.get(f"{PAGE}{entries[OURS].pk}/").status_code == 200
    hidden, missing = client.get(f"{PAGE}{entries[THEIRS].pk}/"), client.get(f"{PAGE}{10**9}/")
    assert hidden.status_code == missing.status_code == 404
    # The number of the request and the token of the form that signs out differ each time.
    changing = [rf'{answer["X-Request-ID"]}|(?<=csrfmiddlewaretoken" value=")\w+' for answer in (hidden, missing)]
    same = [re.sub(one, "", text(answer)) for one, answer in zip(changing, (hidden, missing), strict=True)]
    assert same[0] == same[1]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("more", [{}, {"organisation": "zeist"}, {"person": THEIRS}, {"event": "wait_lifted"}])
def test_no_file_holds_another_organisation(
    client: Client, entries: dict[str, AuditEntry], kind: str, more: dict[str, str]
) -> None:
    answer = client.post(EXPORT, {"format": kind} | more)
    content = b"".join(answer) if answer.streaming else answer.content
    assert THEIRS.encode() not in content
    assert b"Zeist" not in content
    if "person" not in more:
        assert OURS.encode() in content


# ASVS 8.4.1
def test_answers_do_not_tell_who_exists_elsewhere(client: Client, entries: dict[str, AuditEntry]) -> None:
    """Neither a whole address, nor a beginning that many people elsewhere share, nor a name of an organisation."""
    for number in range(limits.AUDIT_PEOPLE + 5):
        UserFactory(email=f"massa{number}@geheim.example", organisation=Organisation.objects.get(slug="zeist"))
    answers = set()
    for typed in (THEIRS, "niemand@geheim.example", "massa", "zzzz"):
        page = shown(client, f"{PAGE}?person={typed}")
        page = page.partition('<form class="audit-search"')[2].partition("</main>")[0]
        answers.add(page.replace(typed, "").replace(quote(typed, safe=""), ""))
    (answer,) = answers
    assert "Niets gevonden. Neem een langere periode" in answer
    assert "Organisatie</label>" not in shown(client, PAGE)


def test_entries_of_somebody_who_moved_on_stay_with_the_organisation_of_then(
    client: Client, ours: Organisation, entries: dict[str, AuditEntry]
) -> None:
    person = entries[OURS].subject
    Membership.objects.filter(user=person).update(organisation=Organisation.objects.get(slug="zeist"))
    person.refresh_from_db()
    record(Event.PASSWORD_CHANGED, subject=person, origin=ORIGIN)
    page = shown(client, f"{PAGE}?person={OURS}")
    assert people_on(client, f"person={OURS}") == [OURS]
    assert "Wachtwoord gewijzigd</strong>" not in page
    assert f"/beheer/accounts/user/{person.pk}/" not in shown(client, f"{PAGE}{entries[OURS].pk}/")


def test_worker_who_belongs_nowhere_sees_nothing(entries: dict[str, AuditEntry]) -> None:
    client = signed_in(worker())
    assert people_on(client) == people_on(client, f"person={OURS}") == []
    assert client.get(f"{PAGE}{entries['nergens@voorbeeld.nl'].pk}/").status_code == 404
    assert "Er is niets om te exporteren." in shown(client, EXPORT)
    assert not client.post(EXPORT, {"format": "csv"}).streaming


def test_worker_for_all_sees_all(entries: dict[str, AuditEntry]) -> None:
    person = worker()
    person.user_permissions.add(Permission.objects.get(codename="work_for_every_organisation"))
    assert set(entries) <= set(people_on(signed_in(person)))


def test_right_that_is_taken_away_closes_the_page_at_once(ours: Organisation) -> None:  # ASVS 8.3.2
    person = worker(organisation=ours)
    client = signed_in(person)
    assert client.get(PAGE).status_code == 200
    person.user_permissions.clear()
    assert client.get(PAGE).status_code == 403
