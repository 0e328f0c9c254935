"""What somebody does in an environment, as administrators note it."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.audit.models import AuditEntry
from environments.models import Access
from tests.environments.administration.test_picture_pages import worker
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def access() -> Access:
    organisation = OrganisationFactory()
    EnvironmentFactory(organisation=organisation, slug="bomen", people=[UserFactory(organisation=organisation)])
    return Access.objects.get()


def address(access: Access) -> str:
    return f"/beheer/omgevingen/rol/{access.pk}/"


def client_of(access: Access, *rights: str) -> Client:
    return signed_in(worker(access.environment.organisation, *rights))


def test_everybody_is_a_reader_until_somebody_says_otherwise(access: Access) -> None:
    person = signed_in(access.user)
    assert "lezer" in shown(person, "/")
    assert "De rol is opgeslagen" in shown(client_of(access, "add_access"), address(access), {"role": "manager"})
    assert "beheerder" in shown(person, "/")


def test_change_is_recorded_with_who_did_it_and_only_when_it_is_one(access: Access) -> None:
    client = client_of(access, "add_access")
    for _ in range(2):
        client.post(address(access), {"role": "editor"})
    entry = AuditEntry.objects.get(event="access_given")
    assert entry.subject == access.user
    assert entry.actor != access.user
    assert entry.detail == {"environment": "bomen", "role": "editor"}


@pytest.mark.parametrize("role", ["", "superuser", "reader ", "\x00", "é" * 5000])
def test_role_from_outside_the_list_is_refused(access: Access, role: str) -> None:
    page = shown(client_of(access, "add_access"), address(access), {"role": role})
    assert "errorlist" in page
    assert Access.objects.get().role == "reader"


# ASVS 8.4.1
@pytest.mark.parametrize("whose", ["person", "environment", "both"])
def test_worker_sees_only_people_and_environments_of_the_own_organisation(access: Access, whose: str) -> None:
    mine, other = OrganisationFactory(), OrganisationFactory()
    person = UserFactory(organisation=mine if whose == "environment" else other)
    environment = EnvironmentFactory(organisation=mine if whose == "person" else other, people=[person])
    client = signed_in(worker(mine, "add_access"))
    theirs = environment.access.get()
    assert client.get(address(theirs)).status_code == 404
    assert client.post(address(theirs), {"role": "manager"}).status_code == 404
    assert environment.access.get().role == "reader"


def test_right_is_needed(access: Access) -> None:
    client = client_of(access, "view_access", "change_environment")
    assert (
        client.get(address(access)).status_code == client.post(address(access), {"role": "editor"}).status_code == 403
    )
    assert signed_in(access.user).post(address(access), {"role": "manager"}).status_code == 302
    assert Access.objects.get().role == "reader"


def test_person_cannot_say_so_while_opening_or_marking(access: Access) -> None:
    person = signed_in(access.user)
    person.post("/omgevingen/bomen/favoriet/", {"role": "manager", "known_host": "x"})
    person.post("/omgevingen/bomen/verder/", {"role": "manager", "host": "x"})
    found = Access.objects.get()
    assert (found.role, found.known_host) == ("reader", "")
