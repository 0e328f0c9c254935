"""Smaller requirements of authentication that no other file tests."""

from __future__ import annotations

import ast
import inspect
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts import limits
from accounts.active_sessions.store import fresh_key
from accounts.two_factor import codes, devices
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


# ASVS 11.2.4
def test_what_is_secret_is_compared_in_constant_time() -> None:
    """`==` on bytes and texts stops at the first difference, and the time tells how far a guess was right."""
    equals = [node for node in ast.walk(ast.parse(inspect.getsource(codes))) if isinstance(node, ast.FunctionDef)]
    judging = next(node for node in equals if node.name == "_equals")
    assert "constant_time_compare" in ast.unparse(judging)
    secret = r"\b(digest|token|secret|typed|password|salt)\b *(==|!=)|(==|!=) *\b(digest|token|secret|typed|password)\b"
    for folder in ("accounts/two_factor", "accounts/passwords/links.py", "accounts/email_address", "accounts/support"):
        path = Path(settings.BASE_DIR) / folder
        for file in path.rglob("*.py") if path.is_dir() else [path]:
            assert not re.search(secret, file.read_text()), file


# ASVS 16.5.3
@pytest.mark.django_db
def test_exception_in_the_check_of_a_code_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> int:
        raise RuntimeError

    person = UserFactory(with_totp=True)
    client = browser(raise_request_exception=False)
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    monkeypatch.setattr(codes, "hotp", broken)
    assert client.post(CODE, {"code": "123456"}).status_code == 500
    assert not is_signed_in(client)


# NIST N7
@pytest.mark.django_db
@pytest.mark.parametrize("limit", [limits.SESSION_IDLE, limits.SESSION_OVERALL])
def test_both_factors_are_asked_after_either_limit(limit: timedelta) -> None:
    person, client = UserFactory(with_totp=True), browser()
    sign_in(client, person)
    with time_machine.travel(timezone.now() + limit + timedelta(minutes=1), tick=True):
        assert client.get("/").url.startswith(SIGN_IN)
        assert client.post(SIGN_IN, {"username": person.email, "password": PASSWORD}).url == CODE
        assert client.get("/").url.startswith(SIGN_IN)
