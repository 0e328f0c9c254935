"""Several people at once behind PgBouncer in transaction mode, which gives every transaction another connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client

from accounts.audit.origin import Origin
from accounts.models import User
from environments.people import imports
from environments.people.list_reader import read
from environments.people.models import PeopleImport
from tests.background import run_tasks
from tests.conftest import browser, prove, sign_in
from tests.factories import EnvironmentFactory, UserFactory
from tests.services import PgBouncer

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 6


@pytest.fixture
def pooled(transactional_db: None) -> Iterator[None]:
    """The database of the tests, by way of a PgBouncer with two connections to it."""
    facts = connection.settings_dict
    before = dict(facts)
    where = (facts["HOST"], facts["PORT"], facts["USER"], facts["PASSWORD"])
    with PgBouncer(*where, pool_size=2) as started:
        connection.close()
        facts |= {"HOST": "127.0.0.1", "PORT": started.port}
        try:
            yield
        finally:
            connection.close()
            facts.update(before)


def at_once(task: Callable[[Client], object], clients: list[Client]) -> list[object]:
    def one(client: Client) -> object:
        try:
            return task(client)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(clients)) as threads:
        return list(threads.map(one, clients))


def test_people_who_look_sign_in_and_out_at_once_meet_no_error(pooled: None) -> None:
    people = [UserFactory(with_totp=True) for _ in range(PEOPLE)]
    for _ in range(30):
        EnvironmentFactory(people=people)
    clients = [browser() for _ in people]
    whose = {id(client): person for client, person in zip(clients, people, strict=True)}

    def visit(client: Client) -> list[int]:
        sign_in(client, whose[id(client)])
        pages = ["/", "/?zoek=a", "/persoonlijke-gegevens/", "/persoonlijke-gegevens/sessies/"] * 3
        return [client.get(page).status_code for page in pages] + [client.post("/uitloggen/").status_code]

    assert at_once(visit, clients) == [[200] * 12 + [302]] * PEOPLE


def test_administration_exports_and_lists_meet_no_error(pooled: None) -> None:
    environment = EnvironmentFactory()
    organisation = environment.organisation
    for _ in range(20):
        UserFactory(organisation=organisation)
    workers = [UserFactory(superuser=True, with_totp=True) for _ in range(3)]
    clients = [browser() for _ in workers]
    for client, worker in zip(clients, workers, strict=True):
        sign_in(client, worker)
        prove(client)
    pages = ["/beheer/", "/beheer/accounts/user/", "/beheer/activiteit/", "/beheer/environments/access/add/"]
    exports = [f"/beheer/organisaties/{organisation.slug}/overzicht/zonder-tweede-stap/", "/beheer/mensen/exporteren/"]

    def work(client: Client) -> list[int]:
        looked_at = [client.get(page).status_code for page in pages]
        files = [client.post(page) for page in exports]
        assert all(b"".join(file.streaming_content).count(b"\n") > 20 for file in files)
        return looked_at

    assert at_once(work, clients) == [[200] * len(pages)] * 3


def test_lists_of_people_are_carried_out_by_several_workers(pooled: None) -> None:
    worker, environments = UserFactory(superuser=True), [EnvironmentFactory() for _ in range(3)]
    for number, environment in enumerate(environments):
        text = "\n".join(f"nieuw{number}-{line}@voorbeeld.nl;Nina;Nieuw" for line in range(30))
        batch = imports.create(read(text), environment.organisation, worker)
        assert imports.confirm(batch, worker, Origin("192.0.2.1", "Testbrowser"))
    connection.close()  # of the two connections behind PgBouncer none is left to this thread
    at_once(lambda _: run_tasks(), [browser() for _ in range(3)])
    assert PeopleImport.objects.filter(finished_at=None).count() == 0
    assert User.objects.filter(email__startswith="nieuw").count() == 90


def test_commands_meet_no_error(pooled: None) -> None:
    UserFactory(with_totp=True)
    for command in ("purge", "send_reminders", "verify_audit_trail", "rotate_encryption_keys", "two_factor_status"):
        call_command(command, verbosity=0)


def test_times_are_those_of_the_portal_whatever_the_time_zone_of_the_server(pooled: None) -> None:
    def zone(_: object) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW TIME ZONE")
            return str(cursor.fetchone()[0])

    assert set(at_once(zone, [browser() for _ in range(PEOPLE)])) == {"UTC"}
