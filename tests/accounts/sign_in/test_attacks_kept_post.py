"""A POST kept by a stolen copy of a session must not be carried out by the owner's fresh proof."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations.models import Organisation
from tests.codes import code_of
from tests.conftest import outlive_proof
from tests.factories import PASSWORD, OrganisationFactory, UserFactory
from tests.pages import browser, session_key, signed_in

pytestmark = pytest.mark.django_db

ADDRESS = "/persoonlijke-gegevens/e-mailadres/"


@pytest.fixture
def owner() -> Client:
    owner = signed_in(UserFactory())
    outlive_proof(owner)
    return owner


def thief_of(owner: Client) -> Client:
    thief = browser()
    thief.cookies[settings.SESSION_COOKIE_NAME] = session_key(owner)
    return thief


def confirm(client: Client, page: str) -> object:
    shown = client.get(page)
    return client.post(page, {"password": PASSWORD, "next": shown.context["next"]})


def asked_for() -> list[str]:
    return [entry.detail["after"] for entry in AuditEntry.objects.filter(event="address_change_asked")]


@pytest.mark.parametrize("planted_first", [True, False])
def test_planted_post_is_not_carried_out_by_the_owners_proof(owner: Client, planted_first: bool) -> None:
    if planted_first:
        thief_of(owner).post(ADDRESS, {"email": "dief@voorbeeld.nl"})
    page = owner.get(ADDRESS).url
    if not planted_first:
        thief_of(owner).post(ADDRESS, {"email": "dief@voorbeeld.nl"})
    assert confirm(owner, page).url == ADDRESS
    assert asked_for() == []


def test_planted_post_does_not_take_the_place_of_the_owners(owner: Client) -> None:
    page = owner.post(ADDRESS, {"email": "eigenaar@voorbeeld.nl"}).url
    thief_of(owner).post(ADDRESS, {"email": "dief@voorbeeld.nl"})
    assert confirm(owner, page).url == ADDRESS
    assert asked_for() == []


def test_own_post_is_carried_out(owner: Client) -> None:
    page = owner.post(ADDRESS, {"email": "eigenaar@voorbeeld.nl"}).url
    confirm(owner, page)
    assert asked_for() == ["eigenaar@voorbeeld.nl"]


def proved_after(client: Client, worker: User, address: str, values: dict[str, object]) -> None:
    """Post with a proof that is too old, and prove it then."""
    outlive_proof(client)
    page = client.post(address, values).url
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=True):  # the next code
        posted = {"password": PASSWORD, "code": code_of(worker), "next": client.get(page).context["next"]}
        assert client.post("/bevestig-identiteit/", posted).status_code == 302


def test_all_of_a_filtered_list_is_after_the_proof_still_that_list() -> None:
    boss = UserFactory(superuser=True, with_totp=True)
    client = signed_in(boss)
    gone, kept = (OrganisationFactory(name=name) for name in ("Weg", "Blijft"))
    values = {"action": "delete_selected", "_selected_action": str(gone.pk), "select_across": "1", "post": "yes"}
    proved_after(client, boss, "/beheer/organisations/organisation/?q=Weg", values)
    assert list(Organisation.objects.all()) == [kept]


def test_person_who_is_added_after_the_proof_belongs_where_the_page_said() -> None:
    boss, organisation = UserFactory(superuser=True, with_totp=True), OrganisationFactory(slug="hier")
    values = {"email": "nieuw@voorbeeld.nl", "first_name": "N", "last_name": "W", "language": "nl"}
    proved_after(signed_in(boss), boss, "/beheer/accounts/user/add/?organisation=hier", values)
    assert User.objects.get(email="nieuw@voorbeeld.nl").membership.organisation == organisation
