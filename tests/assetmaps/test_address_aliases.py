"""An address that is nearly right leads to the page; every other one to a page that helps."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from assetmaps import address_aliases
from tests.factories import UserFactory
from tests.pages import signed_in, text

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("tried", "meant"),
    [
        ("/Inloggen/", "/inloggen/"),
        ("/INLOGGEN", "/inloggen/"),
        ("/login/", "/inloggen/"),
        ("/Login", "/inloggen/"),
        ("/admin/", "/beheer/"),
        ("/Persoonlijke-Gegevens/Sessies", "/persoonlijke-gegevens/sessies/"),
        ("/Wachtwoord-Vergeten/?a=1&b=%2F", "/wachtwoord-vergeten/?a=1&b=%2F"),
        ("/hulp/", "/hulp/twee-staps-authenticatie/"),
        ("/Wachtwoord-instellen/AbC:d-E_f/", "/wachtwoord-instellen/AbC:d-E_f/"),  # in a token capitals count
        ("/DIT-WAS-IK-NIET/ABC", "/dit-was-ik-niet/ABC/"),
    ],
)
def test_near_address_leads_to_the_page_that_was_meant(client: Client, tried: str, meant: str) -> None:
    answer = client.get(tried)
    assert (answer.status_code, answer.url) == (302, meant)
    assert client.head(tried).status_code == 302


def test_missing_slash_is_added(client: Client) -> None:
    answer = client.get("/persoonlijke-gegevens")
    assert answer.status_code in (301, 302)
    assert answer.url == "/persoonlijke-gegevens/"


def test_every_tried_address_leads_to_a_page_of_ours_and_hides_none(client: Client) -> None:
    for tried, name in address_aliases.ALIASES.items():
        assert client.get(f"/{tried}/").url == reverse(name)
        assert client.get(f"/{tried}").url == reverse(name)


@pytest.mark.parametrize(
    "address",
    [
        "/bestaat-niet/",
        "/login/extra/",
        "/%2F%2Fkwaad.example/",
        "/\\kwaad.example/inloggen/",
        "/inloggen/%0d%0aSet-Cookie:x/",
        "/static/Login/",
    ],
)
def test_nothing_else_is_led_anywhere(client: Client, address: str) -> None:
    for browser in (client, signed_in(UserFactory())):
        answer = browser.get(address)
        assert answer.status_code == 404, getattr(answer, "url", "")


def test_address_that_looks_like_another_host_is_led_nowhere(client: Client) -> None:
    for address in ("//kwaad.example/login/", "//kwaad.example/Inloggen/", "/\\kwaad.example/login/"):
        assert client.get("/", PATH_INFO=address).status_code == 404


def test_form_that_is_sent_to_a_near_address_is_not_led_on(client: Client) -> None:
    assert client.post("/Inloggen/", {"username": "a"}).status_code == 404
    assert client.post("/login/", {"username": "a"}).status_code == 404


def test_page_that_is_hidden_from_somebody_stays_hidden() -> None:
    client = signed_in(UserFactory())
    assert client.get("/omgevingen/bestaat-niet/").status_code == 404
    assert client.get("/Omgevingen/Bestaat-Niet/").status_code == 404


def test_page_that_does_not_exist_says_where_to_go_to_everybody(client: Client) -> None:
    for browser in (client, signed_in(UserFactory())):
        page = text(browser.get("/bestaat-niet/"))
        assert '<a class="button" href="/">' in page
        assert "Nummer voor support" in page
