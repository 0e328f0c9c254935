"""The list of people: found, filtered, counted, exported."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from environments.models import Access
from tests.conftest import outlive_proof
from tests.environments.people.staff import PEOPLE, administrator_of, superuser
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import shown, signed_in, text

pytestmark = pytest.mark.django_db

EXPORT = "/beheer/mensen/exporteren/"


def found(client: object, question: str) -> set[str]:
    return {person.email for person in client.get(f"{PEOPLE}?{question}").context["cl"].result_list}


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        ("jan.de", {"jan.deboer@x.nl"}),
        ("JAN.DEBOER@X.NL", {"jan.deboer@x.nl"}),
        ("jan", {"jan.deboer@x.nl", "p.jansen@x.nl"}),
        ("boer", {"jan.deboer@x.nl"}),
        ("de boer", {"jan.deboer@x.nl"}),
        ("jan de boer", {"jan.deboer@x.nl"}),
        ("de Boer, Jan", {"jan.deboer@x.nl"}),
        ("petra jan", {"p.jansen@x.nl"}),
        ("ansen", set()),
        ("%", set()),
        ("_", set()),
        ("\x00", {"jan.deboer@x.nl", "p.jansen@x.nl"}),
    ],
)
def test_people_are_found_by_any_beginning_of_address_or_name(asked: str, who: set[str]) -> None:
    UserFactory(email="jan.deboer@x.nl", first_name="Jan", last_name="de Boer")
    UserFactory(email="p.jansen@x.nl", first_name="Petra", last_name="Jansen")
    boss = superuser()
    User.objects.filter(pk=boss.pk).update(first_name="", last_name="")
    assert found(signed_in(boss), f"q={asked}") - {boss.email} == who


def test_filters_know_who_never_came_and_who_was_not_seen_for_long() -> None:
    long_ago = timezone.now() - limits.NOT_SEEN - timedelta(days=1)
    UserFactory(email="nooit@x.nl", password="!x")
    UserFactory(email="lang-uitgenodigd@x.nl", password="!x", date_joined=long_ago)
    UserFactory(email="lang@x.nl", last_login=long_ago, date_joined=long_ago)
    UserFactory(email="net@x.nl", last_login=timezone.now(), date_joined=long_ago)
    client = signed_in(superuser())
    assert found(client, "came=never") == {"nooit@x.nl", "lang-uitgenodigd@x.nl"}
    assert found(client, "came=long-ago") == {"lang@x.nl", "lang-uitgenodigd@x.nl"}


def test_filters_of_environment_and_second_step_work_together() -> None:
    environment = EnvironmentFactory()
    people = [UserFactory(with_totp=number == 0) for number in range(2)]
    for person in people:
        Access.objects.create(user=person, environment=environment)
    client = signed_in(superuser())
    assert found(client, f"environment={environment.pk}&second_step=on") == {people[0].email}
    assert found(client, f"environment={environment.pk}&second_step=off") == {people[1].email}
    assert found(client, "environment=99999") == set()
    assert found(client, "environment=x") == set()


def test_filter_offers_a_field_instead_of_thousands_of_organisations() -> None:
    for number in range(limits.FILTER_CHOICES + 5):
        OrganisationFactory(name=f"Gemeente {number:03d}")
    OrganisationFactory(name="Waterschap")
    page = shown(signed_in(superuser()), PEOPLE)
    assert page.count("?organisation=") == limits.FILTER_CHOICES
    assert "Er zijn er nog meer. Vul een deel van de naam in." in page
    narrowed = shown(signed_in(superuser()), f"{PEOPLE}?organisation_named=water&came=never")
    assert narrowed.count("organisation=") == 1
    assert 'name="came" value="never"' in narrowed


def test_count_stops_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        UserFactory()
    client = signed_in(superuser())
    assert "6 personen" in shown(client, PEOPLE)
    monkeypatch.setattr(limits, "COUNTED_PEOPLE", 4)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = shown(client, PEOPLE)
    assert "meer dan 4: zoek of filter om de rest te zien" in page
    assert not [
        query for query in asked.captured_queries if "COUNT(" in query["sql"] and "accounts_user" in query["sql"]
    ]


def test_search_that_finds_too_many_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        UserFactory(first_name="Jan", last_name="Jansen")
    client = signed_in(superuser())
    assert "5 personen" in shown(client, f"{PEOPLE}?q=jan")
    monkeypatch.setattr(limits, "FOUND_PEOPLE", 4)
    assert "meer dan 5: zoek" in shown(client, f"{PEOPLE}?q=jan")
    rows = exported(client, "q=jan")
    assert len(rows) == 6, "the file has everybody"


def test_pages_follow_each_other_without_gaps() -> None:
    for number in range(60):
        UserFactory(email=f"p{number:02d}@x.nl", last_name="Samen")
    client = signed_in(superuser())
    for question in ("q=samen&", ""):
        both = [client.get(f"{PEOPLE}?{question}p={page}").context["cl"].result_list for page in (1, 2)]
        addresses = [person.email for page in both for person in page]
        assert addresses == sorted(addresses)
        assert len(set(addresses)) == len(addresses) == (60 if question else 61)


@pytest.mark.parametrize("order", ["2", "-4", "x", "99999", "1.2", "-"])
def test_no_address_sorts_everybody_by_something_else(order: str) -> None:
    UserFactory(email="a@x.nl", first_name="Z")
    UserFactory(email="b@x.nl", first_name="A")
    people = list(signed_in(superuser()).get(f"{PEOPLE}?o={order}").context["cl"].result_list)
    assert [person.email for person in people if person.email.endswith("@x.nl")] == ["a@x.nl", "b@x.nl"]


def exported(client: object, filters: str = "") -> list[list[str]]:
    answer = client.post(EXPORT, {"filters": filters})
    assert answer.status_code == 200
    content = answer.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_export_has_the_filtered_people_for_a_dutch_spreadsheet() -> None:
    environment = EnvironmentFactory(name="Wegen", organisation__name="Gemeente Één")
    person = UserFactory(
        email="jan@x.nl", first_name="=1+1", last_name="Jansen; jr", organisation=environment.organisation
    )
    Access.objects.create(user=person, environment=environment)
    Access.objects.create(user=person, environment=EnvironmentFactory(name="Bruggen"))
    UserFactory(email="piet@x.nl")
    rows = exported(signed_in(superuser()), "q=jan@")
    assert rows == [
        [
            "Voornaam",
            "Achternaam",
            "E-mailadres",
            "Organisatie",
            "Omgevingen",
            "Tweede stap",
            "Passkey",
            "Laatst ingelogd",
            "Actief",
        ],
        ["'=1+1", "Jansen; jr", "jan@x.nl", "Gemeente Één", "Bruggen, Wegen", "nee", "nee", "", "ja"],
    ]


def test_export_is_recorded_with_its_filters_and_number_and_needs_fresh_proof() -> None:
    organisation = OrganisationFactory()
    client = administrator_of(organisation)
    UserFactory(organisation=organisation)
    UserFactory(email="elders@x.nl", organisation=OrganisationFactory())
    rows = exported(client, "is_active__exact=1")
    assert len(rows) == 3
    assert "elders@x.nl" not in str(rows)
    entry = AuditEntry.objects.get(event="people_exported")
    assert (entry.organisation, entry.detail) == (organisation, {"filters": "is_active__exact=1", "count": 2})
    outlive_proof(client)
    assert client.post(EXPORT, {"filters": ""}).url.startswith("/bevestig-identiteit/")
    assert AuditEntry.objects.filter(event="people_exported").count() == 1


def test_export_shows_nothing_that_the_list_does_not_answer() -> None:
    client = administrator_of(OrganisationFactory())
    for filters in ("password__startswith=a", "membership__organisation__name=x", "p=999", "&&==%00"):
        answer = client.post(EXPORT, {"filters": filters})
        assert answer.status_code in (200, 302, 400), filters
        if answer.status_code == 200:
            assert len(answer.getvalue().splitlines()) <= 2


def test_export_of_many_takes_the_same_number_of_queries_for_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORT_BATCH", 10)
    for _ in range(34):
        UserFactory(organisation=OrganisationFactory())
    client = signed_in(superuser())
    with CaptureQueriesContext(connection) as asked:
        rows = exported(client)
    assert len(rows) == 36
    assert len({row[2] for row in rows}) == 36
    assert len(asked) < 30


def test_row_tells_who_it_is_in_words_with_the_name_of_each_column() -> None:
    organisation = OrganisationFactory(name="Gemeente <b>")
    person = UserFactory(first_name="<i>", last_name="Jansen", organisation=organisation, with_totp=True)
    UserFactory(first_name="", last_name="", email="naamloos@x.nl", is_active=False)
    page = signed_in(superuser()).get(PEOPLE).content.decode()
    row = next(row for row in page.split("<tr>") if person.email in row)
    assert f'&lt;i&gt; Jansen <span class="below">{person.email}</span></a></th>' in row
    assert '<th scope="row"' in row
    cells = re.findall(r'<td data-label="([^"]+)"[^>]*>(?:<span[^>]*>)?([^<]*)', row)
    assert cells == [
        *(("Organisatie", "Gemeente &lt;b&gt;"), ("Tweede stap", "aan")),
        *(("Laatst ingelogd", "nooit"), ("Actief", "ja")),
    ]
    nameless = next(row for row in page.split("<tr>") if "naamloos@x.nl" in row)
    assert re.findall(r">(aan|uit|ja|nee)<", nameless) == ["uit", "nee"]


def test_button_carries_out_the_action_that_it_names() -> None:
    person, client = UserFactory(), signed_in(superuser())
    page = text(client.get(PEOPLE))
    fields = re.findall(r'<input type="hidden" name="action" value="([^"]*)">', page)
    place = re.search(r'name="index" value="(\d+)">Deactiveer deze personen<', page)[1]
    asked = client.post(PEOPLE, {"action": fields, "index": place, "_selected_action": [person.pk]})
    assert "Deactiveer 1 persoon" in text(asked)


def test_access_list_finds_people_and_takes_one_query_a_page() -> None:
    environment = EnvironmentFactory(people=[UserFactory(email=f"p{n}@x.nl") for n in range(3)])
    client = signed_in(superuser())
    assert "p1@x.nl" in shown(client, f"/beheer/environments/access/?q=p1&environment={environment.pk}")
    assert "p2@x.nl" not in text(client.get("/beheer/environments/access/?q=p1"))
    assert "3 keer toegang" in shown(client, "/beheer/environments/access/")
