"""The provider ends sessions here (OpenID Connect Back-Channel Logout 1.0; ASVS 10.5.5, 7.4.2)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.sso.models import Connection, Identity
from tests.accounts.sso.browsing import connect, employee, entry, sign_in_there, signed_in_there
from tests.accounts.sso.provider import LOGOUT, Provider
from tests.conftest import browser
from tests.pages import half_signed_in, is_signed_in, signed_in

pytestmark = pytest.mark.django_db


def tell(connection: Connection, token: str) -> Any:
    """The provider's server posts; it has no cookie and no CSRF token."""
    server = browser(enforce_csrf_checks=True)
    return server.post(f"{entry(connection)}backchannel-logout/", {"logout_token": token})


def test_named_session_ends_and_the_others_stay(provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection, with_totp=True)
    here = signed_in_there(provider, connection, sid="hier")
    elsewhere = signed_in_there(provider, connection, sid="daar")
    by_password = signed_in(person)
    answer = tell(connection, provider.logout_token(sid="hier"))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert [is_signed_in(one) for one in (here, elsewhere, by_password)] == [False, True, True]
    assert AuditEntry.objects.get(event="sso_session_ended").subject_id == person.pk


def test_person_without_a_named_session_is_out_everywhere_but_where_a_password_was_typed(provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection, with_totp=True)
    employee(connection, "collega")
    mine = [signed_in_there(provider, connection, sid="a"), signed_in_there(provider, connection)]
    colleague, by_password = signed_in_there(provider, connection, sub="collega"), signed_in(person)
    assert tell(connection, provider.logout_token(sub="persoon-1")).status_code == 200
    assert [is_signed_in(one) for one in (*mine, colleague, by_password)] == [False, False, True, True]


def test_both_names_end_that_session_and_those_without_a_name(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    named, nameless, other = (signed_in_there(provider, connection, sid=sid) for sid in ("a", None, "b"))
    assert tell(connection, provider.logout_token(sub="persoon-1", sid="a")).status_code == 200
    assert [is_signed_in(one) for one in (named, nameless, other)] == [False, False, True]


def test_session_of_somebody_else_with_the_same_name_stays(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    employee(connection, "collega")
    colleague = signed_in_there(provider, connection, sub="collega", sid="a")
    assert tell(connection, provider.logout_token(sub="persoon-1", sid="a")).status_code == 200
    assert is_signed_in(colleague)


def test_half_signed_in_person_is_out_too(client: Client, provider: Provider) -> None:
    connection = connect(provider, vouching="ours")
    employee(connection, with_totp=True)
    sign_in_there(client, provider, connection, sid="a")
    assert tell(connection, provider.logout_token(sid="a")).status_code == 200
    assert client.get("/inloggen/verificatie/").url == "/inloggen/"


def test_provider_of_another_organisation_ends_nothing(provider: Provider, second_provider: Provider) -> None:
    mine, other = connect(provider), connect(second_provider)
    employee(mine)
    here = signed_in_there(provider, mine, sid="a")
    assert tell(other, second_provider.logout_token(sid="a", sub="persoon-1")).status_code == 200
    assert tell(mine, second_provider.logout_token(sid="a")).status_code == 400
    assert tell(other, provider.logout_token(sid="a")).status_code == 400
    assert is_signed_in(here)


def test_former_employer_ends_nothing(provider: Provider, second_provider: Provider) -> None:
    former, present = connect(provider), connect(second_provider)
    person = employee(former)
    person.membership.organisation = present.organisation
    person.membership.save()
    Identity.objects.create(organisation=present.organisation, issuer=present.issuer, subject="persoon-1", user=person)
    here = signed_in_there(second_provider, present)
    assert tell(former, provider.logout_token(sub="persoon-1")).status_code == 200
    assert is_signed_in(here)


# ASVS 10.5.5
def test_token_counts_once(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    token = provider.logout_token(sub="persoon-1")
    assert tell(connection, token).status_code == 200
    here = signed_in_there(provider, connection)
    assert tell(connection, token).status_code == 400
    assert is_signed_in(here)


def test_session_that_is_gone_already_is_no_mistake(provider: Provider) -> None:
    connection = connect(provider)
    assert tell(connection, provider.logout_token(sid="onbekend")).status_code == 200
    assert tell(connection, provider.logout_token(sub="onbekend")).status_code == 200


WRONG: dict[str, dict[str, Any]] = {
    "ID token": {"header": {"typ": "JWT"}},
    "no type": {"header": {"typ": ""}},
    "alg none": {"header": {"alg": "none"}},
    "HS256": {"header": {"alg": "HS256"}},
    "unknown key": {"header": {"kid": "onbekend"}},
    "no event": {"events": None},
    "other event": {"events": {"http://schemas.openid.net/event/iets": {}}},
    "event as a list": {"events": [LOGOUT]},
    "event that is no object": {"events": {LOGOUT: "ja"}},
    "nonce": {"nonce": "x"},
    "no sub and no sid": {"sid": None},
    "empty sub": {"sid": None, "sub": ""},
    "no jti": {"jti": None},
    "jti that is a list": {"jti": ["x"]},
    "other audience": {"aud": "een-ander"},
    "other issuer": {"iss": "https://kwaad.nl"},
    "expired": {"exp": 1},
    "no exp": {"exp": None},
    "no iat": {"iat": None},
    "issued an hour ago": {"iat": int(time.time()) - 3600, "exp": int(time.time()) + 10**9},
    "issued tomorrow": {"iat": int(time.time()) + 86400, "exp": int(time.time()) + 10**9},
}


# ASVS 9.2.2, 10.5.5
@pytest.mark.parametrize("fault", WRONG)
def test_wrong_token_ends_nothing(fault: str, provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    connection = connect(provider)
    employee(connection)
    here = signed_in_there(provider, connection, sid="a")
    answer = tell(connection, provider.logout_token(**{"sid": "a"} | WRONG[fault]))
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_request"}
    assert is_signed_in(here)
    lines = [one.getMessage() for one in caplog.records if one.name.startswith("accounts.sso")]
    assert len(lines) == 1
    assert "backchannel_logout refused" in lines[0]


@pytest.mark.parametrize("token", ["", "rommel", "a.b.c", "é", "x" * 100_000])
def test_rubbish_is_refused(token: str, provider: Provider) -> None:
    assert tell(connect(provider), token).status_code == 400


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_only_a_post_is_heard(method: str, client: Client, provider: Provider) -> None:
    connection = connect(provider)
    assert getattr(client, method)(f"{entry(connection)}backchannel-logout/").status_code == 405


def test_sessions_of_a_password_have_no_name_at_a_provider(provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection, with_totp=True)
    signed_in(person)
    half_signed_in(person)
    assert set(Session.objects.values_list("upstream", flat=True)) == {""}
