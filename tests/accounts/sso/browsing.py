"""Steps of a person in a browser at the portal and at the provider, and connections for tests."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.models import Connection, Identity, MailDomain
from tests.accounts.sso.provider import CLIENT_ID, CLIENT_SECRET, Provider, query
from tests.conftest import browser
from tests.factories import OrganisationFactory, UserFactory

FIND = "/inloggen/sso/"
NOT_CLAIMED = {"vouching": "amr", "vouching_value": "mfa"}


def connect(provider: Provider, organisation: Organisation | None = None, **agreed: Any) -> Connection:
    """An organisation with single sign-on switched on; the claim ``amr`` proves a second factor by default."""
    made = Connection(
        organisation=organisation or OrganisationFactory(),
        issuer=provider.issuer,
        client_id=CLIENT_ID,
        enabled=agreed.pop("enabled", True),
        **{"vouching": "amr", "vouching_value": "mfa", "missing_proof": "refuse"} | agreed,
    )
    made.set_secret(CLIENT_SECRET)
    made.save()
    provider.claims.setdefault("amr", ["pwd", "mfa"])
    return made


def domain(connection: Connection, name: str, *, proved: bool = True) -> MailDomain:
    return MailDomain.objects.create(
        organisation=connection.organisation, domain=name, token="x", proved_at=timezone.now() if proved else None
    )


def employee(connection: Connection, subject: str = "persoon-1", **traits: Any) -> User:
    """Somebody of the organisation with a linked business account."""
    person = UserFactory(organisation=connection.organisation, **traits)
    identify(connection, person, subject)
    return person


def identify(connection: Connection, person: User, subject: str = "persoon-1") -> Identity:
    return Identity.objects.create(
        organisation=connection.organisation, issuer=connection.issuer, subject=subject, user=person
    )


def entry(connection: Connection) -> str:
    return f"/inloggen/sso/{connection.organisation.slug}/"


def led_to(response: object) -> str:
    """The URL behind the intermediate page: forms may redirect only to this site, so every external URL has one."""
    assert response.status_code == 200, response.status_code
    [found] = re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', response.content.decode())
    return html.unescape(found)


def leave(client: Client, connection: Connection, **values: str) -> str:
    """Press the button on the organisation's own page. Returns the URL of the authentication request."""
    return led_to(client.post(entry(connection), values))


def come_back(client: Client, connection: Connection, answer: dict[str, str]) -> object:
    return client.get(f"{entry(connection)}callback/?{query(answer)}")


def sign_in_there(client: Client, provider: Provider, connection: Connection, **claims: Any) -> object:
    """A whole sign-in: our page, the provider, and the callback."""
    address = leave(client, connection)
    return come_back(client, connection, provider.sign_in(address, **claims))


def signed_in_there(provider: Provider, connection: Connection, **claims: Any) -> Client:
    client = browser()
    sign_in_there(client, provider, connection, **claims)
    return client
