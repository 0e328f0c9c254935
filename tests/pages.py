"""Browsers and what they see, for page tests."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.active_sessions.models import Session
from accounts.active_sessions.store import digest_of
from accounts.models import User
from tests.conftest import browser, sign_in
from tests.factories import PASSWORD

SIGN_IN = "/inloggen/"
CODE = "/inloggen/verificatie/"
DETAILS = "/persoonlijke-gegevens/"
ACTIVATE = "/persoonlijke-gegevens/twee-staps-authenticatie/activeren/"
CONFIRM = "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/"
SWITCH_OFF = "/persoonlijke-gegevens/twee-staps-authenticatie/uitschakelen/"

TOO_MANY = "Er zijn te veel foute codes ingevuld."
WRONG_CODE = "Deze code klopt niet."
USED_CODE = "Deze code is al gebruikt of te oud."
NOT_A_CODE = "Een code heeft precies 6 cijfers."
WRONG_PASSWORD = "Deze combinatie van e-mailadres en wachtwoord klopt niet."


def signed_in(person: User) -> Client:
    """A browser of its own in which the person is signed in fully."""
    client = browser()
    sign_in(client, person)
    return client


def half_signed_in(person: User, **extra: str) -> Client:
    """A browser that has shown the right password and still owes the code."""
    client = browser()
    response = client.post(SIGN_IN, {"username": person.email, "password": PASSWORD, **extra})
    assert response.url == CODE
    return client


def is_signed_in(client: Client) -> bool:
    return client.get(DETAILS).status_code == 200


def text(response: object) -> str:
    return html.unescape(response.content.decode())


def shown(client: Client, address: str, values: dict[str, str] | None = None) -> str:
    """The page that a person sees in the end: posted values, every redirect followed."""
    answer = client.get(address, follow=True) if values is None else client.post(address, values, follow=True)
    return text(answer)


def type_code(client: Client, code: str) -> str:
    """Type a code at the second step and return the page that follows."""
    return shown(client, CODE, {"code": code})


def session_key(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def session_row(client: Client) -> Session:
    return Session.objects.get(digest=digest_of(session_key(client)))


def groups_of_the_secret(page: str) -> str:
    """The secret as the set-up page spells it out, without its spaces."""
    return "".join(re.findall(r"<span>([A-Z2-7]{4})</span>", page))


def at_once(tasks: list[Callable[[], object]]) -> list[object]:
    """Run every task in a thread of its own, all starting together."""
    start = Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        try:
            start.wait()
            return task()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result() for future in [pool.submit(run, task) for task in tasks]]


def then_pause(work: Callable, seconds: float = 0.3) -> Callable:
    """The same work and a pause: what was read is acted on while another request may read it too."""

    def paused(*args: object, **kwargs: object) -> object:
        found = work(*args, **kwargs)
        time.sleep(seconds)
        return found

    return paused
