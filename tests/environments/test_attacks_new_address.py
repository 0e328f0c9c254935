"""An administrator leads everybody who opens an environment to a page that looks like it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.audit.origin import CONSOLE, Origin
from accounts.models import User
from environments import flows
from environments.address_change import flows as new_address
from environments.address_change.flows import Outcome
from environments.changes import flows as changes
from environments.models import Environment
from environments.people import flows as people
from tests.changes import World, environment_values
from tests.conftest import mails
from tests.environments.people.staff import administrator_of
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import at_once, shown, signed_in, text

THIEF = "https://bomen.dief.nl/"
HERE = Origin("192.0.2.1", "Testbrowser")
DAY = timedelta(hours=24)


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


def page_of(environment: Environment) -> str:
    return f"/beheer/environments/environment/{environment.pk}/change/"


def asked(world: World, address: str = THIEF, client: Client | None = None) -> Client:
    client = client or signed_in(world.boss)
    answer = client.post(page_of(world.environment), environment_values(world, address=address), follow=True)
    assert "Het huidige adres blijft gelden tot een tweede beheerder" in text(answer)
    world.environment.refresh_from_db()
    return client


def leads_to(person: User, environment: Environment) -> str:
    opening = flows.open_environment(person, environment.slug, HERE)
    return Environment.objects.get(pk=environment.pk).host if opening.environment else ""


def test_new_address_waits_and_everybody_who_may_open_it_sees_that(world: World) -> None:
    before = world.environment.address
    assert "Krijgt een ander adres" not in shown(signed_in(world.person), "/")
    asked(world)
    assert (world.environment.address, world.environment.next_address) == (before, THIEF)
    assert leads_to(world.person, world.environment) == "bomen.voorbeeld.nl"
    page = shown(signed_in(world.person), "/")
    assert "Krijgt een ander adres" in page
    assert "bomen.dief.nl, uiterlijk op" in page


def test_mail_about_it_has_no_link_to_the_new_address(world: World) -> None:
    asked(world)
    (mine,) = [message for message in mails() if message.to == [world.other.email] and "Nieuw adres" in message.subject]
    assert "bomen. dief. nl" in mine.body
    assert "bomen.dief.nl" not in mine.body + str(mine.alternatives[0].content)
    assert f"/beheer/omgevingen/{world.environment.pk}/adres/" in mine.body


def test_who_asked_for_it_is_not_the_second_administrator(world: World) -> None:
    client = asked(world)
    address = f"/beheer/omgevingen/{world.environment.pk}/adres/"
    assert "Nieuw adres goedkeuren" not in shown(client, address)
    page = shown(client, f"{address}goedkeuren/", {"address": THIEF})
    assert "Je hebt zelf om dit adres gevraagd." in page
    world.environment.refresh_from_db()
    assert world.environment.next_address == THIEF


def test_second_administrator_approves_what_the_page_showed_and_nothing_else(world: World) -> None:
    boss = asked(world, "https://anders.voorbeeld.nl/")
    other = UserFactory(superuser=True, with_totp=True)
    client, address = signed_in(other), f"/beheer/omgevingen/{world.environment.pk}/adres/"
    assert "https://anders.voorbeeld.nl/" in shown(client, address)
    asked(world, client=boss)  # while that page is open
    assert "is dit veranderd" in shown(client, f"{address}goedkeuren/", {"address": "https://anders.voorbeeld.nl/"})
    assert "is dit veranderd" in shown(client, f"{address}goedkeuren/", {})
    assert "Het nieuwe adres is ingegaan" in shown(client, f"{address}goedkeuren/", {"address": THIEF})
    entry = AuditEntry.objects.get(event="environment_address_changed")
    assert (entry.actor, entry.organisation) == (other, world.organisation)
    assert (entry.detail["before"], entry.detail["after"]) == ("https://bomen.voorbeeld.nl/", THIEF)
    assert "Er wacht geen nieuw adres" in shown(client, address)
    # And whoever opens it is told of the other host first.
    assert "bomen.dief.nl" in shown(signed_in(world.person), "/omgevingen/bomen/")


def test_any_administrator_cancels_it(world: World) -> None:
    asked(world)
    client = signed_in(UserFactory(superuser=True, with_totp=True))
    address = f"/beheer/omgevingen/{world.environment.pk}/adres/annuleren/"
    assert "Het nieuwe adres is geannuleerd" in shown(client, address, {"address": THIEF})
    with time_machine.travel(timezone.now() + 2 * DAY, tick=True):
        assert leads_to(world.person, world.environment) == "bomen.voorbeeld.nl"
    assert AuditEntry.objects.filter(event="environment_address_cancelled").count() == 1


@pytest.mark.parametrize("by", ["opening", "purge"])
def test_it_takes_effect_by_itself_after_a_day_and_no_sooner(world: World, by: str) -> None:
    asked(world)
    began = world.environment.next_address_at
    for after, host in ((DAY - timedelta(minutes=1), "bomen.voorbeeld.nl"), (DAY, "bomen.dief.nl")):
        with time_machine.travel(began + after, tick=False):
            if by == "purge":
                new_address.purge()
                assert Environment.objects.get(pk=world.environment.pk).host == host
            else:
                assert leads_to(world.person, world.environment) == host
    entry = AuditEntry.objects.get(event="environment_address_changed")
    assert (entry.actor, entry.address, entry.browser) == (world.boss, None, "")  # not whoever opened it


def test_asking_for_another_one_begins_the_day_anew(world: World) -> None:
    asked(world, "https://anders.voorbeeld.nl/")
    began = world.environment.next_address_at
    with time_machine.travel(began + DAY - timedelta(minutes=5), tick=True):
        asked(world)
    with time_machine.travel(began + DAY, tick=True):
        assert leads_to(world.person, world.environment) == "bomen.voorbeeld.nl"


@pytest.mark.parametrize("lost", ["is_active", "is_superuser"])
def test_who_lost_the_right_meanwhile_leads_nobody_anywhere(world: World, lost: str) -> None:
    asked(world)
    User.objects.filter(pk=world.boss.pk).update(**{lost: False})
    client = signed_in(UserFactory(superuser=True, with_totp=True))
    page = shown(client, f"/beheer/omgevingen/{world.environment.pk}/adres/")
    assert "Het gaat pas in als een tweede beheerder het goedkeurt." in page
    assert "gaat vanzelf in" not in page
    with time_machine.travel(timezone.now() + 2 * DAY, tick=True):
        call_command("purge", verbosity=0)
        assert leads_to(world.person, world.environment) == "bomen.voorbeeld.nl"
        assert "bomen.dief.nl, zodra een tweede beheerder het goedkeurt." in shown(signed_in(world.person), "/")
        second = UserFactory(superuser=True)
        assert new_address.approve(world.environment.pk, THIEF, actor=second, origin=HERE) is Outcome.DONE


def test_address_of_what_nobody_opens_yet_is_mended_at_once(world: World) -> None:
    world.unopened.address = "https://wegen.anders.nl/"
    assert not changes.change(world.unopened, actor=world.boss, origin=CONSOLE)
    world.unopened.refresh_from_db()
    assert (world.unopened.host, world.unopened.next_address) == ("wegen.anders.nl", "")
    assert AuditEntry.objects.get(event="environment_changed").detail["address"].endswith("→ https://wegen.anders.nl/")


def test_other_fields_are_stored_while_the_address_waits(world: World) -> None:
    values = environment_values(world, address=THIEF, name="Bomen en perken")
    signed_in(world.boss).post(page_of(world.environment), values)
    world.environment.refresh_from_db()
    assert (world.environment.name, world.environment.host) == ("Bomen en perken", "bomen.voorbeeld.nl")
    assert world.environment.next_address == THIEF


def test_administrator_of_another_organisation_does_not_see_what_waits(world: World) -> None:
    asked(world)
    address = f"/beheer/omgevingen/{world.environment.pk}/adres/"
    client = administrator_of(world.empty)
    assert client.get(address).status_code in (403, 404)
    assert client.post(f"{address}goedkeuren/", {"address": THIEF}).status_code in (403, 404)


def test_of_those_who_approve_and_cancel_at_once_one_wins(world: World) -> None:
    asked(world)
    pk = world.environment.pk
    by = [UserFactory(superuser=True) for _ in range(6)]
    doing = [new_address.approve, new_address.cancel]
    tasks = [
        lambda number=number, actor=actor: doing[number % 2](pk, THIEF, actor=actor, origin=HERE)
        for number, actor in enumerate(by)
    ]
    assert at_once(tasks).count(Outcome.DONE) == 1
    events = ("environment_address_changed", "environment_address_cancelled")
    assert AuditEntry.objects.filter(event__in=events).count() == 1


def test_of_those_who_open_it_when_it_is_due_one_records_it(world: World) -> None:
    asked(world)
    Environment.objects.update(next_address_at=timezone.now() - 2 * DAY)
    pk = world.environment.pk
    at_once([lambda: new_address.take_effect_if_due(pk)] * 6)
    assert Environment.objects.get(pk=pk).address == THIEF
    assert AuditEntry.objects.filter(event="environment_address_changed").count() == 1


@pytest.mark.parametrize("moved", ["environment", "asker"])
def test_new_address_asked_by_who_no_longer_works_for_it_takes_no_effect_by_itself(world: World, moved: str) -> None:
    asker = UserFactory(staff=True, with_totp=True, organisation=world.organisation)
    asker.user_permissions.add(Permission.objects.get(codename="change_environment"))
    environment = Environment.objects.get(pk=world.environment.pk)
    environment.address = THIEF
    assert changes.change(environment, actor=asker, origin=HERE)
    elsewhere = OrganisationFactory()
    if moved == "environment":
        Environment.objects.filter(pk=environment.pk).update(organisation=elsewhere)
    else:
        people.move(asker, elsewhere, actor=world.boss, origin=HERE)
    with time_machine.travel(timezone.now() + DAY + timedelta(minutes=1), tick=True):
        assert leads_to(world.person, environment) == "bomen.voorbeeld.nl"
