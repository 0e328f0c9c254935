"""An administrator who is bound to one organisation tries every way to people and environments of another."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations.models import Membership, Organisation
from environments.models import Access, Environment
from tests.environments.people.staff import (
    INVITE,
    PEOPLE,
    administrator,
    administrator_of,
    page_of,
    superuser,
    values_of,
)
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import shown, signed_in, text

pytestmark = pytest.mark.django_db

SECRET = "geheim@elders.example"
ADMIN = "/beheer/environments/"


class World:
    """Ours, and theirs that must stay unseen."""

    def __init__(self) -> None:
        self.ours = EnvironmentFactory(name="Onze kaart", slug="onze-kaart")
        self.theirs = EnvironmentFactory(name="Hun kaart", slug="hun-kaart", organisation__name="Hun organisatie")
        self.mine = UserFactory(organisation=self.ours.organisation)
        self.other = UserFactory(email=SECRET, first_name="Geheim", organisation=self.theirs.organisation)
        self.nobody = UserFactory(email="los@elders.example")
        self.access = Access.objects.create(user=self.other, environment=self.theirs)
        self.worker = administrator(self.ours.organisation)
        self.worker.user_permissions.set(
            Permission.objects.filter(content_type__app_label__in=["environments", "organisations"]).exclude(
                codename="work_for_every_organisation"
            )
        )
        self.client = signed_in(self.worker)


@pytest.fixture
def world() -> World:
    return World()


# ASVS 8.4.1
def test_people_and_environments_of_others_do_not_exist(world: World) -> None:
    theirs = [
        page_of(world.other),
        page_of(world.nobody),
        f"{PEOPLE}{world.other.pk}/history/",
        f"{ADMIN}environment/{world.theirs.pk}/change/",
        f"{ADMIN}environment/{world.theirs.pk}/delete/",
        f"{ADMIN}environment/{world.theirs.pk}/history/",
        f"{ADMIN}access/{world.access.pk}/delete/",
        f"/beheer/organisations/organisation/{world.theirs.organisation_id}/change/",
    ]
    for address in theirs:
        for method in (world.client.get, world.client.post):
            answer = method(address)
            assert answer.status_code == 404, address
            assert SECRET not in text(answer)
    assert world.client.post(f"/beheer/mensen/{world.other.pk}/uitnodigen/").status_code == 404
    assert world.client.get(page_of(world.mine)).status_code == 200


# ASVS 8.4.1
@pytest.mark.parametrize(
    "address",
    [
        PEOPLE,
        f"{PEOPLE}?q=geheim",
        f"{PEOPLE}?organisation=%d",
        f"{PEOPLE}?organisation_named=hun",
        f"{PEOPLE}?environment_named=hun",
        f"{ADMIN}environment/",
        f"{ADMIN}environment/?q=hun",
        f"{ADMIN}environment/?organisation=%d",
        f"{ADMIN}access/",
        f"{ADMIN}access/?q=geheim",
        f"{ADMIN}access/add/",
        "/beheer/organisations/organisation/",
        INVITE,
        "/beheer/autocomplete/?app_label=environments&model_name=access&field_name=user&term=geheim",
        "/beheer/autocomplete/?app_label=environments&model_name=access&field_name=environment&term=hun",
        "/beheer/autocomplete/?app_label=environments&model_name=environment&field_name=organisation&term=hun",
    ],
)
def test_no_list_no_filter_and_no_choice_tells_about_others(world: World, address: str) -> None:
    page = shown(world.client, address.replace("%d", str(world.theirs.organisation_id))).replace('value="hun"', "")
    for word in (SECRET, "Geheim", "Hun kaart", "Hun organisatie"):
        assert word not in page


@pytest.mark.parametrize(
    "question",
    [
        "membership__organisation__name=Hun+organisatie",
        "membership__organisation__id__exact=1",
        "access__environment__slug=hun-kaart",
        "groups__id__exact=1",
        "email__startswith=geheim",
        "audit__isnull=1",
    ],
)
def test_no_other_question_can_be_asked_of_the_list(world: World, question: str) -> None:
    assert world.client.get(f"{PEOPLE}?{question}").status_code == 400


# ASVS 8.2.2, 8.4.1
def test_access_cannot_be_given_across_the_border(world: World) -> None:
    pairs = [
        (world.other, world.ours),
        (world.mine, world.theirs),
        (world.other, world.theirs),
        (world.nobody, world.ours),
    ]
    for user, environment in pairs:
        answer = world.client.post(f"{ADMIN}access/add/", {"user": user.pk, "environment": environment.pk})
        assert answer.status_code == 200
    world.client.post(page_of(world.mine), values_of(world.mine, opens=[world.theirs.pk]))
    assert Access.objects.get() == world.access
    world.client.post(f"{ADMIN}access/add/", {"user": world.mine.pk, "environment": world.ours.pk})
    assert AuditEntry.objects.get(event="access_given").subject == world.mine


def test_access_of_others_cannot_be_taken(world: World) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [world.access.pk], "post": "yes"}
    world.client.post(f"{ADMIN}access/", chosen)
    assert Access.objects.filter(pk=world.access.pk).exists()


def test_access_that_is_taken_in_the_list_is_recorded(world: World) -> None:
    row = Access.objects.create(user=world.mine, environment=world.ours)
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    world.client.post(f"{ADMIN}access/", chosen)
    assert not Access.objects.filter(pk=row.pk).exists()
    assert AuditEntry.objects.get(event="access_taken").subject == world.mine


def test_environment_with_people_of_others_is_not_deleted_and_they_are_not_shown(world: World) -> None:
    guest = Access.objects.create(user=world.other, environment=world.ours)
    address = f"{ADMIN}environment/{world.ours.pk}/delete/"
    for answer in (world.client.get(address), world.client.post(address, {"post": "yes"})):
        assert answer.status_code == 403
        assert SECRET not in text(answer)
    chosen = {"action": "delete_selected", "_selected_action": [world.ours.pk], "post": "yes"}
    assert SECRET not in text(world.client.post(f"{ADMIN}environment/", chosen, follow=True))
    assert Access.objects.filter(pk=guest.pk).exists()
    guest.delete()
    Access.objects.create(user=world.mine, environment=world.ours)
    assert world.client.post(address, {"post": "yes"}).status_code == 302
    assert not Environment.objects.filter(pk=world.ours.pk).exists()
    assert AuditEntry.objects.get(event="access_taken").subject == world.mine


def test_environment_cannot_be_moved_to_another_organisation(world: World) -> None:
    values = {"name": "x", "slug": "x", "address": "https://x.nl/", "organisation": world.theirs.organisation_id}
    assert world.client.post(f"{ADMIN}environment/{world.ours.pk}/change/", values).status_code == 200
    assert world.client.post(f"{ADMIN}environment/add/", values).status_code == 200
    assert Environment.objects.count() == 2


def test_person_can_be_added_to_the_own_organisation_only(world: World) -> None:
    values = {"email": "nieuw@voorbeeld.nl", "first_name": "", "last_name": "", "language": "nl"}
    name = world.theirs.organisation.name
    address = f"{PEOPLE}add/?organisation={name}"
    assert world.client.post(address, values | {"organisation": name, "opens": [world.theirs.pk]}).status_code == 200
    assert world.client.post(address, values | {"organisation": name}).status_code == 302
    assert Membership.objects.get(user__email="nieuw@voorbeeld.nl").organisation == world.ours.organisation


# ASVS 8.2.3
def test_person_cannot_be_moved_by_a_field_that_the_page_does_not_have(world: World) -> None:
    for person in (world.mine, world.worker):
        for field in ("organisation", "membership-0-organisation", "membership"):
            world.client.post(page_of(person), values_of(person) | {field: world.theirs.organisation.name})
        assert Membership.objects.get(user=person).organisation == world.ours.organisation


def test_organisations_are_made_and_deleted_by_who_works_for_all_only(world: World) -> None:
    values = {"name": "Nieuw", "slug": "nieuw", "colour": "#1f6f54"}
    assert world.client.post("/beheer/organisations/organisation/add/", values).status_code == 403
    mine = f"/beheer/organisations/organisation/{world.ours.organisation_id}/delete/"
    assert world.client.post(mine, {"post": "yes"}).status_code == 403
    assert Organisation.objects.count() == 2


# ASVS 8.2.3
@pytest.mark.parametrize("right", ["is_staff", "is_superuser", "groups", "user_permissions"])
def test_rights_are_changed_by_superusers_only(world: World, right: str) -> None:
    value = str(Group.objects.first().pk) if right == "groups" else "1"
    for person in (world.mine, world.worker):
        world.client.post(page_of(person), values_of(person) | {right: value})
    mine = User.objects.get(pk=world.mine.pk)
    assert (mine.is_staff, mine.is_superuser) == (False, False)
    assert (mine.groups.count(), mine.user_permissions.count()) == (0, 0)
    assert not User.objects.get(pk=world.worker.pk).is_superuser
    assert not AuditEntry.objects.filter(event="rights_changed").exists()


def test_who_works_for_all_may_move_others_but_not_themselves() -> None:
    one, two = EnvironmentFactory(), EnvironmentFactory()
    worker = administrator(one.organisation)
    worker.user_permissions.add(Permission.objects.get(codename="work_for_every_organisation"))
    person = UserFactory(organisation=one.organisation)
    client = signed_in(worker)
    for subject in (worker, person):
        client.post(page_of(subject), values_of(subject, organisation=two.organisation.name))
    assert Membership.objects.get(user=worker).organisation == one.organisation
    assert Membership.objects.get(user=person).organisation == two.organisation


def test_administrator_without_an_organisation_sees_nobody() -> None:
    person = UserFactory()
    client = administrator_of(None)
    assert person.email not in shown(client, PEOPLE)
    assert client.get(page_of(person)).status_code == 404
    assert "Er is geen organisatie" in shown(client, INVITE, {"organisation": "x", "text": "a@x.nl"})


def test_administrator_without_an_organisation_adds_nobody() -> None:
    client = administrator_of(None)
    new = {"email": "nieuw@voorbeeld.nl", "first_name": "N", "last_name": "Ieuw", "language": "nl"}
    assert client.post(f"{PEOPLE}add/", new).status_code == 403
    assert not User.objects.filter(email="nieuw@voorbeeld.nl").exists()


def addresses_of_the_room() -> list[str]:
    parts = ["uitnodigen/", "exporteren/", "deactiveren/", "1/uitnodigen/"]
    parts += [
        f"uitnodigen/1/{rest}" for rest in ("", "voortgang/", "bevestigen/", "verder/", "weggooien/", "niet-gelukt/")
    ]
    return [f"/beheer/mensen/{part}" for part in parts]


# ASVS 8.2.1
@pytest.mark.parametrize("who", ["staff without rights", "employee"])
def test_pages_are_closed_without_the_right(who: str) -> None:
    person = UserFactory(staff=who != "employee", with_totp=True)
    client: Client = signed_in(person)
    for address in addresses_of_the_room():
        for method in (client.get, client.post):
            answer = method(address)
            assert answer.status_code in (403, 404, 405) or answer.url.startswith("/beheer/login/"), address
    assert signed_in(superuser()).get(INVITE).status_code == 200
