"""A stolen copy of a session that leaves a POST there must not get it carried out by the owner's fresh proof."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from accounts.audit.models import AuditEntry
from tests.conftest import outlive_proof
from tests.factories import PASSWORD, UserFactory
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
