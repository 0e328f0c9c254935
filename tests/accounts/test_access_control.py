"""Whoever has not shown the second factor reaches no address."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from accounts.active_sessions.models import Session
from accounts.two_factor.models import Authenticator
from tests.conftest import sign_in
from tests.factories import AuthenticatorFactory, EnvironmentFactory, UserFactory
from tests.pages import half_signed_in, is_signed_in, session_row, shown, signed_in
from tests.test_structure import OPEN_TO_ALL, walk

pytestmark = pytest.mark.django_db


def every_address(person_id: int, slug: str) -> list[tuple[str, str]]:
    """Every address of the URLconf as (name, address), its variable parts filled with what exists."""
    filled = []
    for name, route, _view in walk(get_resolver().url_patterns):
        address = re.sub(r"<slug:\w+>", slug, route)
        address = re.sub(r"<path:content_type_id>/<path:object_id>", f"1/{person_id}", address)
        address = re.sub(r"<(int|path):\w+>", str(person_id), address)
        address = re.sub(r"<uuid:\w+>", str(UUID(int=person_id)), address)
        address = re.sub(r"<session_name:name>", "0123456789abcdef", address)
        address = re.sub(r"<(?:str|mailed):token>", "een-token", address)
        address = re.sub(r"\^?\(\?P<app_label>(\w+)[^)]*\)/\$", r"\1/", address)
        address = re.sub(r"\(\?P<url>\.\*\)\$", "zomaar", address)
        assert not re.search(r"[<>^$()]", address), address
        filled.append((name, f"/{address}"))
    return filled


# ASVS 8.3.1
# NIST N1, N10
@pytest.mark.parametrize("method", ["get", "post", "head", "put", "delete"])
def test_password_alone_opens_nothing_at_any_address(method: str) -> None:  # ASVS 6.3.4
    person = UserFactory(superuser=True, with_totp=True)
    environment = EnvironmentFactory(people=[person])
    client = half_signed_in(person)
    for name, address in every_address(person.pk, environment.slug):
        if name in OPEN_TO_ALL:
            continue
        answer = getattr(client, method)(address)
        assert answer.status_code == 302, f"{name} {address}"
        assert answer.url.startswith(("/inloggen/", "/beheer/login/")), f"{name} {address}: {answer.url}"
        assert person.email not in answer.content.decode()


def test_open_pages_show_a_half_signed_in_person_as_a_stranger() -> None:
    person = UserFactory(with_totp=True)
    client = half_signed_in(person)
    for name, address in every_address(person.pk, "x"):
        if name in OPEN_TO_ALL - {"sign_out", "favicon"}:
            page = shown(client, address)
            assert person.email not in page, address
            assert "Persoonlijke gegevens" not in page, address


def test_walk_reaches_the_administration_and_our_own_pages() -> None:
    addresses = {address for _name, address in every_address(7, "x")}
    assert {"/", "/beheer/", "/beheer/accounts/user/7/change/", "/beheer/jsi18n/", "/omgevingen/x/"} <= addresses


# NIST N10
def test_session_of_before_the_activation_is_closed(client: Client) -> None:
    person = UserFactory()
    sign_in(client, person)
    AuthenticatorFactory(user=person)
    answer = client.get("/")
    assert answer.url == "/inloggen/?next=%2F"
    assert "Log opnieuw in: je account heeft nu een tweede stap." in shown(client, answer.url)
    assert not Session.objects.exists()


# ASVS 7.4.3
@pytest.mark.parametrize("method", ["get", "post"])
def test_session_of_before_the_activation_opens_nothing_at_any_address(method: str) -> None:
    person = UserFactory(superuser=True)
    environment = EnvironmentFactory(people=[person])
    thief = signed_in(person)
    loot, row = thief.cookies[settings.SESSION_COOKIE_NAME].value, session_row(thief)
    AuthenticatorFactory(user=person)
    for name, address in every_address(person.pk, environment.slug):
        if name in OPEN_TO_ALL:
            continue
        Session.objects.filter(pk=row.pk).delete()
        row.save(force_insert=True)  # it was closed at the address before
        thief.cookies[settings.SESSION_COOKIE_NAME] = loot
        answer = getattr(thief, method)(address)
        assert answer.status_code == 302, f"{name} {address}"
        assert answer.url.startswith(("/inloggen/", "/beheer/login/")), f"{name} {address}: {answer.url}"
        assert person.email not in answer.content.decode()
        assert not Session.objects.filter(pk=row.pk).exists(), f"{name} {address}"


def test_session_of_a_deactivated_person_is_closed(client: Client) -> None:  # ASVS 7.4.2
    person = UserFactory()
    sign_in(client, person)
    person.is_active = False
    person.save()
    assert not is_signed_in(client)


def test_session_whose_device_is_gone_is_closed(client: Client) -> None:
    person = UserFactory(with_totp=True)
    sign_in(client, person)
    assert is_signed_in(client)
    Authenticator.objects.all().delete()
    assert not is_signed_in(client)
    assert not Session.objects.exists()


def test_session_cannot_be_verified_with_the_device_of_another(client: Client) -> None:
    person = UserFactory(with_totp=True)
    sign_in(client, person)
    Authenticator.objects.filter(user=person).update(user=UserFactory())
    AuthenticatorFactory(user=person)
    assert not is_signed_in(client)


def test_unconfirmed_device_does_not_verify_a_session(client: Client) -> None:
    person = UserFactory(staff=True, with_totp=True)
    sign_in(client, person)
    Authenticator.objects.update(confirmed=False)
    assert client.get("/beheer/").status_code == 302


# ASVS 14.3.2
def test_pages_are_kept_by_no_browser(client: Client) -> None:
    sign_in(client, UserFactory())
    for address in ("/", "/persoonlijke-gegevens/", "/inloggen/", "/bestaat-niet/"):
        assert "no-store" in client.get(address)["Cache-Control"], address


# NIST N6, N13
def test_session_ends_after_half_an_hour_without_activity() -> None:  # ASVS 7.3.1
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = signed_in(UserFactory())
        clock.shift(timedelta(minutes=29))
        assert is_signed_in(client)
        clock.shift(timedelta(minutes=29))
        assert is_signed_in(client)
        clock.shift(timedelta(minutes=30))
        assert not is_signed_in(client)


@pytest.mark.parametrize(("asked_by", "says_so"), [("document", True), ("image", False)])
def test_page_after_the_end_of_a_session_says_so_once(asked_by: str, says_so: bool) -> None:
    client, ended = signed_in(UserFactory()), "Je sessie is beëindigd. Log opnieuw in."
    Session.objects.all().delete()
    answer = client.get("/persoonlijke-gegevens/", headers={"sec-fetch-dest": asked_by})
    assert (ended in shown(client, answer.url)) is says_so
    assert ended not in shown(client, "/")  # which is the first visit of a browser without a session


# NIST N5
def test_session_ends_after_twelve_hours_however_busy() -> None:  # ASVS 7.3.2
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory())
        for _ in range(12 * 60 // 20 - 1):
            clock.shift(timedelta(minutes=20))
            assert is_signed_in(client)
        clock.shift(timedelta(minutes=20))
        assert not is_signed_in(client)


def test_signs_of_life_do_not_write_more_than_once_a_minute() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory())
        first = session_row(client).seen_at
        clock.shift(timedelta(seconds=59))
        client.get("/")
        assert session_row(client).seen_at == first
        clock.shift(timedelta(seconds=2))
        client.get("/")
        assert session_row(client).seen_at > first
