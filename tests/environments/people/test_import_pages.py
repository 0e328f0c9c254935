"""The pages of a list of people: offer, look, confirm, follow, mend."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation

from accounts import limits
from accounts.models import User
from accounts.organisations.models import Organisation
from environments.models import Environment
from environments.people import import_processing
from environments.people.forms import UNREADABLE
from environments.people.models import PeopleImport
from environments.people.reading.types import Unreadable
from tests.clock import later
from tests.conftest import outlive_proof
from tests.environments.people.staff import INVITE, administrator, administrator_of, superuser
from tests.environments.people.workbooks import Sheet, xlsx
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import is_signed_in, shown, signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return EnvironmentFactory(name="Wegen", slug="wegen", organisation__name="Gemeente")


@pytest.fixture
def client(environment: Environment) -> Client:
    return administrator_of(environment.organisation)


def offer(client: Client, content: str, organisation: str = "Gemeente") -> str:
    """The address of the page that shows what would happen."""
    answer = client.post(INVITE, {"organisation": organisation, "text": content})
    assert answer.status_code == 302, text(answer)
    assert answer.url != INVITE, shown(client, INVITE)
    return answer.url


def test_only_organisation_is_told_and_not_asked(client: Client) -> None:
    OrganisationFactory(name="Elders")
    page = shown(client, INVITE)
    assert "Voor <strong>Gemeente</strong>." in page
    assert 'name="organisation"' not in page
    assert "Je omgevingen:" in page
    client.post(INVITE, {"organisation": "Elders", "text": "a@x.nl"})
    assert PeopleImport.objects.get().organisation.name == "Gemeente"
    assert 'name="organisation"' in shown(signed_in(superuser()), INVITE)


@pytest.mark.parametrize("kind", ["paste", "file"])
def test_list_is_shown_line_by_line_before_anything_happens(client: Client, kind: str) -> None:
    content = "email;voornaam;achternaam;omgevingen\nrené@x.nl;René\njan@x.nl;Jan;Jansen;Wegen"
    file = SimpleUploadedFile("lijst.csv", content.encode("cp1252"), "text/csv")
    values = {"organisation": "gemeente"} | ({"file": file} if kind == "file" else {"text": content})
    page = text(client.post(INVITE, values, follow=True))
    assert "<strong>1</strong> krijgt een uitnodiging" in page
    assert "<strong>Regel 2</strong>: “rené@x.nl” is geen e-mailadres." in page
    assert '<button class="button">Verstuur 1 uitnodiging</button>' in page
    assert "Jan Jansen" in page
    assert not User.objects.filter(email="jan@x.nl").exists()


def test_page_before_sending_counts_who_gets_no_environment(client: Client) -> None:
    lines = "E-mail;Omgeving\na@x.nl;Wegen\nb@x.nl;\nc@x.nl;"
    page = shown(client, offer(client, lines))
    assert "2 collega's krijgen nog geen omgeving." in page
    assert "Lijst opnieuw invoeren" in page
    assert "nog geen omgeving" not in shown(client, offer(client, "E-mail;Omgeving\na@x.nl;Wegen"))
    boss = signed_in(superuser())
    OrganisationFactory()
    page = shown(boss, offer(boss, lines))
    assert "Noem ze in de kolom “Omgevingen”." in page, "who works for all has nothing to tick"


def test_ticked_environments_are_for_who_has_none_in_the_list(client: Client, environment: Environment) -> None:
    bridges = EnvironmentFactory(name="Bruggen, sluizen", slug="bruggen", organisation=environment.organisation)
    elsewhere = EnvironmentFactory()
    assert f'name="environments" value="{bridges.pk}"' in shown(client, INVITE)
    ticked = {
        "environments": [environment.pk, bridges.pk],
        "text": "E-mail;Omgeving\na@x.nl;Wegen\nb@x.nl;\nBeste b@x.nl;",
    }
    assert "nog geen omgeving" not in text(client.post(INVITE, ticked, follow=True))
    lines = PeopleImport.objects.get().lines
    assert list(lines.values_list("environments", flat=True)) == ["Wegen", "bruggen | Wegen", ""]
    page = text(client.post(INVITE, {"environments": environment.pk, "text": "jan@x.nl;Bruggen"}, follow=True))
    assert "is een omgeving, maar staat op de plek van een naam" in page, "a mistake in the list is not covered up"
    PeopleImport.objects.all().delete()
    client.post(INVITE, {"environments": elsewhere.pk, "text": "a@x.nl"})
    assert not PeopleImport.objects.exists()


def test_who_may_not_give_access_is_offered_no_environments(environment: Environment) -> None:
    worker = administrator(environment.organisation)
    worker.groups.get().permissions.remove(Permission.objects.get(codename="add_access"))
    client = signed_in(worker)
    assert 'name="environments"' not in shown(client, INVITE)
    page = shown(client, offer(client, "a@x.nl"))
    assert "1 collega krijgt nog geen omgeving." in page
    assert "Lijst opnieuw invoeren" not in page


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"organisation": "Gemeente", "text": ""}, "Er staan geen personen in deze lijst."),
        ({"organisation": "Gemeente", "text": " ;;\n;"}, "Er staan geen personen in deze lijst."),
        ({"organisation": "Gemeente", "text": "a@x.nl\n" * 5001}, "Deze lijst heeft 5001 regels. Geef er hooguit 5000"),
        ({"organisation": "Gemeente", "text": "a@x.nl", "file": "x"}, "Plak een lijst of kies een bestand"),
    ],
)
def test_refused_list_is_explained_and_nothing_is_kept(client: Client, values: dict, told: str) -> None:
    if "file" in values:
        values = values | {"file": SimpleUploadedFile("a.csv", b"b@x.nl")}
    answer = client.post(INVITE, values)
    assert answer.url == INVITE
    assert "a@x.nl" not in str(client.cookies), "people do not belong in a cookie"
    assert told in shown(client, INVITE)
    assert not PeopleImport.objects.exists()


@pytest.mark.parametrize(
    ("organisation", "told"),
    [("", "Kies de organisatie van deze personen."), ("Niets", "Er is geen organisatie met deze naam.")],
)
def test_who_works_for_all_must_name_an_organisation(environment: Environment, organisation: str, told: str) -> None:
    OrganisationFactory()
    client = signed_in(superuser())
    assert client.post(INVITE, {"organisation": organisation, "text": "a@x.nl"}).url == INVITE
    assert told in shown(client, INVITE)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00" * 50, b'"' * 999, b"\xff" * 999, bytes(range(256)) * 9])
def test_rubbish_in_a_file_is_never_an_error_page(client: Client, content: bytes) -> None:
    values = {"organisation": "Gemeente", "file": SimpleUploadedFile("x.csv", content)}
    assert client.post(INVITE, values, follow=True).status_code == 200


def test_workbook_is_offered_and_the_page_names_what_is_not_used(client: Client) -> None:
    rows = [
        ["E-mail", "E-mail 2", "Naam", "Omgeving", "Telefoon"],
        ["jan@x.nl", "jan@thuis.nl", "Vries, Jan de", "Wegen", 612345678],
    ]
    book = xlsx(Sheet("Uitleg", [["Lees dit"]]), Sheet("Personeel", rows))
    file = SimpleUploadedFile("lijst.xlsx", book)
    page = text(client.post(INVITE, {"organisation": "Gemeente", "file": file}, follow=True))
    for told in (
        "Gelezen: het blad “Personeel”.",
        "Niet gebruikte bladen: “Uitleg”.",
        "De adressen komen uit de kolom “E-mail”.",
        "Niet gebruikte kolommen: “E-mail 2”, “Telefoon”.",
    ):
        assert told in page
    line = PeopleImport.objects.get().lines.get()
    assert (line.number, line.address, line.first_name, line.last_name) == (2, "jan@x.nl", "Jan", "de Vries")
    assert (line.environments, line.state) == ("Wegen", "new")


def test_names_of_columns_are_escaped_and_not_without_end(client: Client) -> None:
    columns = ";".join(["<b>x</b>", *(f"Kolom {number}" for number in range(30))])
    page = client.get(offer(client, f"E-mail;{columns}\njan@x.nl;{';'.join('x' * 31)}")).content.decode()
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "en nog 11" in page


def test_several_people_on_one_line_are_invited_each(client: Client) -> None:
    address = offer(client, 'Jan de Vries <jan@x.nl>; Pieters, Karin <karin@x.nl>; "Bakker, Els" <els@x.nl>; jan@X.nl')
    client.post(f"{address}bevestigen/")
    import_processing.carry_out(PeopleImport.objects.get().pk)
    people = User.objects.filter(email__endswith="@x.nl").order_by("email")
    assert list(people.values_list("email", "first_name", "last_name")) == [
        ("els@x.nl", "Els", "Bakker"),
        ("jan@x.nl", "Jan", "de Vries"),
        ("karin@x.nl", "Karin", "Pieters"),
    ]
    page = shown(client, address)
    assert "Van 4 regels nog te doen:" in page
    with later(limits.IMPORT_MAIL_WATCHED):
        page = text(signed_in(superuser()).get(address))
    assert "<strong>3</strong> uitnodiging is onderweg" in page
    assert "Dit adres staat ook in regel 1; die regel telt." in page


def test_row_is_carried_out_whole_or_not_at_all(client: Client) -> None:
    """With every environment of its cell, and not when one of them is unknown."""
    cells = '"Wegen\nOnbekend"', '"Wegen\n"'
    content = f"E-mail;Naam;Omgevingen\njan@x.nl;Jan;{cells[0]}\nels@x.nl;Els;{cells[1]}\n"
    offer(client, content)
    lines = PeopleImport.objects.get().lines
    assert list(lines.values_list("address", "state", "why")) == [
        ("jan@x.nl", "wrong", "no_such_environment"),
        ("els@x.nl", "new", ""),
    ]


@pytest.mark.parametrize("why", list(Unreadable))
def test_every_file_that_is_no_list_is_refused_with_what_to_do(why: Unreadable) -> None:
    with translation.override("nl"):
        told = str(UNREADABLE[why])
    assert told.count(".") > 1, "what it is, and what to do"
    assert not re.search(r"\b(This|Offer|Copy)\b", told)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"%PDF-1.7 jan@x.nl", "Dit is een pdf. Kopieer de personen eruit en plak ze hier."),
        (b"x" * (limits.IMPORT_BYTES + 1), "Dit bestand is groter dan 4 MB."),
        (b"a\n" * 20_001, "Deze lijst is te lang. Geef die in delen op."),
    ],
)
def test_refused_file_is_explained(client: Client, content: bytes, told: str) -> None:
    file = SimpleUploadedFile("lijst.xlsx", content)
    assert client.post(INVITE, {"organisation": "Gemeente", "file": file}).url == INVITE
    assert told in shown(client, INVITE)


def test_file_of_this_page_may_be_larger_than_other_requests(client: Client) -> None:
    """Through every layer that counts bytes."""
    content = ("e-mail;naam\njan@x.nl;Jan de Vries\n" + " " * limits.LARGEST_BODY).encode()
    file = SimpleUploadedFile("lijst.csv", content)
    page = text(client.post(INVITE, {"organisation": "Gemeente", "file": file}, follow=True))
    assert "<strong>1</strong> krijgt een uitnodiging" in page


def test_five_thousand_lines_fit_into_a_request() -> None:
    line = (
        "voornaam.van-den-achternaam@gemeente-voorbeeld.nl;Voornaam;van den Achternaam;Wegen en bruggen | Riolering\n"
    )
    assert len(line) * limits.IMPORT_LINES < limits.LARGEST_BODY


def test_list_is_carried_out_after_fresh_proof(client: Client) -> None:
    address = offer(client, "jan@x.nl;Jan;Jansen;Wegen\nfout")
    outlive_proof(client)
    assert client.post(f"{address}bevestigen/").url.startswith("/bevestig-identiteit/")
    assert PeopleImport.objects.get().confirmed_at is None


def test_progress_is_shown_with_and_without_javascript(client: Client) -> None:
    address = offer(client, "jan@x.nl\nfout")
    client.post(f"{address}bevestigen/")
    PeopleImport.objects.update(confirmed_at=timezone.now() - limits.IMPORT_LEASE)  # and no worker took it
    batch = PeopleImport.objects.get()
    assert "Het werk is onderbroken." in shown(client, address)
    assert import_processing.claim(batch.pk)
    page = shown(client, address)
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page
    assert '<progress id="bar" max="2" value="1">' in page
    assert client.get(f"{address}voortgang/").json() == {"to_do": 1, "finished": False, "stalled": False}
    while import_processing.process_batch(batch.pk):
        pass
    assert client.get(f"{address}voortgang/").json() == {"to_do": 1, "finished": False, "stalled": False}
    page = shown(client, address)
    assert '<noscript><p><a href="?">Kijk opnieuw</a></p></noscript>' in page
    assert "refresh" not in page
    batch.lines.filter(state="done").update(mail="sent")  # as the worker notes it
    assert client.get(f"{address}voortgang/").json() == {"to_do": 0, "finished": True, "stalled": False}
    page = shown(client, address)
    assert "<strong>1</strong> uitgenodigd" in page
    assert "<strong>1</strong> niet uitgevoerd" in page


def test_confirmed_list_cannot_be_confirmed_or_thrown_away_again(client: Client) -> None:
    address = offer(client, "jan@x.nl")
    client.post(f"{address}bevestigen/")
    assert "Deze lijst was al bevestigd" in text(client.post(f"{address}bevestigen/", follow=True))
    client.post(f"{address}weggooien/")
    assert PeopleImport.objects.exists()


def test_list_can_be_thrown_away_before_it_is_confirmed(client: Client) -> None:
    address = offer(client, "jan@x.nl")
    assert "Er is niemand uitgenodigd." in text(client.post(f"{address}weggooien/", follow=True))
    assert not PeopleImport.objects.exists()
    assert client.get(address).status_code == 404


def test_wrong_lines_come_back_as_a_file_that_can_be_mended_and_offered_again(client: Client) -> None:
    address = offer(client, "jan@x.nl\nfout;=cmd;;Wegen\n;Zonder\nbea@x.nl;Béa;;Onbekend")
    file = client.get(f"{address}niet-gelukt/")
    assert file["Content-Disposition"].startswith("attachment")
    content = file.content.decode("utf-8-sig")
    assert "jan@x.nl" not in content
    assert ";'=cmd;" in content
    assert "Deze organisatie heeft geen omgeving “Onbekend”." in content
    mended = content.replace("fout", "goed@x.nl").replace("Onbekend", "Wegen")
    batch = PeopleImport.objects.get(pk=int(offer(client, mended).split("/")[-2]))
    assert list(batch.lines.values_list("address", "first_name", "state")) == [
        ("goed@x.nl", "=cmd", "new"),
        ("", "Zonder", "wrong"),
        ("bea@x.nl", "Béa", "new"),
    ]


def test_long_list_is_paged_and_shows_the_wrong_ones_alone(client: Client) -> None:
    address = offer(client, "\n".join([f"p{number}@x.nl" for number in range(limits.IMPORT_PAGE)] + ["fout", "mis"]))
    assert "Pagina 1 van 2" in shown(client, f"{address}?toon=alles")
    assert "fout" in shown(client, f"{address}?p=2")
    wrong = shown(client, address)
    assert wrong.count("is geen e-mailadres") == 2
    assert "p2@x.nl" in wrong, "the first lines show how the columns were understood"
    assert "p3@x.nl" not in wrong
    for page in ("x", "-1", "99999999999999999999"):
        assert client.get(f"{address}?p={page}").status_code == 200


# ASVS 8.2.2, 8.4.1
def test_list_is_seen_by_who_made_it_and_superusers_only(client: Client, environment: Environment) -> None:
    address = offer(client, "jan@x.nl")
    colleague, stranger = administrator_of(environment.organisation), administrator_of(OrganisationFactory())
    for other in (colleague, stranger):
        assert address not in shown(other, INVITE)
        assert other.get(address).status_code == 404
        assert other.get(f"{address}voortgang/").status_code == 404
        assert other.get(f"{address}niet-gelukt/").status_code == 404
        for action in ("bevestigen", "verder", "weggooien"):
            assert other.post(f"{address}{action}/").status_code == 404
    assert signed_in(superuser()).get(address).status_code == 200
    assert PeopleImport.objects.get().confirmed_at is None


def test_list_for_an_organisation_that_the_worker_left_is_gone(environment: Environment) -> None:
    worker = administrator(environment.organisation)
    client = signed_in(worker)
    address = offer(client, "jan@x.nl")
    worker.membership.organisation = OrganisationFactory()
    worker.membership.save()
    assert client.get(address).status_code == 404
    assert client.post(f"{address}bevestigen/").status_code == 404


def test_names_are_escaped(client: Client) -> None:
    page = client.get(offer(client, "a@x.nl;<script>alert(1)</script>;x;<b>")).content
    assert b"<script>alert" not in page
    assert b"<b>" not in page


def test_who_works_for_all_chooses_any_organisation(environment: Environment) -> None:
    client = signed_in(superuser())
    UserFactory(organisation=OrganisationFactory(name="Andere"))
    batch = PeopleImport.objects.get(pk=int(offer(client, "a@x.nl", "andere").split("/")[-2]))
    assert batch.organisation == Organisation.objects.get(name="Andere")


# ASVS 7.3.1
def test_moving_bar_keeps_no_abandoned_screen_signed_in(client: Client) -> None:
    """The page asks every second; who has left it is signed out in time all the same."""
    address = offer(client, "jan@x.nl")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.get(address)
        for _ in range(15):
            assert client.get(f"{address}voortgang/").status_code == 200
            clock.shift(timedelta(minutes=1))
        clock.shift(timedelta(seconds=1))
        assert client.get(f"{address}voortgang/").url.startswith("/inloggen/")
        assert not is_signed_in(client)
