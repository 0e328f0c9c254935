"""Linking a device and making recovery codes: all of it or nothing, also when another request comes in between."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.cookies import SimpleCookie

import pytest
from django.test import Client

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.throttling import known_browsers
from accounts.two_factor.models import Authenticator, RecoveryCode
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.codes import code_of, phone
from tests.factories import UserFactory
from tests.pages import ACTIVATE, CONFIRM, at_once, browser, is_signed_in, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

NEW_CODES = "/persoonlijke-gegevens/herstelcodes/nieuw/"


@pytest.fixture
def ended_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the recovery codes are hashed, the owner ends every session elsewhere."""
    prepare = recovery_codes.prepare

    def prepare_slowly() -> recovery_codes.Prepared:
        Session.objects.all().delete()
        return prepare()

    monkeypatch.setattr(recovery_codes, "prepare", prepare_slowly)


def begun() -> tuple[Client, User, str]:
    client = signed_in(person := UserFactory())
    client.post(ACTIVATE)
    return client, person, phone(Authenticator.objects.get(user=person)).now()


@pytest.mark.usefixtures("ended_meanwhile")
def test_a_session_that_was_ended_links_no_device() -> None:
    client, person, code = begun()
    assert client.post(CONFIRM, {"code": code, "name": "Van de dief"}).status_code == 400
    assert not Authenticator.objects.filter(confirmed=True).exists()
    assert not RecoveryCode.objects.exists()
    assert not AuditEntry.objects.filter(event="second_step_activated").exists()
    assert User.objects.get(pk=person.pk).known_browsers_epoch == 0


def test_a_session_that_was_ended_makes_no_recovery_codes(request: pytest.FixtureRequest) -> None:
    person = UserFactory(with_totp=True)
    client = signed_in(person)
    mine = recovery_codes.make(person, recovery_codes.Origin())
    request.getfixturevalue("ended_meanwhile")
    assert client.post(NEW_CODES).status_code == 400
    assert recovery_codes.is_unused(person, mine[0])


def test_a_code_sent_twice_at_once_activates_and_forgets_browsers_once() -> None:
    client, person, code = begun()
    twin = browser()
    twin.cookies = SimpleCookie(client.cookies.output(header=""))
    send: Callable = partial(client.post, CONFIRM, {"code": code, "name": "Telefoon"})
    again = partial(twin.post, CONFIRM, {"code": code, "name": "Telefoon"})
    assert {answer.status_code for answer in at_once([send, again])} == {302}
    person.refresh_from_db()
    assert person.known_browsers_epoch == 1
    assert AuditEntry.objects.filter(event="second_step_activated").count() == 1
    assert RecoveryCode.objects.count() == 10
    assert [is_signed_in(one) for one in (client, twin)].count(True) == 1


def test_forgetting_browsers_counts_on_from_what_is_stored() -> None:
    person = UserFactory()
    stale = User.objects.get(pk=person.pk)
    assert known_browsers.forget_read(person)
    assert not known_browsers.forget_read(stale)
    known_browsers.forget_all(stale)
    assert stale.known_browsers_epoch == User.objects.get().known_browsers_epoch == 2


def test_codes_are_made_where_another_device_was_linked_without_any() -> None:
    person = UserFactory(with_totp=True)
    client = signed_in(person)
    client.post(ACTIVATE)
    code = phone(Authenticator.objects.get(confirmed=False)).now()
    assert client.post(CONFIRM, {"code": code, "name": "Tablet"}).url == "/persoonlijke-gegevens/herstelcodes/"
    assert RecoveryCode.objects.count() == 10
    assert AuditEntry.objects.filter(event="recovery_codes_made").count() == 1
    assert code_of(person)
