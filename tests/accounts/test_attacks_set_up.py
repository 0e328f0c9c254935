"""A thief with the password of an account without a second factor loses access once the owner activates one. More time
for the set-up is for nobody else, and for no longer than the session."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import limits
from accounts.active_sessions.flows import SET_UP_ONLY
from accounts.two_factor.models import Authenticator
from accounts.two_factor.totp import flows
from tests.codes import phone
from tests.conftest import prove
from tests.factories import UserFactory
from tests.pages import ACTIVATE, CONFIRM, groups_of_the_secret, is_signed_in, shown, signed_in

pytestmark = pytest.mark.django_db

MORE = f"{CONFIRM}meer-tijd/"


@pytest.mark.parametrize("thief_begins", [True, False])
def test_other_session_of_the_person_never_sees_the_secret(thief_begins: bool) -> None:
    person = UserFactory()
    thief, owner = signed_in(person), signed_in(person)
    first, second = (thief, owner) if thief_begins else (owner, thief)
    first.post(ACTIVATE)
    seen = groups_of_the_secret(shown(first, CONFIRM))
    assert seen
    assert groups_of_the_secret(shown(second, CONFIRM)) == ""
    second.post(ACTIVATE)
    assert groups_of_the_secret(shown(second, CONFIRM)) not in ("", seen)


def test_other_session_cannot_confirm_the_set_up() -> None:
    person = UserFactory()
    thief, owner = signed_in(person), signed_in(person)
    owner.post(ACTIVATE)
    thief.post(CONFIRM, {"code": phone(Authenticator.objects.get()).now()})
    assert not Authenticator.objects.get().confirmed


def test_second_tab_and_fresh_proof_keep_the_secret() -> None:
    owner = signed_in(UserFactory())
    owner.post(ACTIVATE)
    seen = groups_of_the_secret(shown(owner, CONFIRM))
    session = owner.session
    session.cycle_key()
    session.save()
    owner.cookies["__Host-session"] = session.session_key
    assert is_signed_in(owner)
    owner.post(ACTIVATE)
    assert groups_of_the_secret(shown(owner, CONFIRM)) == seen


def test_never_beyond_the_end_of_the_session_in_which_it_was_begun() -> None:
    person = UserFactory()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(person)
        for _part in range(24):
            clock.shift((limits.SESSION_OVERALL - timedelta(minutes=12)) / 24)
            assert is_signed_in(client)
        prove(client)
        client.post(ACTIVATE)
        clock.shift(timedelta(minutes=9))
        assert "Je hebt weer 30 minuten." in shown(client, MORE, {})
        code = phone(Authenticator.objects.get()).at(int(time.time()) + 180)
        clock.shift(timedelta(minutes=3))
        assert flows.pending(person, Authenticator.objects.get().begun_in), "ended by the session, not by itself"
        for address in (CONFIRM, MORE):
            assert client.post(address, {"code": code}).url.startswith("/inloggen/")
        again = signed_in(person)
        again.post(MORE)
        again.post(CONFIRM, {"code": code})
        assert groups_of_the_secret(shown(again, CONFIRM)) == "", "nor by signing in anew"
    assert not Authenticator.objects.get().confirmed


def test_session_that_is_for_the_set_up_of_somebody_else_extends_nothing() -> None:
    owner, helped = signed_in(UserFactory()), signed_in(UserFactory())
    session = helped.session
    session[SET_UP_ONLY] = "bridge_code"
    session.save()
    owner.post(ACTIVATE)
    before = Authenticator.objects.values().get()
    assert helped.post(MORE).url == CONFIRM
    assert Authenticator.objects.values().get() == before
    helped.post(ACTIVATE)
    helped.post(MORE)
    assert Authenticator.objects.get(extensions=1).pk != before["id"], "its own it may"


def test_form_of_another_site_extends_nothing() -> None:  # ASVS 3.5.1
    person = UserFactory()
    client = signed_in(person)
    client.post(ACTIVATE)
    client.handler.enforce_csrf_checks = True
    assert client.post(MORE).status_code == 403
    assert Authenticator.objects.get().extensions == 0


def test_old_phone_works_meanwhile_and_more_time_still_replaces_it() -> None:
    person = UserFactory(with_totp=True)
    old = Authenticator.objects.get()
    client = signed_in(person)
    client.post(ACTIVATE, {"replaces": str(old.pk)})
    client.post(MORE, {"name": "Nieuw toestel"})
    fresh = Authenticator.objects.get(confirmed=False)
    assert (fresh.replaces_id, fresh.extensions) == (old.pk, 1)
    assert Authenticator.objects.filter(pk=old.pk, confirmed=True).exists()
    assert 'value="Nieuw toestel"' in shown(client, CONFIRM), "what was typed is kept"
    client.post(CONFIRM, {"code": phone(fresh).now()})
    assert [device.name for device in Authenticator.objects.all()] == ["Nieuw toestel"]
