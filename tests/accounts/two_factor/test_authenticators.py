"""Existing authenticator apps: only their owner renames or removes one."""

from __future__ import annotations

import pytest

from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.two_factor.authenticators import flows
from accounts.two_factor.models import Authenticator
from tests.factories import AuthenticatorFactory, UserFactory
from tests.pages import signed_in

pytestmark = pytest.mark.django_db

HERE = Origin("192.0.2.7", "Testbrowser")
BASE = "/persoonlijke-gegevens/twee-staps-authenticatie"


@pytest.fixture
def owner() -> User:
    return UserFactory(with_totp=True)


@pytest.fixture
def other() -> User:
    """Somebody with two apps, who may therefore remove one of their own."""
    person = UserFactory(with_totp=True)
    AuthenticatorFactory(user=person, name="Tweede")
    return person


# ASVS 8.2.2
@pytest.mark.parametrize(("page", "values"), [("naam", {"name": "Van mij"}), ("verwijderen", {})])
def test_somebody_else_finds_no_page_of_an_app_and_changes_nothing(
    owner: User, other: User, page: str, values: dict[str, str]
) -> None:
    device = Authenticator.objects.get(user=owner)
    client, address = signed_in(other), f"{BASE}/{device.pk}/{page}/"
    assert [client.get(address).status_code, client.post(address, values).status_code] == [404, 404]
    assert Authenticator.objects.get(user=owner).name == device.name
    assert not AuditEntry.objects.filter(event__in=["authenticator_renamed", "authenticator_removed"]).exists()


# ASVS 8.2.2
@pytest.mark.parametrize(
    "act",
    [lambda *what: flows.rename(*what, "Van mij", HERE), lambda *what: flows.remove(*what, HERE)],
    ids=["rename", "remove"],
)
def test_flow_given_an_app_of_somebody_else_leaves_it_alone(owner: User, other: User, act: object) -> None:
    device = Authenticator.objects.get(user=owner)
    act(other, device)
    assert Authenticator.objects.get(user=owner).name == device.name
    assert not AuditEntry.objects.filter(event__in=["authenticator_renamed", "authenticator_removed"]).exists()


def test_app_removed_in_two_tabs_is_recorded_once(other: User) -> None:
    AuthenticatorFactory(user=other, name="Derde")
    device = Authenticator.objects.get(user=other, name="Tweede")  # each tab read it before the other's removal
    assert [flows.remove(other, device, HERE) for _tab in range(2)] == [True, True]
    assert Authenticator.objects.filter(user=other).count() == 2
    assert AuditEntry.objects.filter(event="authenticator_removed").count() == 1
