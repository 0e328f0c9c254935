"""Parallel requests with the same answer, code or token; on every database."""

from __future__ import annotations

from functools import partial

import pytest

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.sso.models import Identity
from tests.accounts.sso.browsing import come_back, connect, domain, employee, entry, leave, led_to
from tests.accounts.sso.provider import Provider
from tests.conftest import browser, sign_in
from tests.factories import UserFactory
from tests.pages import at_once

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 6


def copy_of(client):
    """The same browser, another request at the same time."""
    other = browser()
    other.cookies = client.cookies.copy()
    return other


def test_answer_that_comes_several_times_at_once_signs_in_once(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    client = browser()
    answer = provider.sign_in(leave(client, connection))
    answers = at_once([partial(come_back, copy_of(client), connection, answer) for _ in range(CROWD)])
    assert sorted(one.status_code for one in answers) == [302] + [400] * (CROWD - 1)
    assert provider.paths.count("/token") == 1
    assert AuditEntry.objects.filter(event="signed_in").count() == 1
    assert Session.objects.filter(signed_in=True).count() == 1


def test_first_visit_in_several_browsers_at_once_makes_one_person(provider: Provider) -> None:
    connection = connect(provider, make_on_arrival=True)
    domain(connection, "bewezen.nl")
    clients = [browser() for _ in range(CROWD)]
    answers = [provider.sign_in(leave(client, connection), email="nieuw@bewezen.nl") for client in clients]
    calls = [partial(come_back, client, connection, answer) for client, answer in zip(clients, answers, strict=True)]
    assert {one.status_code for one in at_once(calls)} == {302}
    assert User.objects.count() == Identity.objects.count() == 1
    assert AuditEntry.objects.filter(event="sso_arrived").count() == 1
    assert Session.objects.filter(signed_in=True).count() == 5


def test_one_business_account_is_linked_to_one_of_two(provider: Provider) -> None:
    connection = connect(provider)
    clients = []
    for _ in range(2):
        client = browser()
        sign_in(client, UserFactory(organisation=connection.organisation))
        clients.append(client)
    addresses = [led_to(client.post("/persoonlijke-gegevens/zakelijk-account/koppelen/")) for client in clients]
    calls = [
        partial(come_back, client, connection, provider.sign_in(address))
        for client, address in zip(clients, addresses, strict=True)
    ]
    assert sorted(one.status_code for one in at_once(calls)) == [302, 400]
    assert Identity.objects.count() == 1


def test_logout_token_that_comes_several_times_at_once_counts_once(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    token, address = provider.logout_token(sub="persoon-1"), f"{entry(connection)}backchannel-logout/"
    answers = at_once([partial(browser().post, address, {"logout_token": token}) for _ in range(CROWD)])
    assert sorted(one.status_code for one in answers) == [200] + [400] * (CROWD - 1)
