"""The pages E-mailadres wijzigen and its confirmation."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from tests.background import run_tasks
from tests.conftest import browser, mails, outlive_proof, prove, sign_in
from tests.factories import UserFactory
from tests.mail_server import mail_server
from tests.pages import DETAILS, shown

PAGE = "/persoonlijke-gegevens/e-mailadres/"
CONFIRM = "/persoonlijke-gegevens/e-mailadres/bevestigen/"
NEW = "nieuw@voorbeeld.nl"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person(client: Client) -> User:
    person = UserFactory(email="oud@voorbeeld.nl")
    sign_in(client, person)
    return person


def ask(client: Client, address: str = NEW) -> str:
    """Ask on the page; returns the path of the mailed link."""
    prove(client)
    assert client.post(PAGE, {"email": address}).url == "/persoonlijke-gegevens/"
    return re.findall(rf"https://mijn\.assetmaps\.nl({CONFIRM}\S+)", mails()[-1].body)[0]


# ASVS 7.5.1
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_fresh_proof_nothing_is_asked(client: Client, person: User, method: str) -> None:
    outlive_proof(client)
    response = getattr(client, method)(PAGE, {"email": NEW})
    assert response.url.startswith("/bevestig-identiteit/?next=")
    assert mails() == []


# ASVS 7.4.3, 7.2.4
def test_the_whole_way_ends_in_the_new_address_and_ends_other_sessions(client: Client, person: User) -> None:
    elsewhere = browser()
    sign_in(elsewhere, person)
    link = ask(client)
    assert client.get(link).url == CONFIRM  # the token leaves the address bar
    page = client.get(CONFIRM).content.decode()
    assert NEW in page
    assert len(re.findall(r"<h1[\s>]", page)) == 1
    key = client.session.session_key
    assert client.post(CONFIRM).url == "/persoonlijke-gegevens/"
    assert NEW in client.get("/persoonlijke-gegevens/").content.decode()
    assert client.session.session_key != key
    assert elsewhere.get("/").url.startswith("/inloggen/")
    assert client.get(CONFIRM).status_code == 410


# ASVS 3.5.3
def test_opening_the_link_changes_nothing_because_scanners_open_links(client: Client, person: User) -> None:
    link = ask(client)
    for _ in range(2):
        client.get(link, follow=True)
        client.head(CONFIRM)
    assert client.post(link).status_code == 405
    person.refresh_from_db()
    assert person.email == "oud@voorbeeld.nl"


def test_a_link_opened_in_another_browser_asks_for_sign_in_and_goes_on(client: Client, person: User) -> None:
    link = ask(client)
    other = browser()
    answer = other.get(link)
    assert answer.url.startswith("/inloggen/?next=")
    assert sign_in(other, person, next=link).url == link
    assert other.get(link, follow=True).status_code == 200
    assert other.post(CONFIRM).url == "/persoonlijke-gegevens/"


def test_somebody_else_who_is_signed_in_cannot_use_the_link(client: Client, person: User) -> None:
    link = ask(client)
    stranger = browser()
    sign_in(stranger, UserFactory(email="ander@voorbeeld.nl"))
    page = stranger.get(link, follow=True)
    assert page.status_code == 410
    assert NEW not in page.content.decode()
    assert stranger.post(CONFIRM).status_code == 410
    assert User.objects.filter(email="ander@voorbeeld.nl").exists()


# ASVS 6.3.8
def test_a_taken_address_gets_the_same_page(client: Client, person: User) -> None:
    UserFactory(email="bezet@voorbeeld.nl")
    pages = []
    for address in ("vrij.@@", "vrijj@voorbeeld.nl", "bezet@voorbeeld.nl"):
        prove(client)
        response = client.post(PAGE, {"email": address})
        pages.append(client.get(response.url).content.decode().replace(address, "…"))
    # Neither the token nor what is signed with the second in which it was: two pages may stand on both sides of one.
    changing = r'name="csrfmiddlewaretoken" value="\w+"|:\w{6}:[\w-]{43}"'
    without_token = [re.sub(changing, "", page) for page in pages]
    assert without_token[1] == without_token[2]
    assert without_token[0] != without_token[1]


@pytest.mark.parametrize(
    "address",
    [
        "nieuw@voorbeeld.nl\r\nBcc: ander@voorbeeld.nl",
        "nieuw@voorbeeld.nl,ander@voorbeeld.nl",
        "nieuw@voorbeeld.nl ander@voorbeeld.nl",
        "nieuw%0aBcc:ander@voorbeeld",
        "nіeuw@voorbeeld.nl",  # a Cyrillic і
        "ｎieuw@voorbeeld.nl",
        "nieuw@voorbeeld.nl\x00",
        "x" * 250 + "@voorbeeld.nl",
        "",
    ],
)
def test_what_is_no_plain_address_is_refused_with_a_sentence_and_no_mail(
    client: Client, person: User, address: str
) -> None:
    prove(client)
    assert client.post(PAGE, {"email": address}).url == PAGE
    assert 'class="errorlist"' in client.get(PAGE).content.decode()
    assert mails() == []


def test_a_quoted_local_part_makes_no_second_recipient(client: Client, person: User) -> None:
    prove(client)
    client.post(PAGE, {"email": '"ander@voorbeeld.nl,"@voorbeeld.nl'})
    for message in mails():
        header = message.message()["To"]
        assert len(header.addresses if hasattr(header, "addresses") else [header]) == 1


# ASVS 8.2.3
def test_extra_fields_are_ignored(client: Client, person: User) -> None:
    other = UserFactory()
    prove(client)
    client.post(PAGE, {"email": NEW, "user": other.pk, "is_staff": "on"})
    client.get(re.findall(rf"({CONFIRM}\S+)", mails()[-1].body)[0])
    client.post(CONFIRM, {"address": "heel.anders@voorbeeld.nl", "user": other.pk})
    person.refresh_from_db()
    assert (person.email, person.is_staff) == (NEW, False)


def test_the_present_address_and_too_many_requests_are_explained(client: Client, person: User) -> None:
    prove(client)
    client.post(PAGE, {"email": person.email})
    assert "Dit is al je e-mailadres" in client.get(PAGE).content.decode()
    for number in range(4):
        client.post(PAGE, {"email": f"nummer{number}@voorbeeld.nl"})
    assert "probeer het over een uur opnieuw" in client.get(PAGE).content.decode()


def test_personal_details_lead_to_the_page(client: Client, person: User) -> None:
    assert f'href="{PAGE}"' in client.get("/persoonlijke-gegevens/").content.decode()


@pytest.mark.parametrize("is_taken", [False, True])
def test_refused_mail_is_told_and_says_nothing_about_who_has_the_address(
    client: Client, person: User, settings: Settings, is_taken: bool
) -> None:
    if is_taken:
        UserFactory(email=NEW)
    with mail_server(settings) as server:
        server.refuse("RCPT", "550 5.1.1 no such mailbox", NEW)
        prove(client)
        client.post(PAGE, {"email": NEW})
        assert f"Mail naar {NEW}: wacht op de mailserver." in shown(client, DETAILS)
        run_tasks()
        assert f"Mail naar {NEW}: geweigerd: 550 5.1.1 no such mailbox. Klopt het adres?" in shown(client, DETAILS)
        client.post(PAGE, {"email": "goed@voorbeeld.nl"})
        run_tasks()
    assert "Mail naar goed@voorbeeld.nl: verstuurd " in shown(client, DETAILS)


def test_only_who_asked_for_an_address_pays_a_statement_for_its_mail(client: Client, person: User) -> None:
    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            client.get(DETAILS)
        return [query["sql"] for query in asked if "mail_outgoingmail" in query["sql"]]

    assert statements() == []
    link = ask(client)
    assert len(statements()) == 1
    client.get(link)
    client.post(CONFIRM)
    assert statements() == [], "the new address is in use"
