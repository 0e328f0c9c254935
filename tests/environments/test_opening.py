"""Opening an environment: the notice before another domain, maintenance, and what is remembered."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.support import group
from environments import flows
from environments.flows import Outcome
from environments.models import Access, Environment
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import at_once, shown, signed_in, text

pytestmark = pytest.mark.django_db

ADDRESS = "https://bomen.voorbeeld.nl/kaart?a=1"
OPEN = "/omgevingen/bomen/"
GO_ON = "/omgevingen/bomen/verder/"


@pytest.fixture
def person() -> User:
    return UserFactory()


@pytest.fixture
def client(person: User) -> Client:
    return signed_in(person)


def bomen(person: User, **facts: object) -> Environment:
    return EnvironmentFactory(people=[person], slug="bomen", **{"name": "Bomen", "address": ADDRESS} | facts)


def opened() -> list[dict[str, str]]:
    return [entry.detail for entry in AuditEntry.objects.filter(event="environment_opened")]


def test_opening_leads_to_the_address_and_is_recorded(person: User, client: Client) -> None:
    bomen(person, people__told=True)
    answer = client.get(OPEN)
    assert (answer.status_code, answer.url) == (302, ADDRESS)
    assert AuditEntry.objects.get(event="environment_opened").subject == person
    assert opened() == [{"environment": "bomen"}]
    assert Access.objects.get().opened_at is not None


# ASVS 3.7.3
def test_first_time_the_person_is_told_which_domain_it_is_and_may_go_back(person: User, client: Client) -> None:
    bomen(person)
    page = shown(client, OPEN)
    assert "Je verlaat Mijn Assetmaps" in page
    assert '<code translate="no">bomen.voorbeeld.nl</code>' in page
    assert '<a class="button button--second" href="/">Terug</a>' in page
    assert opened() == []
    assert Access.objects.get().opened_at is None
    answer = client.post(GO_ON, {"host": "bomen.voorbeeld.nl"})
    assert answer.status_code == 200  # over the page in between: a form may not lead away
    assert f'href="{ADDRESS}"' in text(answer)
    assert opened() == [{"environment": "bomen"}]
    assert client.get(OPEN).url == ADDRESS


# ASVS 3.7.3
def test_another_host_is_told_anew(person: User, client: Client) -> None:
    bomen(person, people__told=True)
    Environment.objects.update(address="https://bomen.voorbeeld.nl/elders")
    assert client.get(OPEN).url == "https://bomen.voorbeeld.nl/elders"
    Environment.objects.update(address="https://elders.voorbeeld.nl/")
    assert '<code translate="no">elders.voorbeeld.nl</code>' in shown(client, OPEN)


@pytest.mark.parametrize("host", ["bomen.voorbeeld.nl", "", "x" * 300, "\x00"])
def test_agreeing_to_another_host_than_it_is_now_opens_nothing(person: User, client: Client, host: str) -> None:
    bomen(person, address="https://elders.voorbeeld.nl/")
    page = shown(client, GO_ON, {"host": host})
    assert OPEN in page  # the page in between leads back to the notice
    assert "https://elders.voorbeeld.nl/" not in page
    assert opened() == []
    assert Access.objects.get().known_host == ""


# ASVS 3.7.3
def test_each_person_is_told_each_host_once(person: User, client: Client) -> None:
    other = UserFactory()
    EnvironmentFactory(slug="bomen", address=ADDRESS, people=[person, other])
    EnvironmentFactory(slug="water", address="https://bomen.voorbeeld.nl/water", people=[person])
    client.post(GO_ON, {"host": "bomen.voorbeeld.nl"})
    assert client.get(OPEN).status_code == client.get("/omgevingen/water/").status_code == 302
    assert signed_in(other).get(OPEN).status_code == 200
    Environment.objects.filter(slug="water").update(address="https://water.elders.nl/")
    assert "water.elders.nl" in shown(client, "/omgevingen/water/")


# ASVS 3.7.3
def test_one_notice_names_all_hosts_of_the_organisation_and_none_of_another(person: User, client: Client) -> None:
    organisation = bomen(person).organisation
    EnvironmentFactory(slug="water", address="https://water.voorbeeld.nl/", organisation=organisation, people=[person])
    EnvironmentFactory(slug="wegen", address="https://wegen.voorbeeld.nl/", people=[person])
    EnvironmentFactory(slug="dijk", address="https://dijk.voorbeeld.nl/", organisation=organisation)
    page = text(client.get(OPEN))
    named = re.findall(r'name="host" value="([^"]+)"', page)
    assert (
        named
        == re.findall(r'<code translate="no">([^<]+)</code>', page)
        == ["bomen.voorbeeld.nl", "water.voorbeeld.nl"]
    )
    client.post(GO_ON, {"host": [*named, "wegen.voorbeeld.nl"]})
    assert client.get("/omgevingen/water/").status_code == 302
    assert client.get("/omgevingen/wegen/").status_code == 200


def test_notice_names_no_more_hosts_than_can_be_read(person: User, client: Client) -> None:
    organisation = bomen(person).organisation
    for number in range(limits.HOSTS_AT_ONCE + 3):
        EnvironmentFactory(address=f"https://a{number}.voorbeeld.nl/", organisation=organisation, people=[person])
    assert text(client.get(OPEN)).count('name="host"') == limits.HOSTS_AT_ONCE


@pytest.mark.parametrize(
    ("address", "asks"),
    [
        (f"{settings.PUBLIC_URL}/kaart", False),
        ("https://kaart.mijn.assetmaps.nl/", False),
        ("https://kaart.assetmaps.nl/", True),
        ("https://xmijn.assetmaps.nl/", True),
        ("https://mijn.assetmaps.nl.elders.nl/", True),
    ],
)
def test_hosts_below_the_portals_own_need_no_notice_and_all_others_do(
    person: User, client: Client, address: str, asks: bool
) -> None:
    bomen(person, address=address)
    assert client.get(OPEN).status_code == (200 if asks else 302)


def test_going_on_takes_a_post_and_ones_own_environment(person: User, client: Client) -> None:
    bomen(person)
    EnvironmentFactory(slug="van-een-ander", people=[UserFactory()])
    assert client.get(GO_ON).status_code == 405
    theirs = client.post("/omgevingen/van-een-ander/verder/", {"host": "van-een-ander.voorbeeld.nl"})
    assert theirs.status_code == client.post("/omgevingen/geen/verder/", {"host": "x"}).status_code == 404
    assert opened() == []


def test_opening_is_a_link_and_nothing_else(person: User, client: Client) -> None:
    bomen(person)
    assert client.post(OPEN).status_code == 405
    assert client.post("/").status_code == 405


def test_closed_environment_shows_its_text_instead_of_an_error(person: User, client: Client) -> None:
    bomen(person, is_closed=True, closed_text="Tot 14 uur <nieuwe kaart>.", people__told=True)
    answer = client.get(OPEN)
    assert answer.status_code == 200
    assert "Dicht voor onderhoud" in text(answer)
    assert b"Tot 14 uur &lt;nieuwe kaart&gt;." in answer.content
    assert "Tot 14 uur <nieuwe kaart>." in shown(client, "/")
    assert opened() == []


def test_closed_without_a_text_says_to_try_later(person: User, client: Client) -> None:
    bomen(person, is_closed=True)
    assert "Probeer het later opnieuw" in shown(client, OPEN)


def test_nobody_gets_round_maintenance_by_going_on(person: User, client: Client) -> None:
    bomen(person, is_closed=True)
    assert ADDRESS not in shown(client, GO_ON, {"host": "bomen.voorbeeld.nl"})
    assert opened() == []
    assert Access.objects.get().known_host == ""


def test_who_finds_all_closed_is_told_at_once(person: User, client: Client) -> None:
    told = "Al je omgevingen zijn nu dicht voor onderhoud"
    bomen(person, is_closed=True)
    assert told in shown(client, "/")
    EnvironmentFactory(people=[person])
    assert told not in shown(client, "/")


def administrator(organisation: object, name: str = group.ORGANISATION_ADMINISTRATORS) -> User:
    group.ensure_groups()
    worker = UserFactory(staff=True, organisation=organisation, with_totp=True)
    worker.groups.add(group.Group.objects.get(name=name))
    return worker


def test_administrators_of_the_organisation_open_it_during_maintenance() -> None:
    organisation = OrganisationFactory()
    worker = administrator(organisation)
    bomen(worker, organisation=organisation, is_closed=True, people__told=True)
    assert signed_in(worker).get(OPEN).url == ADDRESS


@pytest.mark.parametrize("who", ["of another organisation", "of support", "without rights", "no longer staff", "gone"])
def test_nobody_else_opens_it_during_maintenance(who: str) -> None:
    organisation = OrganisationFactory()
    worker = administrator(
        OrganisationFactory() if who == "of another organisation" else organisation,
        group.SUPPORT if who == "of support" else group.ORGANISATION_ADMINISTRATORS,
    )
    if who == "without rights":
        worker.groups.clear()
    environment = bomen(worker, organisation=organisation, is_closed=True, people__told=True)
    assert flows.administers(worker, environment) is (who in ("no longer staff", "gone"))
    User.objects.filter(pk=worker.pk).update(is_staff=who != "no longer staff", is_active=who != "gone")
    assert not flows.administers(User.objects.get(pk=worker.pk), environment)


def test_manager_in_the_environment_is_a_role_and_no_right(person: User, client: Client) -> None:
    bomen(person, is_closed=True, people__told=True, people__role="manager")
    assert "Dicht voor onderhoud" in shown(client, OPEN)


def test_administrator_without_access_opens_nothing() -> None:
    organisation = OrganisationFactory()
    EnvironmentFactory(organisation=organisation, slug="bomen", is_closed=True)
    assert signed_in(administrator(organisation)).get(OPEN).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_opening_in_many_tabs_at_once_is_recorded_each_time(person: User) -> None:
    bomen(person)
    agree = [lambda: flows.continue_to(person, "bomen", {"bomen.voorbeeld.nl"}, flows.Origin()) for _ in range(6)]
    assert {found.outcome for found in at_once(agree)} == {Outcome.OPENED}
    assert len(opened()) == 6
    assert Access.objects.get().known_host == "bomen.voorbeeld.nl"
