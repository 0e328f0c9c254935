"""How long a session lasts: told to its own page, without making it last longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import lifetime
from accounts.active_sessions.models import Session
from accounts.two_factor.models import Authenticator
from tests.conftest import Browser
from tests.conftest import sign_in as give_credentials
from tests.factories import UserFactory
from tests.pages import half_signed_in, is_signed_in, session_row, signed_in, text

pytestmark = pytest.mark.django_db

LEFT, EXTEND = "/sessie/", "/sessie/verlengen/"
MINUTE = timedelta(minutes=1)


def test_page_and_look_tell_the_same_seconds() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory())
        page = text(client.get("/"))
        assert 'data-session="portal" data-idle="1800" data-overall="43200"' in page
        clock.shift(timedelta(seconds=50))
        assert client.get(LEFT).json()["portal"] | {"until": ""} == {"idle": 1750, "overall": 43150, "until": ""}


def test_administration_is_told_its_own_shorter_limits() -> None:
    with time_machine.travel(timezone.now(), tick=False):
        client = signed_in(UserFactory(superuser=True, with_totp=True))
        assert 'data-session="administration" data-idle="900" data-overall="28800"' in text(client.get("/beheer/"))
        assert client.get(LEFT).json()["administration"]["idle"] == 900
        assert "administration" not in signed_in(UserFactory()).get(LEFT).json()


def test_time_at_which_it_ends_for_good_is_the_time_in_the_netherlands() -> None:
    with time_machine.travel("2026-07-01T03:40:00Z", tick=False):
        client = signed_in(UserFactory())
        assert client.get(LEFT).json()["portal"]["until"] == "17:40"


# ASVS 7.3.1
def test_looking_keeps_no_session_alive() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory())
        for _ in range(29):
            clock.shift(MINUTE)
            assert client.get(LEFT).status_code == 200
            assert client.head(LEFT).status_code == 200
        clock.shift(MINUTE)
        assert client.get(LEFT).url == "/inloggen/?next=/sessie/"


# ASVS 7.3.1
def test_looking_keeps_no_session_of_staff_alive_either() -> None:
    """Who was away too long for the administration is marked in the session; saving it would count as user activity."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory(superuser=True, with_totp=True))
        before = session_row(client)
        for _ in range(29):
            clock.shift(MINUTE)
            assert client.get(LEFT).status_code == 200
        assert client.get(LEFT).json()["administration"]["idle"] == 0
        after = session_row(client)
        assert (after.seen_at, after.expires_at) == (before.seen_at, before.expires_at)
        clock.shift(MINUTE)
        assert client.get(LEFT).status_code == 302


def test_staying_counts_as_activity() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory())
        clock.shift(28 * MINUTE)
        assert client.post(EXTEND).json()["portal"]["idle"] == 1800
        clock.shift(28 * MINUTE)
        assert is_signed_in(client)


# ASVS 7.3.2
def test_staying_does_not_move_the_overall_end() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory())
        for _ in range(12 * 60 // 20 - 1):
            clock.shift(20 * MINUTE)
            assert client.post(EXTEND).status_code == 200
        assert client.get(LEFT).json()["portal"]["overall"] == 20 * 60
        clock.shift(20 * MINUTE)
        assert client.post(EXTEND).status_code == 302
        assert not is_signed_in(client)


# ASVS 7.3.1
@pytest.mark.parametrize("looks", [0, 1])
def test_staying_does_not_reopen_the_administration(looks: int) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory(superuser=True, with_totp=True))
        clock.shift(16 * MINUTE)
        for _ in range(looks):
            client.get(LEFT)
        left = client.post(EXTEND).json()
        assert (left["administration"]["idle"], left["portal"]["idle"]) == (0, 1800)
        assert client.get("/beheer/").url.startswith("/inloggen/")


def test_administration_stays_open_when_asked_in_time_and_closes_after_eight_hours() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory(superuser=True, with_totp=True))
        for _ in range(8 * 60 // 12):
            clock.shift(12 * MINUTE)
            assert client.post(EXTEND).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert client.post(EXTEND).json()["administration"]["overall"] == 0
        assert client.get("/beheer/").url.startswith("/inloggen/")


# ASVS 3.5.1
def test_staying_takes_a_post_with_our_token() -> None:
    client = Browser(enforce_csrf_checks=True)
    client.force_login(UserFactory())
    before = Session.objects.get().seen_at
    with time_machine.travel(timezone.now() + 10 * MINUTE, tick=False):
        assert client.post(EXTEND).status_code == 403
        assert client.post(LEFT).status_code == 403
        assert Session.objects.get().seen_at == before
        assert client.get(EXTEND).status_code == 405


def test_stranger_and_half_signed_in_are_told_nothing(client: Client) -> None:
    for browser in (client, half_signed_in(UserFactory(with_totp=True))):
        for answer in (browser.get(LEFT), browser.post(EXTEND)):
            assert answer.status_code == 302
            assert answer.url.startswith("/inloggen/")
            assert not answer.content


def test_only_who_is_signed_in_has_time_left() -> None:
    staff = UserFactory(staff=True, with_totp=True)
    request = HttpRequest()
    for client, has_time in ((half_signed_in(staff), False), (signed_in(staff), True)):
        request.session = client.session
        request.session.load()
        assert [bool(left(request)) for left in (lifetime.in_portal, lifetime.in_administration)] == [has_time] * 2


def test_looking_does_not_keep_half_a_sign_in_alive() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = half_signed_in(UserFactory(with_totp=True))
        for _ in range(6):
            clock.shift(MINUTE)
            client.get(LEFT)
            client.post(EXTEND)
        assert client.get("/inloggen/verificatie/").url == "/inloggen/"


def test_session_whose_device_is_gone_is_closed_by_a_look(client: Client) -> None:
    give_credentials(client, UserFactory(with_totp=True))
    Authenticator.objects.all().delete()
    assert client.get(LEFT).status_code == 302
    assert not Session.objects.exists()


def test_session_that_owes_the_set_up_may_look_and_stay_and_nothing_more() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory())
        session = client.session
        session[sessions.SET_UP_ONLY] = "bridge_code"
        session.save()
        clock.shift(20 * MINUTE)
        assert client.get(LEFT).json()["portal"]["idle"] == 600
        assert client.post(EXTEND).json()["portal"]["idle"] == 1800
        assert client.get("/").url == "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/"


def test_warning_comes_in_time_to_act() -> None:
    """WCAG 2.2.1 asks for twenty seconds at least; and a warning that is always there is none."""
    assert timedelta(seconds=20) < limits.SESSION_WARNING < limits.STAFF_SESSION_IDLE / 2
    assert limits.SESSION_WARNING <= limits.SESSION_OVERALL_WARNING


def test_answer_is_kept_nowhere_and_names_nobody() -> None:
    person = UserFactory()
    answer = signed_in(person).get(LEFT)
    assert "no-store" in answer["Cache-Control"]
    assert set(answer.json()) == {"portal"}
    assert person.email not in text(answer)
