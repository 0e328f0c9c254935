"""The filters of the security activity: what each finds, and which values are refused."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from tests.accounts.audit_pages.entries import at, move, note
from tests.accounts.audit_pages.staff import PAGE, people_on, superuser
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import shown, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return superuser()


def test_people_are_found_by_address_beginning_and_former_address(client: Client) -> None:
    anna, annemiek = UserFactory(email="Anna@voorbeeld.nl"), UserFactory(email="annemiek@voorbeeld.nl")
    note(anna)
    note(annemiek)
    assert people_on(client, "person=anna@VOORBEELD.nl") == [anna.email]
    assert people_on(client, "person=ANN") == [annemiek.email, anna.email]
    move(anna, "hanna@elders.nl")
    note(anna)
    assert people_on(client, "person=Anna@voorbeeld.NL") == ["hanna@elders.nl", "hanna@elders.nl", "Anna@voorbeeld.nl"]
    assert people_on(client, "person=niemand@voorbeeld.nl") == []


def test_whole_address_is_that_person_and_not_those_who_begin_like_it(client: Client) -> None:
    note(UserFactory(email="jan@voorbeeld.nl"))
    note(UserFactory(email="jan@voorbeeld.nl.example"))
    assert people_on(client, "person=jan@voorbeeld.nl") == ["jan@voorbeeld.nl"]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'"])
def test_wildcard_characters_are_searched_for_literally(client: Client, sign: str) -> None:
    note(UserFactory(email="jan@voorbeeld.nl"))
    assert people_on(client, f"person={sign}".replace("%", "%25")) == []


def test_worker_is_who_did_it(client: Client) -> None:
    colleague, person = UserFactory(email="balie@assetmaps.nl"), UserFactory()
    note(person, Event.WAIT_LIFTED, actor=colleague)
    note(person)
    assert people_on(client, "worker=balie") == [person.email]
    assert people_on(client, f"worker={person.email}") == [person.email]


def test_organisation_events_and_result_are_combined(client: Client) -> None:
    organisation = OrganisationFactory(name="Utrecht", slug="utrecht")
    ours, other = UserFactory(organisation=organisation), UserFactory(organisation=OrganisationFactory(name="Zeist"))
    for person in (ours, other):
        note(person)
        note(person, Event.CODE_REFUSED, succeeded=False)
        note(person, Event.PASSWORD_REFUSED, succeeded=False)
    assert people_on(client, "organisation=utr") == [ours.email] * 3
    assert people_on(client, "organisation=UTRECHT&result=refused") == [ours.email] * 2
    assert people_on(client, "event=code_refused&event=environment_opened") == [other.email] * 2 + [ours.email] * 2
    assert people_on(client, "organisation=utrecht&event=code_refused&result=succeeded") == []


def test_period_holds_its_first_and_its_last_day_in_amsterdam(client: Client) -> None:
    person = UserFactory()
    at("2026-03-28T22:59:59", person)  # 23:59:59, still the 28th
    kept = [at("2026-03-28T23:00:00", person), at("2026-03-29T21:59:59", person)]  # the night of summer time
    at("2026-03-29T22:00:00", person)
    page = shown(client, f"{PAGE}?person={person.email}&since=2026-03-29&until=2026-03-29")
    assert re.findall(r'href="/beheer/activiteit/(\d+)/"', page) == [str(entry.pk) for entry in kept[::-1]]
    assert people_on(client, f"person={person.email}&since=29-03-2026&until=29-03-2026") == [person.email] * 2


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=gisteren", "Vul een datum in als dag-maand-jaar, bijvoorbeeld 24-11-2026."),
        ("since=31-02-2026", "Vul een datum in als dag-maand-jaar"),
        ("until=0001-01-01", "Kies een dag tussen 2000 en 2100."),
        ("until=9999-12-31", "Kies een dag tussen 2000 en 2100."),
        ("since=2026-03-02&until=2026-03-01", "De laatste dag ligt vóór de eerste dag."),
        ("organisation=zomaar", "Er is geen organisatie waarvan de naam zo begint."),
        ("organisation=Gemeente", "Er zijn meerdere organisaties die zo beginnen: Gemeente A, Gemeente B."),
        ("event=verzonnen", "Kies uit de lijst wat er gebeurde."),
        ("result=misschien", "Kies een resultaat uit de lijst."),
        ("person=persoon", f"Meer dan {limits.AUDIT_PEOPLE} personen heten zo."),
        ("worker=persoon", f"Meer dan {limits.AUDIT_PEOPLE} personen heten zo."),
    ],
)
def test_refused_value_says_why_keeps_what_was_typed_and_shows_no_lines(
    client: Client, query: str, sentence: str
) -> None:
    OrganisationFactory(name="Gemeente A")
    OrganisationFactory(name="Gemeente B")
    for number in range(limits.AUDIT_PEOPLE + 1):
        UserFactory(email=f"persoon{number:03}@voorbeeld.nl")
    page = shown(client, f"{PAGE}?{query}")
    assert sentence in page
    assert "Er is niet gezocht." in page
    assert '<table class="audit"' not in page
    name, _is, typed = query.partition("&")[0].partition("=")
    if name not in ("event", "result"):
        assert f'value="{typed}"' in page


def test_person_is_found_by_a_name_without_accents_in_any_order(client: Client) -> None:
    person = UserFactory(first_name="Renée", last_name="Müller")
    record(Event.SIGNED_OUT, subject=person, origin=Origin())
    record(Event.SIGNED_OUT, subject=UserFactory(first_name="Rik"), origin=Origin())
    page = text(client.get(PAGE, {"person": "muller renee"}))
    assert page.count("Uitgelogd") >= 1
    assert person.email in page
