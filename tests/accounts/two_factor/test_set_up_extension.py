""" "Geef me meer tijd" in the set-up (WCAG 2.2.1): for the sign-in that began it, and never for one that is over."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone, translation

from accounts import limits
from accounts.audit.origin import Origin
from accounts.two_factor.models import Authenticator
from accounts.two_factor.totp import flows, views
from tests.codes import phone
from tests.conftest import outlive_proof, prove
from tests.factories import PASSWORD, AuthenticatorFactory, UserFactory
from tests.pages import ACTIVATE, CONFIRM, DETAILS, at_once, groups_of_the_secret, shown, signed_in

pytestmark = pytest.mark.django_db

MORE = f"{CONFIRM}meer-tijd/"
IT_IS_ON = "Twee-staps-authenticatie staat aan."
EXPIRED = "De QR-code is verlopen"


def seconds_left(page: str) -> int:
    found = re.search(r'data-time-left="(\d+)"', page)
    assert found
    return int(found[1])


def test_another_half_hour_for_the_same_qr_code_by_the_clock_of_the_server() -> None:
    client = signed_in(UserFactory())
    with time_machine.travel(timezone.now(), tick=False) as clock:
        page = shown(client, ACTIVATE, {})
        secret = groups_of_the_secret(page)
        assert seconds_left(page) == 1800
        clock.shift(timedelta(minutes=29))
        assert seconds_left(shown(client, CONFIRM)) == 60
        prove(client)
        page = shown(client, MORE, {"name": "Werktelefoon"})
        assert "Je hebt weer 30 minuten." in page
        assert seconds_left(page) == 1800
        assert groups_of_the_secret(page) == secret
    assert Authenticator.objects.get().name == "Werktelefoon", "what was typed is kept"


def test_code_counts_after_the_first_half_hour_and_more_time_asks_for_proof_and_goes_on() -> None:
    person = UserFactory()
    client = signed_in(person)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.post(ACTIVATE)
        clock.shift(timedelta(minutes=29))
        answer = client.post(MORE)
        assert answer.url.startswith("/bevestig-identiteit/?next=")
        page = shown(client, answer.url, {"password": PASSWORD, "next": next_of(answer.url)})
        assert "Je hebt weer 30 minuten." in page
        clock.shift(timedelta(minutes=29))
        code = phone(Authenticator.objects.get()).at(int(time.time()))
        assert IT_IS_ON in shown(client, CONFIRM, {"code": code})


def next_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["next"][0]


def test_set_up_that_is_over_stays_over() -> None:
    client = signed_in(UserFactory())
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.post(ACTIVATE)
        clock.shift(limits.PENDING_AUTHENTICATOR / 2)
        client.get(DETAILS)  # else the session ends at the same time
        clock.shift(limits.PENDING_AUTHENTICATOR / 2)
        prove(client)
        assert EXPIRED in shown(client, MORE, {})
    assert Authenticator.objects.get().extended_at is None


def test_only_the_sign_in_that_began_gets_more_time() -> None:
    person = UserFactory()
    owner, thief, stranger = signed_in(person), signed_in(person), signed_in(UserFactory())
    owner.post(ACTIVATE)
    for other in (thief, stranger):
        other.post(MORE)
        assert groups_of_the_secret(shown(other, CONFIRM)) == ""
    assert Authenticator.objects.get().extensions == 0


def test_ten_times_and_no_more() -> None:
    client = signed_in(UserFactory())
    with time_machine.travel(timezone.now(), tick=False) as clock:
        device = flows.begin(person := UserFactory(), begun_in="here")
        assert device
        for _time in range(limits.PENDING_EXTENSIONS):
            clock.shift(timedelta(minutes=29))
            assert flows.give_more_time(person, begun_in="here")
        clock.shift(timedelta(minutes=29))
        assert flows.give_more_time(person, begun_in="here") is None
        clock.shift(timedelta(minutes=1))
        assert flows.pending(person, "here") is None
    assert limits.PENDING_EXTENSIONS >= 10, "WCAG 2.2.1"
    Authenticator.objects.all().delete()
    client.post(ACTIVATE)
    assert "Geef me meer tijd" in shown(client, CONFIRM)
    Authenticator.objects.update(extensions=limits.PENDING_EXTENSIONS)
    assert "Geef me meer tijd" not in shown(client, CONFIRM)
    assert "geen tijd meer bij" in shown(client, MORE, {})


def test_double_click_is_one_extension() -> None:
    client = signed_in(UserFactory())
    client.post(ACTIVATE)
    for _click in range(3):
        client.post(MORE)
    assert Authenticator.objects.get().extensions == 1


@pytest.mark.django_db(transaction=True)
def test_many_tabs_at_once_are_one_extension_and_never_more_than_are_allowed() -> None:
    device = flows.begin(person := UserFactory(), begun_in="here")
    given = at_once([lambda: flows.give_more_time(person, begun_in="here")] * 8)
    assert all(given), "who asks a second time is not refused"
    assert Authenticator.objects.get().extensions == 1
    long_ago = timezone.now() - limits.PENDING_EXTENSION_AGAIN
    Authenticator.objects.filter(pk=device.pk).update(extended_at=long_ago, extensions=limits.PENDING_EXTENSIONS - 1)
    at_once([lambda: flows.give_more_time(person, begun_in="here")] * 8)
    assert Authenticator.objects.get().extensions == limits.PENDING_EXTENSIONS


@pytest.mark.django_db(transaction=True)
def test_more_time_and_the_right_code_at_once_leave_a_working_device() -> None:
    device = flows.begin(person := UserFactory(), begun_in="here")
    code = phone(device).now()
    at_once(
        [
            lambda: flows.give_more_time(person, begun_in="here", name="Andere naam"),
            lambda: flows.activate(person, code, "Werktelefoon", Origin(), begun_in="here"),
        ]
    )
    kept = Authenticator.objects.get()
    assert (kept.confirmed, kept.name) == (True, "Werktelefoon")


def test_set_up_that_is_gone_meanwhile_is_no_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory()
    device = flows.begin(person, begun_in="here")
    monkeypatch.setattr(flows, "pending", lambda *_of: device)
    Authenticator.objects.all().delete()
    assert flows.give_more_time(person, begun_in="here") is None


def test_minutes_come_from_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "SET_UP_MINUTES", 7)
    client = signed_in(UserFactory())
    client.post(ACTIVATE)
    assert "Je hebt weer 7 minuten." in shown(client, MORE, {})


def test_takes_a_post_and_fresh_proof() -> None:  # ASVS 3.5.3, 7.5.1
    client = signed_in(UserFactory())
    client.post(ACTIVATE)
    assert client.get(MORE).status_code == client.head(MORE).status_code == 405
    outlive_proof(client)
    assert client.post(MORE).url.startswith("/bevestig-identiteit/?next=")
    assert Authenticator.objects.get().extensions == 0


def test_confirmed_device_cannot_be_touched() -> None:
    person = UserFactory(with_totp=True)
    client = signed_in(person)
    before = Authenticator.objects.values().get()
    client.post(MORE, {"name": "Van een ander"})
    assert Authenticator.objects.values().get() == before


def test_purge_leaves_what_got_more_time() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        flows.begin(person := UserFactory(), begun_in="here")
        clock.shift(timedelta(minutes=29))
        flows.give_more_time(person, begun_in="here")
        clock.shift(timedelta(minutes=29))
        call_command("purge")
        assert flows.pending(person, "here")
        clock.shift(timedelta(minutes=1))
        call_command("purge")
    assert not Authenticator.objects.exists()


def test_name_that_was_typed_and_the_phone_to_replace_survive_beginning_again() -> None:
    person = UserFactory(with_totp=True)
    old = Authenticator.objects.get()
    client = signed_in(person)
    client.post(ACTIVATE, {"replaces": str(old.pk)})
    pending = Authenticator.objects.get(confirmed=False)
    Authenticator.objects.filter(pk=pending.pk).update(created_at=timezone.now() - timedelta(minutes=31))
    assert f'name="replaces" value="{old.pk}"' in shown(client, CONFIRM)
    page = shown(client, ACTIVATE, {"replaces": str(old.pk), "name": "Nieuw toestel"})
    assert 'value="Nieuw toestel"' in page
    assert Authenticator.objects.get(confirmed=False).replaces_id == old.pk


@pytest.mark.parametrize(("language", "name"), [("nl", "Telefoon"), ("en", "Phone")])
def test_first_name_of_a_device_is_in_the_language_of_the_person(language: str, name: str) -> None:
    with translation.override(language):
        assert flows.begin(UserFactory()).name == name
        person = UserFactory()
        AuthenticatorFactory(user=person, name=name.lower())
        assert flows.begin(person).name == f"{name} 2"
