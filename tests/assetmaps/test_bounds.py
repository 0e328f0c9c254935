"""Limits on headers before anything parses them, and on form fields before the view."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from http.cookies import _unquote
from unicodedata import normalize

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client
from django.urls import reverse

from accounts import limits
from accounts.models import User
from accounts.spreadsheets import bare_cell
from accounts.sso import connections, issuers
from accounts.sso.domains import names
from accounts.sso.inspection import findings
from accounts.sso.provider import discovery, permitted_addresses
from accounts.sso.refusal_reasons import RefusedError
from accounts.unicode_text import folded
from assetmaps import policy_reports, wsgi_guard
from assetmaps.wsgi import application
from environments.addresses import host_of
from environments.people import list_reader
from tests.assetmaps.test_wsgi_guard import call
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import SIGN_IN, browser, signed_in, text
from tests.worst_inputs import WORST, check_growth

DOCUMENT = {
    "issuer": "https://login.voorbeeld.nl",
    "authorization_endpoint": "https://login.voorbeeld.nl/a",
    "token_endpoint": "https://login.voorbeeld.nl/t",
}
pytestmark = pytest.mark.django_db
HEADERS = [
    "CONTENT_TYPE",
    *("HTTP_COOKIE", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE", "HTTP_USER_AGENT", "HTTP_REFERER"),
    *("HTTP_ORIGIN", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE", "HTTP_X_REQUESTED_WITH"),
]


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_makes_more_work_than_it_is_long(name: str) -> None:
    def read(value: str) -> None:
        environ = {name: value.encode().decode("latin-1")}  # bytes, each as the character with its number
        call(wsgi_guard.guard(everything_is_read), "POST", **environ)
        call(application, "POST", **environ)

    for kind, worst in WORST.items():
        check_growth(read, worst, kind)


def everything_is_read(environ: dict, start_response: Callable[..., object]) -> list[bytes]:
    request = WSGIRequest(environ)
    start_response("200 OK", [])
    return [repr((request.COOKIES, request.accepted_types, request.get_host(), request.content_params)).encode()]


@pytest.mark.parametrize("where", ["/", "/inloggen/?next=/", "/inloggen/?", "/omgevingen/?zoek=", "/beheer/?next="])
def test_no_address_makes_more_work_than_it_is_long(where: str) -> None:
    for kind in ("marks", "signs that hide a mark", "at signs", "words", "letters"):
        check_growth(lambda value: browser().get(where + value), WORST[kind], kind)
    check_growth(lambda value: call(application, path="/" + "%ff" * len(value)), WORST["letters"], "no UTF-8")


def test_address_that_is_too_long_gets_a_page_in_dutch() -> None:
    status, _headers, body = call(application, path="/inloggen/?next=/" + "a" * limits.LONGEST_ADDRESS)
    assert status == 414
    assert "<h1>Dit adres is te lang</h1>" in body


def test_header_that_is_too_long_gets_a_page_in_dutch() -> None:
    status, _headers, body = call(application, HTTP_COOKIE="a=" + "b" * limits.LONGEST_HEADER)
    assert status == 431
    assert "<h1>Je browser stuurt te veel mee</h1>" in body
    assert call(application, HTTP_COOKIE="a=" + "b" * (limits.LONGEST_HEADER - 2))[0] == 200


@pytest.mark.django_db(transaction=True)  # the application closes the connection that the test has begun with
def test_cookies_with_backslashes_leave_ours_as_they_are() -> None:
    assert _unquote('"a\\"b"') == 'a"b', "what Python makes of one, in quadratic time"
    client = signed_in(UserFactory())
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    foreign = '; vreemd="' + "\\" * 20_000 + '"'
    status, _headers, body = call(application, path="/", HTTP_COOKIE=cookies + foreign)
    assert status == 200
    assert "Mijn Omgevingen" in body


def test_too_much_text_in_one_field_gets_a_page_in_dutch(client: Client) -> None:
    answer = client.post(SIGN_IN, {"username": "a@voorbeeld.nl", "password": "a" * (limits.LONGEST_VALUE + 1)})
    assert answer.status_code == 413
    assert "<h1>Er staat te veel tekst in één veld</h1>" in text(answer)
    assert len(answer.content) < 10_000, "what was typed does not come back"
    in_a_file = {"username": "a@voorbeeld.nl", "password": "\u0315\u0300" * limits.LONGEST_VALUE}
    assert client.post(SIGN_IN, in_a_file).status_code == 413


def test_marks_without_end_are_a_wrong_password_in_words(client: Client) -> None:
    monster = "a" + "\u0315\u0300" * 2000
    person = UserFactory()
    answer = client.post(SIGN_IN, {"username": person.email, "password": monster}, follow=True)
    assert "Deze combinatie van e-mailadres en wachtwoord klopt niet." in text(answer)
    answer = client.post(SIGN_IN, {"username": person.email, "password": monster * 2}, follow=True)
    assert "niet meer dan 4096 tekens" in text(answer)


def test_new_and_present_password_that_are_too_long_are_told_at_their_fields() -> None:
    monster = "a" + "\u0315\u0300" * 4000
    values = {"old_password": monster, "new_password1": monster, "new_password2": monster}
    page = text(signed_in(UserFactory()).post("/persoonlijke-gegevens/wachtwoord/", values, follow=True))
    assert "Je huidige wachtwoord klopt niet." in page
    assert "Dit wachtwoord is te lang: het mag hooguit 128 tekens hebben." in page


def test_list_of_people_may_be_as_long_as_a_request() -> None:
    client = signed_in(UserFactory(superuser=True, with_totp=True))
    answer = client.post(reverse("people_invite"), {"organisation": "Bestaat Niet", "text": "a" * 500_000})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    "work",
    [
        lambda value: list(list_reader.read(list_reader.decode(value.encode()))),
        lambda value: list(list_reader.read(f"e-mail;naam\n'{value};x")),
        lambda value: bare_cell("'" + value),
        host_of,
        lambda value: policy_reports.read(
            json.dumps({"csp-report": {"document-uri": value}}, ensure_ascii=False).encode()[: limits.LARGEST_BODY]
        ),
        lambda value: policy_reports.read(value.encode()),
        lambda value: discovery.validated("https://login.voorbeeld.nl", DOCUMENT | {"jwks_uri": value}),
        lambda value: findings.examine(
            DOCUMENT | {"jwks_uri": value}, "x", proof="", is_safe=permitted_addresses.is_permitted
        ),
        issuers.normalise,
        names.normalise,
        connections.domain_of,
        folded,
    ],
)
def test_files_and_what_others_tell_make_no_more_work_than_they_are_long(work: Callable[[str], object]) -> None:
    def judged(value: str) -> None:
        with suppress(RefusedError, issuers.IssuerRefusedError, names.DomainRefusedError):
            work(value)

    for kind, worst in WORST.items():
        check_growth(judged, worst, kind)


SEARCHED = [
    "accounts/user",
    "organisations/organisation",
    "environments/environment",
    "environments/access",
    "auth/group",
]


@pytest.mark.parametrize("table_name", SEARCHED)
def test_searches_in_the_administration_are_bounded(table_name: str) -> None:
    """Django's own makes a condition of every word, and databases take only so many."""
    client = signed_in(UserFactory(superuser=True, with_totp=True))
    client.raise_request_exception = False
    page = f"/beheer/{table_name}/"
    for question in ({"q": "a " * 2500}, {"q": "a" * 7000}, {"q": "a b " * 60}, {"o": "1." * 3000}, {"q": '"a ' * 80}):
        assert client.get(page, question).status_code == 200, question


def test_choice_of_another_page_is_searched_within_bounds_too() -> None:
    client = signed_in(UserFactory(superuser=True, with_totp=True))
    EnvironmentFactory(name="Vijver")
    asked = {"app_label": "environments", "model_name": "access", "field_name": "environment"}
    found = client.get("/beheer/autocomplete/", asked | {"term": "vij"}).json()["results"]
    assert [one["text"] for one in found] == ["Vijver"]
    assert client.get("/beheer/autocomplete/", asked | {"term": "vij " * 1500}).json()["results"] == []


def test_name_with_accents_is_kept_as_it_is(client: Client) -> None:
    """What is bounded is only what no language has."""
    name = normalize("NFD", "Nguyễn")
    person = UserFactory()
    signed_in(person).post("/persoonlijke-gegevens/", {"first_name": name, "last_name": "x", "language": "nl"})
    assert normalize("NFC", User.objects.get(pk=person.pk).first_name) == "Nguyễn"
