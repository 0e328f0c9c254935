"""A provider that is unreachable while its metadata is cached: noticed before the redirect."""

from __future__ import annotations

import logging
import socket
import time
from types import SimpleNamespace

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.sso.models import Connection
from accounts.sso.provider import availability, discovery
from tests.accounts.sso.browsing import connect, employee, entry, leave, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.conftest import sign_in
from tests.pages import text

pytestmark = pytest.mark.django_db


def keep_description(provider: Provider, **changed: str) -> None:
    """As if the provider had said this of itself an hour ago."""
    document = provider.document() | changed
    discovery.store(provider.issuer, document, is_proven=True)


@pytest.fixture
def silent() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ASVS 16.5.2, 16.3.4
def test_visitor_gets_our_page_instead_of_the_browsers(
    client: Client, provider: Provider, settings: Settings, silent: int, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    person = employee(connection, with_totp=True)
    settings.SSO_ALLOWED_PRIVATE_ADDRESSES = [*settings.SSO_ALLOWED_PRIVATE_ADDRESSES, f"127.0.0.1:{silent}"]
    keep_description(provider, token_endpoint=f"http://127.0.0.1:{silent}/token")
    caplog.set_level(logging.WARNING)
    began = time.monotonic()
    answer = client.post(entry(connection))
    assert time.monotonic() - began < 3
    assert answer.status_code == 400
    assert "geeft nu geen antwoord" in text(answer)
    assert Connection.objects.get().failure == "unreachable"
    assert [record.getMessage() for record in caplog.records if record.name == "accounts.sso.connections"] == [
        f"business account of {connection.organisation.slug}, sign_in refused: unreachable"
    ]
    assert sign_in(client, person).url == "/"


def test_look_is_no_request(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    keep_description(provider)
    leave(client, connection)
    time.sleep(0.2)  # a request would be counted in a thread of the provider's own
    assert provider.asked == []


def test_host_that_does_not_even_refuse_costs_five_seconds_at_most(
    client: Client, provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(provider)
    keep_description(provider)

    def never(line: socket.socket, place: object) -> None:
        time.sleep(line.gettimeout() or 60)
        raise TimeoutError

    monkeypatch.setattr(socket.socket, "connect", never)
    began = time.monotonic()
    answer = client.post(entry(connection))
    assert 4.5 < time.monotonic() - began < 5.6
    assert "geeft nu geen antwoord" in text(answer)


# ASVS 13.2.4
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_kept_description_is_no_way_into_our_own_network(
    client: Client, provider: Provider, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(provider)
    keep_description(provider, token_endpoint=f"https://{host}/token")
    connected: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda line, place: connected.append(place))
    assert client.post(entry(connection)).status_code == 400
    assert connected == []
    assert Connection.objects.get().failure == "private_address"


def test_who_signs_out_is_not_sent_to_a_provider_that_is_gone(
    provider: Provider, settings: Settings, silent: int
) -> None:
    connection = connect(provider)
    employee(connection)
    client = signed_in_there(provider, connection)
    settings.SSO_ALLOWED_PRIVATE_ADDRESSES = [*settings.SSO_ALLOWED_PRIVATE_ADDRESSES, f"127.0.0.1:{silent}"]
    keep_description(provider, token_endpoint=f"http://127.0.0.1:{silent}/token")
    client.post("/uitloggen/")
    assert "lukte vanaf hier niet" in text(client.post("/uitgelogd/", follow=True))


def test_endpoint_without_a_port_is_reached_at_that_of_its_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(availability.http, "probe", lambda _host, port, _inquiry: asked.append(port))
    for scheme in ("https", "http"):
        availability.check(SimpleNamespace(token_endpoint=f"{scheme}://login.voorbeeld.nl/token"), None)
    assert asked == [443, 80]
