"""The back-channel logout URL is public: a token without a valid signature changes nothing."""

from __future__ import annotations

import pytest

from tests.accounts.sso.browsing import connect, employee, entry, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.conftest import browser
from tests.pages import is_signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("token", ["rommel", "a.b.c"])
def test_stranger_cannot_make_the_set_up_page_say_that_the_provider_fails(provider: Provider, token: str) -> None:
    connection = connect(provider)
    browser().post(f"{entry(connection)}backchannel-logout/", {"logout_token": token})
    connection.refresh_from_db()
    assert (connection.failure, connection.failed_at) == ("", None)


def test_logout_token_that_comes_twice_ends_nothing(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    client = signed_in_there(provider, connection, sid="a")
    raw = provider.logout_token(sid="a")
    answer = browser().post(f"{entry(connection)}backchannel-logout/", {"logout_token": [raw, raw]})
    assert answer.status_code == 400
    assert is_signed_in(client)
