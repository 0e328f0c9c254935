"""During an outbound request no thread of the portal holds a database connection. Checked at socket level, for every
page and command that makes one."""

from __future__ import annotations

import ast
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as program
from django.contrib.auth.models import Permission
from django.db import connections
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.sso.models import Connection, MailDomain
from tests.accounts.passwords.test_breached import Range
from tests.accounts.passwords.test_breached import service as stolen_passwords  # noqa: F401 - a fixture
from tests.accounts.sso.browsing import come_back, connect, employee, entry, leave, led_to, signed_in_there
from tests.accounts.sso.domains.dns_server import serving
from tests.accounts.sso.provider import Provider
from tests.background import run_tasks
from tests.conftest import browser, prove
from tests.factories import PASSWORD, UserFactory
from tests.outbound.portal import silent_provider
from tests.pages import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "een heel nieuwe lange zin"


class Watch:
    """``held``: for each connection that was made to somebody outside, whether one to the database was held then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.held: list[bool] = []
        self.visitors = connections["default"]
        self.waits = True  # the visitor does, until the answer is there
        for name in ("connect", "sendto"):
            real = getattr(socket.socket, name)
            monkeypatch.setattr(socket.socket, name, self._looking(real))

    def _looking(self, real: Any) -> Any:
        def looking(line: socket.socket, *what: Any) -> Any:
            if line.family == socket.AF_INET:  # not the program's own
                own = list(connections.all(initialized_only=True))
                self.held.append(any(one.connection is not None for one in own + self._visitors()))
            return real(line, *what)

        return looking

    def _visitors(self) -> list[Any]:
        return [self.visitors] if self.waits else []

    def check(self, *, at_least: int = 1) -> None:
        held, self.held = self.held, []
        assert len(held) >= at_least
        assert not any(held)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


def administrator(connection: Connection) -> Client:
    person = UserFactory(staff=True, with_totp=True, organisation=connection.organisation)
    person.user_permissions.add(Permission.objects.get(codename="change_organisation"))
    return signed_in(person)


def test_way_to_the_provider_and_back_and_out(watch: Watch, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    client = browser()
    address = leave(client, connection)
    watch.check(at_least=2)  # the description, and whether anybody is there
    assert come_back(client, connection, provider.sign_in(address)).url == "/"
    watch.check(at_least=2)  # the code, and the keys
    client.post("/uitloggen/")
    assert watch.held == []
    led_to(client.post("/uitgelogd/"))
    watch.check()


def test_sign_out_by_the_provider(watch: Watch, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    answer = browser().post(f"{entry(connection)}backchannel-logout/", {"logout_token": provider.logout_token(sid="a")})
    assert answer.status_code == 200
    watch.check(at_least=2)


def test_linking_and_proof_there(watch: Watch, provider: Provider) -> None:
    connection = connect(provider)
    person = UserFactory(organisation=connection.organisation)
    client = signed_in(person)
    prove(client)
    address = led_to(client.post("/persoonlijke-gegevens/zakelijk-account/koppelen/"))
    assert come_back(client, connection, provider.sign_in(address)).url == "/persoonlijke-gegevens/"
    watch.check(at_least=3)
    client = signed_in_there(provider, connection)
    watch.check()
    led_to(client.post("/bevestig-identiteit/", {"next": "/"}))
    watch.check()


@pytest.mark.parametrize("part", ["aanbieder/", "controleren/", "geheim/"])
def test_check_of_the_set_up(part: str, watch: Watch, provider: Provider) -> None:
    connection = connect(provider, enabled=False)
    client = administrator(connection)
    values = {"issuer": provider.issuer, "client_id": "een-ander", "secret": "heel-erg-geheim-4711"}
    client.post(f"/beheer/sso/{connection.organisation.slug}/{part}", values)
    watch.check(at_least=2)
    connection.refresh_from_db()
    assert connection.checked_at is not None


def test_test_sign_in(watch: Watch, provider: Provider) -> None:
    connection = connect(provider, enabled=False)
    client = administrator(connection)
    address = led_to(client.post(f"/beheer/sso/{connection.organisation.slug}/proef/beginnen/"))
    watch.check(at_least=2)
    come_back(client, connection, provider.sign_in(address))
    watch.check(at_least=2)


def test_proof_of_a_mail_domain(watch: Watch, provider: Provider, settings: Settings) -> None:
    connection = connect(provider)
    client = administrator(connection)
    domain = MailDomain.objects.create(organisation=connection.organisation, domain="voorbeeld.nl", token="x")
    with serving({"_assetmaps.voorbeeld.nl": [[b"assetmaps-verificatie=x"]]}) as (address, _asked):
        settings.DNS_RESOLVERS = [address]
        client.post(f"/beheer/sso/{connection.organisation.slug}/domeinen/{domain.pk}/controleren/")
    watch.check()
    domain.refresh_from_db()
    assert domain.proved_at is not None


@pytest.mark.usefixtures("stolen_passwords")
def test_look_up_of_a_stolen_password(watch: Watch) -> None:
    person: User = UserFactory()
    client, values = browser(), {"new_password1": NEW, "new_password2": NEW}
    client.get(f"/wachtwoord-instellen/{links.make(person, Purpose.RESET)}/")
    assert client.post("/wachtwoord-instellen/", values).url == "/inloggen/"
    watch.check()
    other = signed_in(UserFactory())
    prove(other)
    changed = other.post("/persoonlijke-gegevens/wachtwoord/", values | {"old_password": PASSWORD})
    assert changed.url == "/persoonlijke-gegevens/"
    watch.check()
    assert len(Range.asked) == 2


@pytest.fixture
def silent_mail(settings: Settings) -> Iterator[None]:
    with silent_provider() as listening:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = listening.getsockname()[:2]
        settings.EMAIL_TIMEOUT = 0.5
        yield


@pytest.mark.usefixtures("silent_mail")
def test_mail_is_sent_by_a_worker_that_holds_none(watch: Watch) -> None:
    answer = browser().post("/wachtwoord-vergeten/", {"email": UserFactory().email})
    assert answer.status_code == 302
    run_tasks()
    watch.check()


def test_every_module_that_reaches_outside_does_it_by_the_one_way() -> None:
    """`tests/test_documents.py` keeps the list of those that import a network library."""
    for name in ("sso/provider/http.py", "sso/domains/resolver.py", "passwords/breached.py"):
        program_text = (Path(program.BASE_DIR) / "accounts" / name).read_text()
        made = [one for one in ast.walk(ast.parse(program_text)) if isinstance(one, ast.Call)]
        assert [ast.unparse(one.func) for one in made].count("outbound_requests.Service") == 1, name
