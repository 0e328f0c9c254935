"""Session rows, also in a copy of the database, show no mailed link, OAuth state or PKCE verifier."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client

from accounts import limits
from accounts.active_sessions.models import Session
from accounts.active_sessions.store import SessionStore
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.sso import authentication_requests
from tests.clock import later
from tests.conftest import browser
from tests.factories import UserFactory
from tests.pages import is_signed_in, session_row, signed_in

pytestmark = pytest.mark.django_db

OTHER_KEY = "YW5vdGhlciBrZXksIGFub3RoZXIga2V5LCAzMiBieSE="


def readable(row: Session) -> str:
    """Everything that can be made of a row with Django's own tools and SECRET_KEY."""
    try:
        return str(signing.loads(row.data, salt="django.contrib.sessions.SessionStore")) + row.data
    except signing.BadSignature:
        return row.data


def test_mailed_link_that_was_opened_does_not_lie_in_the_row(client: Client) -> None:
    token = links.make(UserFactory(), Purpose.RESET)
    client.get(f"/wachtwoord-instellen/{token}/")
    assert client.session["password_link"] == token
    assert token not in readable(Session.objects.get())
    assert token.split(":")[0] not in readable(Session.objects.get())


def test_state_and_verifier_of_a_sign_in_at_a_provider_do_not_either() -> None:
    session = SessionStore()
    session[authentication_requests.KEY] = [{"state": "s" * 43, "nonce": "n" * 43, "verifier": "v" * 43}]
    session.save()
    row = Session.objects.get()
    assert not any(sign * 20 in readable(row) for sign in "snv")
    assert SessionStore(session.session_key)[authentication_requests.KEY][0]["verifier"] == "v" * 43


def test_row_in_the_place_of_another_opens_nothing() -> None:
    thief, owner = signed_in(UserFactory()), signed_in(UserFactory(superuser=True, with_totp=True))
    data, row = session_row(owner).data, session_row(thief)
    Session.objects.filter(digest=row.digest).update(data=data)
    assert not is_signed_in(thief)


def test_newer_key_ends_no_session_while_the_old_one_is_kept(settings: object) -> None:
    client, absent = signed_in(UserFactory()), signed_in(UserFactory())
    settings.ENCRYPTION_KEYS = [OTHER_KEY, *settings.ENCRYPTION_KEYS]
    assert is_signed_in(client)
    settings.ENCRYPTION_KEYS = [OTHER_KEY]
    assert not is_signed_in(absent)


@pytest.mark.parametrize("text", ["", "x", "é", "AAAA", "a:b:c"])
def test_what_is_no_session_is_nobody_s(text: str) -> None:
    client = signed_in(UserFactory())
    Session.objects.update(data=text)
    assert not is_signed_in(client)


def test_session_of_the_earlier_version_goes_on_as_long_as_one_lives() -> None:
    client = signed_in(UserFactory())
    store = SessionStore(client.session.session_key)
    of_before = super(SessionStore, store).encode(dict(store.items()))
    Session.objects.update(data=of_before)
    assert is_signed_in(client)
    with later(limits.SESSION_OVERALL + timedelta(seconds=1)):
        assert SessionStore(store.session_key).decode(of_before) == {}


def test_known_browser_is_a_stranger_after_a_password_by_mail() -> None:
    person = UserFactory()
    epoch = person.known_browsers_epoch
    token = links.make(person, Purpose.RESET)
    client = browser()
    client.get(f"/wachtwoord-instellen/{token}/")
    new = "zeven lange gele banden"
    client.post("/wachtwoord-instellen/", {"new_password1": new, "new_password2": new})
    person.refresh_from_db()
    assert person.check_password(new)
    assert person.known_browsers_epoch == epoch + 1
