"""Google is one issuer for every account in the world: only accounts of the organisation's own Workspace get in."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.sso import identities
from tests.accounts.sso.browsing import connect, domain, employee, sign_in_there
from tests.accounts.sso.provider import Provider
from tests.pages import is_signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def google(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "is_google", lambda issuer: issuer == provider.issuer)


@pytest.mark.parametrize(
    ("hosted", "comes_in"),
    [
        ({"hd": "gemeente.nl"}, True),
        ({"hd": "Gemeente.NL"}, True),
        ({}, False),  # a private account, also one with an address of the organisation
        ({"hd": "elders.nl"}, False),
        ({"hd": "nog-niet-bewezen.nl"}, False),
        ({"hd": ""}, False),
        ({"hd": ["gemeente.nl"]}, False),
        ({"hd": "kwaad.nl@gemeente.nl"}, False),
    ],
)
def test_account_outside_of_the_own_workspace_does_not_get_in(
    client: Client, provider: Provider, hosted: dict[str, object], comes_in: bool
) -> None:
    connection = connect(provider)
    domain(connection, "gemeente.nl")
    domain(connection, "nog-niet-bewezen.nl", proved=False)
    employee(connection)
    sign_in_there(client, provider, connection, **hosted)
    assert is_signed_in(client) is comes_in


def test_private_account_with_an_address_of_the_organisation_makes_nobody(client: Client, provider: Provider) -> None:
    connection = connect(provider, make_on_arrival=True)
    domain(connection, "gemeente.nl")
    sign_in_there(client, provider, connection, email="vertrokken@gemeente.nl", email_verified=True)
    assert not User.objects.exists()
