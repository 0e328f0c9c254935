from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterator

import hypothesis
import pytest
from django.conf import settings
from django.core import mail as outbox
from django.core.cache import cache
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone
from hypothesis.internal.conjecture import providers

from accounts import limits, outbound_requests
from accounts.active_sessions import reauthentication
from accounts.models import User
from accounts.passwords import dummy_hash
from accounts.passwords.hashers import Argon2idHasher
from tests import database_cleanup, middleware_cache, selection
from tests.background import send_waiting
from tests.codes import code_of
from tests.factories import PASSWORD

# One commit gives one answer: the same examples in every run. With HYPOTHESIS_RANDOM=1 others each time.
hypothesis.settings.register_profile("same", derandomize=True, database=None, deadline=None)
if not os.environ.get("HYPOTHESIS_RANDOM"):
    hypothesis.settings.load_profile("same")
    # Examples are also drawn from constants of whatever modules are loaded, which differs between workers. There is no
    # public switch for that.
    providers._get_local_constants = providers.Constants


@pytest.fixture(autouse=True)
def _clean() -> None:
    cache.clear()
    cache.set(dummy_hash.CACHED, [])  # as after the first visitor of the hour: no test has hashes of before by itself
    outbound_requests.forget()


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> None:
    middleware_cache.share()
    database_cleanup.replace_flush()


@pytest.fixture
def production_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes made in this test cost what they cost in production, see `tests.settings`."""
    memory, passes = (settings.PRODUCTION_HASH_COST[name] for name in ("ARGON2_MEMORY_KIB", "ARGON2_TIME"))
    monkeypatch.setattr(limits, "ARGON2_MEMORY_KIB", memory)
    monkeypatch.setattr(limits, "ARGON2_TIME", passes)
    monkeypatch.setattr(Argon2idHasher, "memory_cost", memory)
    monkeypatch.setattr(Argon2idHasher, "time_cost", passes)


HIDDEN = re.compile(r'<input type="hidden" name="(shown|version)" value="([^"]*)">')
# Pages with a form that carries what it showed, by the name of the view; see `accounts.edit_conflicts`.
CARRIES_SHOWN = frozenset(
    {
        "personal_details",
        "totp_rename",
        "passkey_rename",
        "change_role",
        "change_picture",
        "remove_picture",
        "change_logo",
        "remove_logo",
    }
    | {"sso_provider", "sso_secret", "sso_second_step", "sso_people", "sso_emergency_account"}
    | {f"{label}_change" for label in ("accounts_user", "auth_group", "organisations_organisation")}
    | {"environments_environment_change"}
)


class Browser(Client):
    """Speaks https, as every visitor does; Django's test client speaks http unless every single call says otherwise.

    Posts the hidden fields of a page together with what was typed, as every browser does: of the page as it is now,
    unless the values name them.
    """

    def post(self, path: str, data: object = None, *args: object, **extra: object) -> object:
        try:
            name = resolve(path.split("?")[0]).url_name
        except Resolver404:
            name = None
        if name in CARRIES_SHOWN and isinstance(data or {}, dict):
            data = self.hidden(path) | (data or {})
        return super().post(path, data, *args, **extra)

    def hidden(self, path: str) -> dict[str, str]:
        """What the page at this address carries now."""
        page = super().get(path.removesuffix("verwijderen/"))
        return dict(HIDDEN.findall(page.content.decode())) if page.status_code == 200 else {}

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
    """The messages sent so far, and those that wait."""
    send_waiting()
    return outbox.outbox


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collecting makes millions of objects that stay to the end: the garbage collector need not look at them at all."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    selection.mark(items)
    yield  # the others choose and sort
    selection.longest_first(items)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """For `tests/run.sh`, which runs what failed once more: the names, from the process that reports."""
    if report.failed and (names := os.environ.get("FAILED_TESTS")) and "PYTEST_XDIST_WORKER" not in os.environ:
        with open(names, "a") as file:
            file.write(f"{report.nodeid}\n")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With STRICT=1 a skipped test fails the run: no check is left out in silence."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("STRICT") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1
