"""Rules that hold at every address: no change without a token, none by looking, no cookie that is too large."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry, AuditSeal
from tests.addresses import filled
from tests.conftest import sign_in
from tests.factories import PASSWORD, EnvironmentFactory, UserFactory
from tests.pages import CODE, SIGN_IN, browser, signed_in

pytestmark = pytest.mark.django_db


# ASVS 3.5.1
# NIST N11
def test_no_address_takes_a_post_without_our_token() -> None:
    person = UserFactory(superuser=True, with_totp=True)
    environment = EnvironmentFactory(people=[person])
    client = signed_in(person)
    client.handler.enforce_csrf_checks = True
    for name, address in filled(person.pk, environment.slug):
        # The first is sent by browsers themselves and changes nothing; the second by providers, with a signed token.
        if name not in ("policy_report", "sso_backchannel_logout"):
            assert client.post(address).status_code in (403, 405), f"{name} {address}"


READS = ("SELECT", "SAVEPOINT", "RELEASE")


def everything() -> dict[str, list]:
    """All rows of all tables but the log and what a session notes of being used."""
    skipped = (AuditEntry, AuditSeal, Session)
    models = [model for model in apps.get_models(include_auto_created=True) if model not in skipped]
    kept = {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}
    return kept | {"sessions": list(Session.objects.order_by("pk").values_list("user", "signed_in", "started_at"))}


# ASVS 3.5.3
@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing_at_any_address(method: str) -> None:
    person = UserFactory(superuser=True, with_totp=True)
    environment = EnvironmentFactory(people=[person])
    client = signed_in(person)
    before = everything()
    written: list[str] = []

    def watch(execute: Callable[..., object], sql: str, *more: object) -> object:
        if not sql.lstrip().startswith(READS):
            written.append(sql)
        return execute(sql, *more)

    for _name, address in filled(person.pk, environment.slug):
        written.clear()
        with connection.execute_wrapper(watch):
            getattr(client, method)(address)
        if written:  # reading every row after every address takes ten times as long as all answers together
            assert everything() == before, address
    assert everything() == before


# ASVS 3.3.5
def test_no_cookie_grows_beyond_what_browsers_keep() -> None:
    client = browser()
    for _ in range(7):  # several people at one computer
        person = UserFactory(with_totp=True)
        sign_in(client, person)
        client.post("/uitloggen/")  # leaves a message that nobody reads
    client.post(SIGN_IN, {"username": "é" * 5000, "password": "x", "next": "/" + "ü" * 5000})
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD, "next": "/?x=" + "é" * 1000})
    client.post(CODE, {"code": "é" * 5000})
    assert len(client.cookies) >= 4
    for name, morsel in client.cookies.items():
        assert len(f"{name}={morsel.coded_value}") < 4096, name


# ASVS 3.3.4
def test_value_of_the_session_cookie_stands_on_no_page() -> None:
    person = UserFactory(superuser=True, with_totp=True)
    environment = EnvironmentFactory(people=[person])
    client = signed_in(person)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    for _name, address in filled(person.pk, environment.slug):
        answer = client.get(address)
        assert key.encode() not in b"".join(answer), address
        assert key not in str(answer.headers), address


# NIST N4
def test_no_step_answers_over_plain_http(settings: object) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client = Client()
    for name, address in filled(1, "x"):
        if name not in ("alive", "ready"):
            answer = client.get(address)
            assert answer.status_code in (301, 404), address
            assert answer.status_code == 404 or answer["Location"].startswith("https://"), address
