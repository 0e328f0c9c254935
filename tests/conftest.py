from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.core import mail as outbox
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import outside
from accounts.active_sessions import reauthentication
from accounts.audit import mail
from accounts.models import User
from tests.codes import code_of
from tests.factories import PASSWORD


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    cache.clear()
    outside.forget()
    yield
    mail.wait_until_sent()


class Browser(Client):
    """Speaks https, as every visitor does; Django's test client speaks http unless every single call says otherwise."""

    def request(self, **request: object) -> object:
        return super().request(**request | {"wsgi.url_scheme": "https", "SERVER_PORT": "443"})


def browser(**options: object) -> Browser:
    return Browser(headers={"user-agent": "Testbrowser"}, **options)


@pytest.fixture
def client() -> Client:
    return browser()


def sign_in(client: Client, person: User, *, code: str | None = None, **extra: str) -> object:
    """Sign in through the pages, as a person does. ``code``: another one than the app shows."""
    response = client.post("/inloggen/", {"username": person.email, "password": PASSWORD, **extra})
    if response.url == "/inloggen/verificatie/":
        response = client.post("/inloggen/verificatie/", {"code": code or code_of(person)})
    return response


def prove(client: Client) -> None:
    """Fresh proof in the session, as if the person had just confirmed who they are."""
    session = client.session
    session[reauthentication.PROVED_AT] = timezone.now().isoformat()
    session.save()


def outlive_proof(client: Client) -> None:
    """The session as it is when the fresh proof of signing in is too old."""
    session = client.session
    session.pop(reauthentication.PROVED_AT, None)
    session.save()


def mails() -> list[outbox.EmailMessage]:
    """The messages sent so far; the sender threads are waited for."""
    mail.wait_until_sent()
    return outbox.outbox


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With STRICT=1 a skipped test fails the run: no check is left out in silence."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("STRICT") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1
