"""A dishonest administrator changes what others rely on: somebody else is always told."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.sso.models import Connection
from tests.changes import GROUPS, ORGANISATIONS, World, group_values, organisation_values, right
from tests.conftest import mails, outlive_proof
from tests.environments.people.staff import page_of, superuser, values_of
from tests.factories import UserFactory
from tests.mail_server import mail_server
from tests.pages import shown, signed_in


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


def heard(about: str) -> set[str]:
    return {message.to[0] for message in mails() if about in message.subject}


def test_another_short_name_makes_the_test_sign_in_void_because_the_redirect_address_is_another(world: World) -> None:
    now = timezone.now()
    agreed = {"issuer": "https://x.invalid", "client_id": "x", "tested_at": now, "worked_at": now}
    connection = Connection.objects.create(organisation=world.organisation, **agreed)
    client, address = signed_in(world.boss), f"{ORGANISATIONS}{world.organisation.pk}/change/"
    client.post(address, organisation_values(world, name="Anders", contact="bel mij"))
    connection.refresh_from_db()
    assert connection.tested_at
    world.organisation.refresh_from_db()
    client.post(address, organisation_values(world, slug="anders"))
    connection.refresh_from_db()
    assert connection.tested_at is None
    entry = AuditEntry.objects.filter(event="organisation_edited").latest("pk")
    assert (entry.organisation, entry.detail) == (world.organisation, {"slug": "gemeente → anders"})


@pytest.mark.parametrize(
    ("changed", "event", "subject"),
    [
        ({"is_active": None}, "deactivated", "Je account voor Assetmaps is gedeactiveerd"),
        ({"organisation": "Leeg"}, "organisation_changed", "Je organisatie in Assetmaps is gewijzigd"),
        ({"is_superuser": None}, "rights_changed", "Je rechten in Assetmaps zijn gewijzigd"),
    ],
)
def test_what_is_done_to_a_superuser_reaches_the_person_and_the_others(
    world: World, changed: dict[str, object], event: str, subject: str
) -> None:
    fallen = UserFactory(superuser=True, email="val@voorbeeld.nl", organisation=world.organisation)
    client = signed_in(world.boss)
    mails().clear()
    client.post(page_of(fallen), values_of(fallen, **changed))
    assert AuditEntry.objects.filter(event=event, subject=fallen).exists()
    assert heard(subject) == {"val@voorbeeld.nl"}
    assert heard("Rechten of account gewijzigd: val@voorbeeld.nl") == {world.other.email}


def test_person_hears_of_being_let_in_again(world: World) -> None:
    User.objects.filter(pk=world.person.pk).update(is_active=False)
    world.person.refresh_from_db()
    client = signed_in(world.boss)
    mails().clear()
    client.post(page_of(world.person), values_of(world.person, is_active="on"))
    assert heard("Je account voor Assetmaps is weer actief") == {world.person.email}


def test_name_of_somebody_else_is_recorded_as_it_was(world: World) -> None:
    client = signed_in(world.boss)
    client.post(page_of(world.person), values_of(world.person, first_name="Directeur", language="en"))
    entry = AuditEntry.objects.get(event="details_changed_by_other")
    assert entry.subject == world.person
    assert entry.detail["before"].startswith("Per Soon (")
    assert entry.detail["after"].startswith("Directeur Soon (")


def test_own_name_in_the_administration_is_recorded_and_mails_nobody(world: World) -> None:
    client = signed_in(world.boss)
    mails().clear()
    client.post(page_of(world.boss), values_of(world.boss, first_name="Anders"))
    assert AuditEntry.objects.filter(event="details_changed", subject=world.boss).count() == 1
    assert mails() == []


def test_rights_of_a_group_are_recorded_by_name_for_the_group_and_each_member(world: World) -> None:
    signed_in(world.boss).post(
        f"{GROUPS}{world.group.pk}/change/", group_values(world, permissions=[right("change_user")])
    )
    entry = AuditEntry.objects.get(event="group_changed")
    assert (entry.detail["given"], entry.detail["taken"]) == ("accounts.change_user", "accounts.view_user")
    assert AuditEntry.objects.get(event="rights_changed", subject=world.member).detail["group"] == "Eigen groep"


def test_entry_about_a_group_of_every_right_stays_short_enough_for_an_export(world: World) -> None:
    every = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    signed_in(world.boss).post(f"{GROUPS}{world.group.pk}/change/", group_values(world, permissions=every))
    assert len(AuditEntry.objects.get(event="group_changed").detail["given"]) < 8_000


def test_entry_of_a_deleted_organisation_is_shown(world: World) -> None:
    client = signed_in(world.boss)
    client.post(f"{ORGANISATIONS}{world.empty.pk}/delete/", {"post": "yes"})
    entry = AuditEntry.objects.get(event="organisation_deleted")
    assert "Organisatie verwijderd" in shown(client, "/beheer/activiteit/")
    assert "leeg" in shown(client, f"/beheer/activiteit/{entry.pk}/")


def test_what_was_chosen_in_a_list_is_done_after_the_proof_only(world: World) -> None:
    client = signed_in(superuser())
    outlive_proof(client)
    assert client.get(GROUPS).status_code == 200  # looking is free
    chosen = {"action": "delete_selected", "_selected_action": [str(world.group.pk)], "post": "yes"}
    assert client.post(GROUPS, chosen).url.startswith("/bevestig-identiteit/")
    world.group.refresh_from_db()


@pytest.mark.django_db(transaction=True)
def test_superuser_made_on_the_server_is_told_to_the_others_and_made_without_a_mail_server_too(
    settings: Settings,
) -> None:
    UserFactory(superuser=True, email="eerste@voorbeeld.nl")
    call_command("createsuperuser", email="tweede@voorbeeld.nl", interactive=False, stdout=StringIO())
    assert heard("Rechten of account gewijzigd: tweede@voorbeeld.nl") == {"eerste@voorbeeld.nl"}
    assert heard("Je rechten in Assetmaps zijn gewijzigd") == {"tweede@voorbeeld.nl"}
    with mail_server(settings) as server:
        server.refuse("RCPT", "550 5.1.1 onbekend")
        out, err = StringIO(), StringIO()
        call_command("createsuperuser", email="derde@voorbeeld.nl", interactive=False, stdout=out, stderr=err)
    assert "derde@voorbeeld.nl was created" in out.getvalue()
    assert "550" in err.getvalue()
