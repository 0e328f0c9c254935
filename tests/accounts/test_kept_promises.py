"""Smaller promises about proving who somebody is that no other file keeps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.active_sessions.store import fresh_key
from accounts.two_factor import devices
from accounts.two_factor.recovery_codes.flows import _new_code
from tests.conftest import sign_in
from tests.factories import PASSWORD, UserFactory
from tests.pages import CODE, SIGN_IN, browser, is_signed_in


# ASVS 6.2.10
# NIST N17
@pytest.mark.django_db
def test_password_of_years_ago_still_signs_in_without_being_asked_to_change_it(client: object) -> None:
    person = UserFactory()
    with time_machine.travel(timezone.now() + timedelta(days=5 * 365), tick=True):
        assert client.post(SIGN_IN, {"username": person.email, "password": PASSWORD}).url == "/"
        assert is_signed_in(client)


# NIST N8
@pytest.mark.django_db
def test_known_browser_is_asked_for_the_code_all_the_same() -> None:
    person, client = UserFactory(with_totp=True), browser()
    sign_in(client, person)
    client.post("/uitloggen/")
    assert client.cookies["__Host-known"].value
    assert client.post(SIGN_IN, {"username": person.email, "password": PASSWORD}).url == CODE
    assert not is_signed_in(client)


# ASVS 11.5.2
def test_random_values_differ_when_many_are_made_at_once() -> None:
    with ThreadPoolExecutor(20) as pool:
        keys = list(pool.map(lambda _: (fresh_key(), _new_code()), range(4000)))
    assert len({key for key, _code in keys}) == len({code for _key, code in keys}) == 4000


# ASVS 11.7.2
@pytest.mark.django_db
def test_secret_is_not_kept_after_it_was_used() -> None:
    device = devices.authenticator_of(UserFactory(with_totp=True))
    secret = device.secret()
    assert secret not in [value for value in vars(device).values() if isinstance(value, bytes)]
    assert not hasattr(type(device).secret, "cache_info")
