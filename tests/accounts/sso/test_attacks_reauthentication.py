"""Reauthentication at the provider, with a lost phone or another session there."""

from __future__ import annotations

import time

import pytest
from django.conf import settings
from django.test import Client

from accounts.audit.models import AuditEntry
from accounts.sso.models import Identity
from accounts.two_factor.account_recovery import flows as account_recovery
from tests.accounts.sso.browsing import come_back, connect, employee, entry, led_to, sign_in_there, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.conftest import browser, mails, outlive_proof, sign_in
from tests.factories import UserFactory
from tests.pages import CONFIRM, is_signed_in, text

pytestmark = pytest.mark.django_db
LINK = "/persoonlijke-gegevens/zakelijk-account/koppelen/"


def test_who_lost_the_phone_sets_a_new_one_up_after_a_sign_in_of_this_morning_there(provider: Provider) -> None:
    """No code of the lost phone is asked, and no form without fields that ends in an error."""
    connection = connect(provider, vouching="ours")
    person = employee(connection, with_totp=True)
    client = browser()
    sign_in_there(client, provider, connection, auth_time=int(time.time()) - 3600)
    client.post("/inloggen/code-van-support/", {"code": account_recovery.issue_bridge_code(person)})
    asked = client.get(CONFIRM).url
    back = come_back(client, connection, provider.sign_in(led_to(client.post(asked))))
    assert client.get(back.url).url == CONFIRM
    assert "otpauth:" in text(client.get(CONFIRM))
    assert client.get("/").url == CONFIRM  # and nothing else opens


def test_session_follows_the_one_that_the_proof_began_there(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    client = signed_in_there(provider, connection, sid="eerste")
    outlive_proof(client)
    asked = client.get("/persoonlijke-gegevens/e-mailadres/").url
    come_back(client, connection, provider.sign_in(led_to(client.post(asked)), sid="tweede"))
    assert is_signed_in(client)
    browser().post(f"{entry(connection)}backchannel-logout/", {"logout_token": provider.logout_token(sid="tweede")})
    assert not is_signed_in(client)


@pytest.mark.django_db(transaction=True)
def test_business_account_that_a_thief_linked_goes_with_the_report_about_it(client: Client, provider: Provider) -> None:
    """It would outlive a new password, a new second step and a reset by support."""
    connection = connect(provider)
    person = UserFactory(organisation=connection.organisation)
    sign_in(client, person)
    come_back(client, connection, provider.sign_in(led_to(client.post(LINK))))
    assert Identity.objects.filter(user=person).exists()
    found = next(line for mail in mails() for line in mail.body.splitlines() if "/dit-was-ik-niet/" in line)
    browser().post(found.removeprefix(settings.PUBLIC_URL), {"answer": "do"})
    assert not Identity.objects.exists()
    assert not is_signed_in(client)
    assert sign_in_there(browser(), provider, connection).status_code == 400
    assert AuditEntry.objects.get(event="reported_not_me").detail == {
        "about": "sso_linked",
        "password": "void",
        "unlinked": 1,
        "doubt": "mailbox",
    }
