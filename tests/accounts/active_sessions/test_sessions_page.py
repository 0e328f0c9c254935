from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.active_sessions.models import Session
from accounts.active_sessions.store import digest_of
from tests.conftest import browser, sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PAGE = "/persoonlijke-gegevens/sessies/"


def name_of(client: Client) -> str:
    return digest_of(client.session.session_key)[:16]


# ASVS 7.5.2
def test_person_sees_own_sessions_and_ends_one(client: Client) -> None:
    person, other = UserFactory(), Client(headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    sign_in(other, person)
    sign_in(client, person)
    text = client.get(PAGE).content.decode()
    assert "Deze browser" in text
    assert "Firefox op Windows" in text
    assert f"Gebeurt er {limits.SESSION_IDLE // timedelta(minutes=1)} minuten niets, dan loggen we je uit." in text
    assert client.session.session_key not in text
    client.post(f"{PAGE}{name_of(other)}/beeindigen/")
    assert other.get("/").status_code == 302
    assert client.get("/").status_code == 200


def test_end_all_others_leaves_this_browser_signed_in(client: Client) -> None:
    person, others = UserFactory(), [browser(), browser()]
    for other in others:
        sign_in(other, person)
    sign_in(client, person)
    client.post(f"{PAGE}andere-beeindigen/")
    assert [other.get("/").status_code for other in others] == [302, 302]
    assert client.get("/").status_code == 200


# ASVS 8.2.2
def test_nobody_ends_the_session_of_somebody_else(client: Client) -> None:
    victim = browser()
    sign_in(victim, UserFactory())
    sign_in(client, UserFactory())
    client.post(f"{PAGE}{name_of(victim)}/beeindigen/")
    assert victim.get("/").status_code == 200


# ASVS 7.1.2
def test_sixth_session_ends_the_oldest() -> None:
    person = UserFactory()
    clients = [browser() for _ in range(limits.SESSIONS_AT_ONCE + 1)]
    for number, client in enumerate(clients):
        with time_machine.travel(timezone.now() + timedelta(seconds=number), tick=True):
            sign_in(client, person)
    assert [client.get("/").status_code for client in clients] == [302] + [200] * limits.SESSIONS_AT_ONCE


# ASVS 7.3.1, 7.3.2
def test_administration_closes_after_a_quarter_of_an_hour_and_after_eight_hours() -> None:
    for minutes_between, total in ((16, 16), (10, 8 * 60 + 20)):
        client, person, start = browser(), UserFactory(superuser=True, with_totp=True), timezone.now()
        sign_in(client, person)
        assert client.get("/beheer/").status_code == 200
        minutes = 0
        while minutes < total:
            minutes += minutes_between
            with time_machine.travel(start + timedelta(minutes=minutes), tick=True):
                last = client.get("/beheer/")
        assert last.status_code == 302
        assert last.url.startswith("/inloggen/")
        assert not Session.objects.filter(user=person, signed_in=True).exists()


# ASVS 14.3.1
def test_sign_out_clears_the_browsers_data_but_keeps_it_known(client: Client) -> None:
    sign_in(client, UserFactory())
    response = client.post("/uitloggen/")
    # Neither "cookies", which reaches other hosts of the domain, nor "cache", which takes seconds when it is full.
    assert response["Clear-Site-Data"] == '"storage"'
    assert "__Host-known" not in response.cookies
    assert client.cookies["__Host-known"].value
