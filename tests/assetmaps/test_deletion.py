"""What the administration says before it deletes: counts by kind, by a number of queries that does not grow."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.deletion import CountedDeletion
from accounts.lazy_views import load_administration
from accounts.models import User
from environments.models import Access, Environment
from tests.conftest import prove
from tests.environments.people.staff import superuser
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import signed_in, text

load_administration()

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    client = signed_in(superuser())
    prove(client)
    return client


def page_of(row: Model) -> str:
    return f"/beheer/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/delete/"


def queries(client: Client, row: Model) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(page_of(row)).status_code == 200
    return len(asked)


@pytest.mark.parametrize("kind", list(admin.site._registry))
def test_every_page_of_the_administration_counts_what_it_deletes(kind: type[Model]) -> None:
    assert isinstance(admin.site._registry[kind], CountedDeletion)


def test_people_of_an_environment_are_counted_and_not_named(boss: Client) -> None:
    environment = EnvironmentFactory(people=[UserFactory(email="een@x.nl")])
    few = queries(boss, environment)
    for _ in range(20):
        Access.objects.create(user=UserFactory(), environment=environment)
    assert queries(boss, environment) == few
    page = text(boss.get(page_of(environment)))
    assert "<li>Toegang: 21</li>" in page
    assert environment.name in page
    assert "een@x.nl" not in page
    assert "Pictures" not in page


def test_people_of_a_group_are_counted_and_not_named(boss: Client) -> None:
    group = Group.objects.create(name="Velen")
    for number in range(3):
        UserFactory(email=f"lid{number}@x.nl").groups.add(group)
    page = text(boss.get(page_of(group)))
    assert "<li>Koppelingen met personen: 3</li>" in page
    assert "lid0@x.nl" not in page
    assert boss.post(page_of(group), {"post": "yes"}).status_code == 302
    assert not Group.objects.filter(name="Velen").exists()


def test_what_is_in_the_way_is_counted_and_nothing_is_deleted(boss: Client) -> None:
    organisation = OrganisationFactory()
    for number in range(3):
        UserFactory(email=f"lid{number}@x.nl", organisation=organisation)
    EnvironmentFactory(organisation=organisation)
    for page in (text(boss.get(page_of(organisation))), text(boss.post(page_of(organisation), {"post": "yes"}))):
        assert "Lid van: 3" in page
        assert "Omgevingen: 1" in page
        assert "lid0@x.nl" not in page
    organisation.refresh_from_db()


def test_deletion_is_recorded_for_everybody_by_few_queries(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = OrganisationFactory()
    people = [UserFactory(organisation=organisation) for _ in range(30)]
    environment, other = EnvironmentFactory(slug="weg", people=people), EnvironmentFactory(people=people)
    with CaptureQueriesContext(connection) as asked:
        assert boss.post(page_of(environment), {"post": "yes"}).status_code == 302
    assert len(asked) < 60, "not one for each person"
    entries = AuditEntry.objects.filter(event="access_taken")
    assert {entry.subject_id for entry in entries} == {person.pk for person in people}
    assert {(entry.detail["environment"], entry.organisation_id) for entry in entries} == {("weg", organisation.pk)}
    assert list(Environment.objects.all()) == [other]
    assert Access.objects.count() == 30


def test_many_that_were_chosen_are_named_up_to_a_number(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NAMED_IN_DELETION", 2)
    keys = [EnvironmentFactory(name=f"Kaart {number}").pk for number in range(5)]
    chosen = {"action": "delete_selected", "_selected_action": keys}
    page = text(boss.post("/beheer/environments/environment/", chosen))
    assert page.count('<li>Omgeving: <a href="') == 2
    assert "en nog 3" in page
    assert page.count('name="_selected_action"') == 5
    boss.post("/beheer/environments/environment/", chosen | {"post": "yes"})
    assert not Environment.objects.exists()


def test_breadcrumbs_lead_back_to_the_list_and_the_row(boss: Client) -> None:
    row = EnvironmentFactory(name="Wegen")
    trail = '<a href="/beheer/">Beheer</a> › <a href="/beheer/environments/environment/">Omgevingen</a> › '
    row_trail = f'{trail}<a href="/beheer/environments/environment/{row.pk}/change/">Wegen</a> › '
    assert f"{row_trail}Verwijderen</div>" in text(boss.get(page_of(row)))
    assert f"{row_trail}Geschiedenis</div>" in text(boss.get(page_of(row).replace("delete", "history")))
    chosen = {"action": "delete_selected", "_selected_action": [row.pk]}
    assert f"{trail}Verwijderen</div>" in text(boss.post("/beheer/environments/environment/", chosen))


def test_nobody_deletes_kinds_that_they_may_not_delete(boss: Client) -> None:
    worker = User.objects.get(is_superuser=True)
    User.objects.filter(pk=worker.pk).update(is_superuser=False)
    group = Group.objects.create(name="Alleen omgevingen")
    wanted = ("delete_environment", "view_environment", "work_for_every_organisation")
    group.permissions.add(*Permission.objects.filter(codename__in=wanted))
    worker.groups.add(group)
    environment = EnvironmentFactory(people=[worker])
    page = text(boss.get(page_of(environment)))
    assert "<li>toegang</li>" in page
    assert boss.post(page_of(environment), {"post": "yes"}).status_code == 403
    assert Environment.objects.exists()
