"""Signing out here, and at the provider too (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.sso.models import Connection
from tests.accounts.sso.browsing import connect, employee, led_to, signed_in_there
from tests.accounts.sso.provider import CLIENT_ID, Provider
from tests.conftest import browser
from tests.factories import UserFactory
from tests.pages import is_signed_in, shown, signed_in, text

pytestmark = pytest.mark.django_db

OUT, SIGNED_OUT = "/uitloggen/", "/uitgelogd/"


def test_sign_out_is_done_at_once_and_offers_the_provider(provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection)
    client = signed_in_there(provider, connection)
    answer = client.post(OUT)
    assert answer.url == SIGNED_OUT
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert not is_signed_in(client)
    page = shown(client, SIGNED_OUT)
    assert f"Ook uitloggen bij {connection.organisation.name}" in page
    address = led_to(client.post(SIGNED_OUT))
    assert address.startswith(f"{provider.issuer}/end?")
    assert {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()} == {
        "client_id": CLIENT_ID,
        "post_logout_redirect_uri": "https://mijn.assetmaps.nl/uitgelogd/",
        "logout_hint": person.email,
    }
    assert "Je bent uitgelogd" in shown(client, SIGNED_OUT)
    assert "Ook uitloggen" not in shown(client, SIGNED_OUT)


def test_page_is_there_for_whoever_comes_back_from_a_provider(client: Client) -> None:
    assert "Je bent uitgelogd" in shown(client, f"{SIGNED_OUT}?state=zomaar")
    assert client.post(SIGNED_OUT).status_code == 200


def test_page_does_not_tell_somebody_who_is_signed_in_that_they_are_out() -> None:
    assert "Je bent nog ingelogd" in shown(signed_in(UserFactory()), SIGNED_OUT)


def test_who_signed_in_with_a_password_leaves_as_before(provider: Provider) -> None:
    client = signed_in(employee(connect(provider)))
    assert client.post(OUT).url == "/inloggen/"


def test_provider_without_a_sign_out_of_its_own(provider: Provider) -> None:
    provider.description = {"end_session_endpoint": None}
    connection = connect(provider)
    employee(connection)
    client = signed_in_there(provider, connection)
    client.post(OUT)
    assert "Uitloggen bij je organisatie lukte vanaf hier niet." in text(client.post(SIGNED_OUT, follow=True))


def test_provider_that_is_down_keeps_nobody_signed_in(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    client = signed_in_there(provider, connection)
    cache.clear()
    provider.answers["/.well-known/openid-configuration"] = lambda handler: handler.send({}, 503)
    provider.asked.clear()
    client.post(OUT)
    assert not is_signed_in(client)
    assert provider.asked == []  # signing out here asks nobody
    assert "lukte vanaf hier niet" in text(client.post(SIGNED_OUT, follow=True))


def test_sign_out_there_is_not_begun_without_the_button(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    client = browser(enforce_csrf_checks=True)
    session_of = signed_in_there(provider, connection)
    session_of.post(OUT)
    client.cookies = session_of.cookies
    assert client.post(SIGNED_OUT).status_code == 403
    assert client.get(SIGNED_OUT).status_code == 200


def test_connection_switched_off_meanwhile_offers_nothing(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    client = signed_in_there(provider, connection)
    client.post(OUT)
    Connection.objects.update(enabled=False)
    assert "Ook uitloggen" not in shown(client, SIGNED_OUT)
