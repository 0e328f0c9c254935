"""What a sign-in asks of the database, statement by statement: whoever adds one sees it here."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from tests.codes import code_of
from tests.factories import PASSWORD, UserFactory
from tests.pages import CODE, SIGN_IN
from tests.statements import statements

pytestmark = pytest.mark.django_db

USER, SESSION = "accounts_user", "active_sessions_session"
DEVICE, COUNTER = "two_factor_authenticator", "throttling_attemptcounter"
# Where rows are locked, the first attempt of a kind makes the row that the next ones wait for.
LOCKED = [f"SELECT {COUNTER}"]
FIRST = LOCKED if not connection.features.has_select_for_update else [*LOCKED, f"INSERT {COUNTER}", *LOCKED]


@pytest.mark.parametrize("counted", [FIRST, LOCKED], ids=["first", "again"])
def test_sign_in_takes_thirteen_statements_of_which_five_write(client: Client, counted: list[str]) -> None:
    person = UserFactory(with_totp=True)
    if counted is LOCKED and FIRST is not LOCKED:
        client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
        client.cookies.clear()
    with statements() as page:
        client.get(SIGN_IN)
    with statements() as password:
        client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    with statements() as code_page:
        client.get(CODE)
    code = code_of(person)
    with statements() as done:
        assert client.post(CODE, {"code": code}).url == "/"
    assert page == []
    assert password == [f"SELECT {USER}", *counted, f"SELECT {USER}", f"INSERT {SESSION}"]
    assert code_page == [f"SELECT {SESSION}"]
    assert done == [
        f"SELECT {SESSION}",
        f"SELECT {DEVICE}",
        *FIRST,
        f"UPDATE {DEVICE}",
        f"UPDATE {USER}",
        f"SELECT {SESSION}",  # those that are too many
        f"UPDATE {SESSION}",
        "INSERT audit_auditentry",
    ]
